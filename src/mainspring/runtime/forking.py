"""Owns where a session begins that goes on from another: what the other had said and kept by a message of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mainspring.engine.evolve import evolve
from mainspring.model.errors import Conflict, NotFound
from mainspring.model.events import Event, decode_event
from mainspring.model.facts import (
    ExecutionEnded,
    GenerationSettled,
    MessageAdded,
    SessionCreated,
    SessionRestored,
)
from mainspring.model.messages import Message
from mainspring.model.rows import Row
from mainspring.model.session import State
from mainspring.model.stream_events import Start
from mainspring.model.values import Json, Value
from mainspring.wires.restore import Restored
from mainspring.wires.ui_messages import ui_messages

MAIN: Final = "main"
_WHOLE: Final = (SessionCreated, SessionRestored, ExecutionEnded)
"""After these a session is nobody's turn."""
_AT_ONCE: Final = (MessageAdded, SessionRestored)
"""What says a message whole; a turn of the agent is said when it ends."""


class Seed(Value, frozen=True, kw_only=True):
    """What a session begins with. `variables`, `resources`: those of the program that begins, if they are not given."""

    ui_messages: tuple[dict[str, Json], ...]
    messages: tuple[Message, ...]
    variables: dict[str, Json] = {}
    resources: dict[str, Json] = {}

    @classmethod
    def of(cls, restored: Restored) -> Seed:
        """A talk without anything else."""
        return cls(ui_messages=restored.ui_messages, messages=restored.messages)

    def planted(self, state: State, *, at: float) -> SessionRestored:
        """What is recorded in a new session; variables and resources that its program does not know are left out."""
        scope = state.scopes[state.root]
        return SessionRestored(
            version=state.version,
            input=scope.input,
            variables=_known(scope.variables, self.variables),
            resources=_known(state.resources, self.resources),
            ui_messages=self.ui_messages,
            messages=self.messages,
            at=at,
        )


def _known(own: dict[str, Json], given: dict[str, Json]) -> dict[str, Json]:
    return {name: given.get(name, value) for name, value in own.items()}


def seed_of(rows: Sequence[Row], after: str | None) -> Seed:
    """What a session (the facts of its journal) had by message `after`: a user's, or a turn of the agent; None: by now.

    Raises `NotFound` for a message that never was, `Conflict` for one that is still being said.
    """
    state: State | None = None
    whole: tuple[int, State] | None = None
    said = False
    for count, row in enumerate(rows, 1):
        event = decode_event(row.data)
        state = evolve(state, event)
        if isinstance(event, _WHOLE):
            whole = (count, state)
        now = after is not None and after in _said_by(event)
        said = said or now
        if (now and isinstance(event, _AT_ONCE)) or (said and isinstance(event, ExecutionEnded)):
            return _cut(_drawn(rows[:count], state), after)
    if said:
        raise Conflict(f"The message {after!r} is still being said.", code="MESSAGE_OPEN")
    if after is not None or whole is None:
        raise NotFound(f"There is no message {after!r} in this session.", code="MESSAGE_NOT_FOUND")
    return _drawn(rows[: whole[0]], whole[1])


def _said_by(event: Event) -> tuple[str, ...]:
    """The messages that an event says, or begins to say."""
    if isinstance(event, Start):
        return (event.message_id,)
    if isinstance(event, MessageAdded | GenerationSettled):
        return (event.message.id,)
    if isinstance(event, SessionRestored):
        return tuple(message["id"] for message in event.ui_messages)
    return ()


def _drawn(rows: Sequence[Row], state: State) -> Seed:
    scope = state.scopes[state.root]
    thread = scope.threads.get(MAIN)
    return Seed(
        ui_messages=tuple(ui_messages(rows, version=4)),
        messages=() if thread is None else thread.messages,
        variables=scope.variables,
        resources=state.resources,
    )


def _cut(seed: Seed, after: str | None) -> Seed:
    """Without what comes after a message in a talk that was restored whole."""
    ids = [message["id"] for message in seed.ui_messages]
    if after not in ids or ids[-1] == after:
        return seed
    kept = seed.ui_messages[: ids.index(after) + 1]
    known = {message["id"] for message in kept}
    return Seed(
        ui_messages=kept,
        messages=tuple(message for message in seed.messages if message.turn_id in known),
        variables=seed.variables,
        resources=seed.resources,
    )
