"""Owns conversations that a client names itself: finding their session, the turn that runs, where its events begin."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from mainspring.model.errors import Failure, InvalidRequest, NotFound
from mainspring.model.messages import Message
from mainspring.model.rows import FACT
from mainspring.model.session import Execution, State
from mainspring.model.signals import ApprovalAnswer, ToolResult
from mainspring.model.stream_events import Start
from mainspring.model.values import Json
from mainspring.runtime.ports import SessionRecord
from mainspring.runtime.requests import ContinueRequest, Leg
from mainspring.server.operation import Context
from mainspring.server.request import Request
from mainspring.server.seats import Seat
from mainspring.wires.native_events import tag_of
from mainspring.wires.turns import Turn

LOG: Final = logging.getLogger(__name__)

CUT: Final = Failure(
    error_type="internal_error",
    message="The server had to end this stream before the answer was complete",
    retryable=True,
    source="platform",
    code="STREAM_ENDED",
)
"""What a reader is told whose stream ends before the turn does."""

LONGEST_NAME: Final = 256
_SESSION: Final = "ses_"
_LOOKED_AT: Final = 256
_start: Final = msgspec.json.Decoder(Start)


async def find_conversation(
    context: Context, request: Request, agent: str, name: str
) -> SessionRecord | None:
    """The session of a conversation with an agent (by id or slug); None if nothing was said in it yet.

    `name` is any name the client has for it, the same on every wire, or the id of a session.
    """
    services = context.services
    found = await services.agents.get(request.project, agent)
    if name.startswith(_SESSION):
        named = await services.sessions.record(request.project, name)
        if named.agent_id != found.id:
            raise NotFound(f"There is no session {name!r} with this agent.", code="SESSION_NOT_FOUND")
        return named
    record = await services.store.record_by_key(request.project, _key(found.id, name))
    return None if record is None else await services.sessions.record(request.project, record.id)


async def open_conversation(
    context: Context, request: Request, agent: str, *, name: str, given: dict[str, Json]
) -> SessionRecord:
    """As `find_conversation`; one in which nothing was said yet begins, with the session input `given`."""
    if len(name) > LONGEST_NAME:
        raise InvalidRequest(f"The name of a conversation has at most {LONGEST_NAME} characters")
    record = await find_conversation(context, request, agent, name)
    if record is not None:
        return record
    found = await context.services.agents.get(request.project, agent)
    return await context.services.sessions.create(
        request.project, found.id, given, start_key=_key(found.id, name)
    )


def _key(agent_id: str, name: str) -> str:
    return f"conversation:{agent_id}:{name}"


def seat_for(context: Context, request: Request, *, goes_on: bool = False) -> Seat:
    """The right to stream the answer; `goes_on`: of a turn that waits. The resource gives it back."""
    seat = request.seat = context.seats.reserve(request.principal.key_id, request.secret, goes_on=goes_on)
    return seat


def newest_known(state: State, turns: tuple[str, ...]) -> str | None:
    """The last message of the first of these turns that the main thread knows; a rollback goes there.

    A turn is named by its assistant message. One that failed may have left the user's message alone: what a turn adds
    has ids that begin with that of the turn.
    """
    thread = state.scopes[state.root].threads.get("main")
    messages: tuple[Message, ...] = () if thread is None else thread.messages
    for turn in turns:
        for message in reversed(messages):
            if turn in (message.id, message.turn_id) or message.id.startswith(f"{turn}_"):
                return message.id
    return None


async def give_results(
    context: Context,
    request: Request,
    session_id: str,
    results: tuple[ToolResult, ...],
    approvals: tuple[ApprovalAnswer, ...] = (),
) -> Leg:
    """Results and approvals for the turn that waits. A client repeats all it ever gave: of other turns nothing is new.

    Where there is something new, an approval that is answered already is left out: another answer to it came first. So
    are results of calls that are settled: clients also repeat what the server itself had answered.
    """
    sessions = context.services.sessions
    state = await sessions.state(request.project, session_id)
    execution = state.execution
    calls = {} if execution is None else execution.calls
    known = {call.id for call in calls.values() if call.worker is None} | state.settled_digests.keys()
    waiting = {call.approval.id for call in calls.values() if call.approval is not None}
    answers = tuple(answer for answer in approvals if answer.approval_id in waiting)
    given = tuple(result for result in results if result.tool_call_id in known)
    unsettled = {call.id for call in calls.values() if call.worker is None and not call.settled}
    given = tuple(result for result in given if result.tool_call_id in unsettled) or given
    if not answers and not any(result.tool_call_id in calls for result in given):
        answers = tuple(answer for answer in approvals if answer.approval_id in known)
    execution_id = state.last_execution_id if execution is None else execution.id
    return await sessions.resume_with(
        request.project,
        session_id,
        ContinueRequest(execution_id=execution_id or "", results=given, approvals=answers),
    )


async def continued(context: Context, leg: Leg) -> Turn:
    """What to read for a leg that goes on with a turn."""
    begin, message_id = await _beginning(context, leg.session_id, leg.execution_id)
    return Turn(
        session_id=leg.session_id,
        execution_id=leg.execution_id,
        begin=begin,
        after=leg.after,
        message_id=message_id,
    )


def _settled(state: State, execution: Execution) -> frozenset[str]:
    """What had an answer already: calls, and approval requests."""
    calls = (call.id for call in execution.calls.values() if call.settled)
    return frozenset((*calls, *(key for key in state.settled_digests if key.startswith("apr_"))))


async def replayed(context: Context, state: State, execution: Execution) -> Turn:
    """What to read for the open turn once more, from its beginning."""
    begin, message_id = await _beginning(context, state.session_id, execution.id)
    return Turn(
        session_id=state.session_id,
        execution_id=execution.id,
        begin=begin,
        after=begin,
        message_id=message_id,
        settled=_settled(state, execution),
    )


def begun(leg: Leg) -> Turn:
    """What to read for a leg that begins a turn."""
    return Turn(session_id=leg.session_id, execution_id=leg.execution_id, begin=leg.after, after=leg.after)


async def _beginning(context: Context, session_id: str, execution_id: str) -> tuple[int, str]:
    """The cursor before an execution's `start`, and its message id; looked for from the end, in growing steps."""
    store = context.services.store
    record = await store.record(session_id)
    end = 0 if record is None else record.cursor
    step = _LOOKED_AT
    while end > 0:
        after = max(0, end - step)
        for row in reversed(await store.read(session_id, after, step)):
            if row.kind == FACT and tag_of(row.data) == b"start":
                event = _start.decode(row.data)
                if event.execution_id == execution_id:
                    return row.first - 1, event.message_id
        end, step = after, step * 2
    raise NotFound(f"There is no execution {execution_id!r} in this session")


def stopping(context: Context, request: Request, turn: Turn) -> Callable[[], Awaitable[None]]:
    """What stops a turn whose reader left, if the operator wants that."""

    async def stop() -> None:
        if not context.options.stop_on_disconnect:
            return
        sessions = context.services.sessions
        try:
            await sessions.stop(request.project, turn.session_id, execution_id=turn.execution_id)
        except Exception:
            LOG.exception("An execution whose reader left was not stopped; request %s", request.id)

    return stop
