"""Owns evolve and fold: what a session's state is after an event; the only place where state changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from mainspring.engine.evolve_context import CONTEXT_EVOLVERS, cut_thread
from mainspring.engine.evolve_execution import EXECUTION_EVOLVERS
from mainspring.engine.lenses import put_scope, put_thread
from mainspring.model.events import Event
from mainspring.model.facts import (
    MessageAdded,
    RolledBack,
    ServerActivated,
    SessionCreated,
    SessionExpired,
    SessionRestored,
    ThreadStarted,
    VariableSet,
    VersionChanged,
)
from mainspring.model.messages import Message
from mainspring.model.session import Scope, State, Thread
from mainspring.model.stream_events import ResourceUpdate, TodoUpdate

MAIN_THREAD = "main"


def _created(event: SessionCreated) -> State:
    root = MAIN_THREAD if event.format == "interactive" else event.session_id
    return State(
        session_id=event.session_id,
        project_id=event.project_id,
        agent_id=event.agent_id,
        version=event.version,
        format=event.format,
        root=root,
        resources=event.resources,
        scopes={root: Scope(input=event.input, variables=event.variables)},
        created_at=event.at,
        updated_at=event.at,
    )


def _restored(state: State, event: SessionRestored) -> State:
    threads = {MAIN_THREAD: Thread(name=MAIN_THREAD, messages=event.messages)} if event.messages else {}
    last = str(event.ui_messages[-1]["id"]) if event.ui_messages else None
    return replace(
        state,
        version=event.version,
        status="active",
        resources=event.resources,
        scopes={state.root: Scope(input=event.input, variables=event.variables, threads=threads)},
        last_message_id=last,
        updated_at=event.at,
    )


def _expired(state: State, event: SessionExpired) -> State:
    return replace(
        state,
        status="expired",
        resources={},
        scopes={state.root: Scope()},
        execution=None,
        last_message_id=None,
        settled_digests={},
        updated_at=event.at,
    )


def kept_messages(messages: tuple[Message, ...], after: str | None) -> tuple[Message, ...] | None:
    """What a rollback keeps: up to and including message `after` (None: nothing); None if it is not there.

    A message that calls tools keeps their results: no model takes the one without the other.
    """
    if after is None:
        return ()
    for position in range(len(messages) - 1, -1, -1):
        message = messages[position]
        if after in (message.id, message.turn_id):
            results = messages[position + 1 : position + 2]
            paired = bool(results) and results[0].role == "tool"
            return messages[: position + 1 + paired]
    return None


def _rolled_back(state: State, event: RolledBack) -> State:
    thread = state.scopes[state.root].threads.get(MAIN_THREAD, Thread(name=MAIN_THREAD))
    kept = kept_messages(thread.messages, event.after_message_id) or ()
    state = put_thread(state, state.root, cut_thread(thread, kept))
    return replace(state, last_message_id=event.after_message_id)


def _version_changed(state: State, event: VersionChanged) -> State:
    return replace(state, version=event.version)


def _thread_started(state: State, event: ThreadStarted) -> State:
    scope = state.scopes[event.frame]
    before = scope.threads.get(event.thread)
    thread = Thread(
        name=event.thread,
        system=event.system,
        settings=event.settings,
    )
    if event.keep and before is not None:
        thread = replace(before, system=event.system, settings=event.settings)
    return put_thread(state, event.frame, thread)


def _message_added(state: State, event: MessageAdded) -> State:
    scope = state.scopes[event.frame]
    thread = scope.threads.get(event.thread) or Thread(name=event.thread)
    state = put_thread(state, event.frame, replace(thread, messages=(*thread.messages, event.message)))
    if event.frame == state.root and event.thread == MAIN_THREAD:
        return replace(state, last_message_id=event.message.turn_id or event.message.id)
    return state


def _variable_set(state: State, event: VariableSet) -> State:
    scope = state.scopes[event.frame]
    return put_scope(
        state, event.frame, replace(scope, variables={**scope.variables, event.name: event.value})
    )


def _resource_update(state: State, event: ResourceUpdate) -> State:
    return replace(state, resources={**state.resources, event.name: event.value})


def _todo_update(state: State, event: TodoUpdate) -> State:
    frame = event.worker_id or state.root
    return put_scope(state, frame, replace(state.scopes[frame], todos=event.todos))


def _server_activated(state: State, event: ServerActivated) -> State:
    scope = state.scopes[event.frame]
    servers = tuple(dict.fromkeys((*scope.servers, event.server)))
    return put_scope(state, event.frame, replace(scope, servers=servers))


_EVOLVERS: dict[type, Callable[[State, Any], State]] = {
    SessionRestored: _restored,
    SessionExpired: _expired,
    RolledBack: _rolled_back,
    VersionChanged: _version_changed,
    ThreadStarted: _thread_started,
    MessageAdded: _message_added,
    VariableSet: _variable_set,
    ResourceUpdate: _resource_update,
    TodoUpdate: _todo_update,
    ServerActivated: _server_activated,
    **EXECUTION_EVOLVERS,
    **CONTEXT_EVOLVERS,
}


def evolve(state: State | None, event: Event) -> State:
    """The state after an event. The first event of a journal is `session-created`; streamed events change nothing."""
    if state is None:
        if not isinstance(event, SessionCreated):
            raise ValueError(f"a journal begins with session-created, not {type(event).__name__}")
        return _created(event)
    evolver = _EVOLVERS.get(type(event))
    return state if evolver is None else evolver(state, event)


def fold(events: Iterable[Event], state: State | None = None) -> State | None:
    """The state after all of them, from `state` (a snapshot) or from the beginning."""
    for event in events:
        state = evolve(state, event)
    return state
