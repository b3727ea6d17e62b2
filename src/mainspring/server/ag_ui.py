"""Owns the AG-UI resource: a run answers a message, goes on with tool results, or tells where the talk stands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from mainspring.model.errors import NotFound
from mainspring.model.values import Json
from mainspring.runtime.ports import SessionRecord
from mainspring.runtime.requests import Batch, TriggerRequest
from mainspring.server.conversations import (
    CUT,
    begun,
    continued,
    find_conversation,
    give_results,
    open_conversation,
    replayed,
    seat_for,
    stopping,
)
from mainspring.server.operation import Context
from mainspring.server.request import Request
from mainspring.server.seats import Seat
from mainspring.server.sessions import shown_rows
from mainspring.server.sse import EventStream
from mainspring.wires.ag_ui import AgUiWriter, farewell
from mainspring.wires.ag_ui_messages import ag_ui_messages
from mainspring.wires.ag_ui_requests import ParsedAnswers, ParsedAsk, ParsedReturn, ParsedRun, parse_run
from mainspring.wires.ag_ui_runs import Recall, Run
from mainspring.wires.turns import Turn
from mainspring.wires.user_turns import turn_input

FAREWELL: Final = farewell(CUT)


async def run_agent(context: Context, request: Request) -> EventStream:
    """One run of an agent. A reader that leaves it stops the turn: this wire has no way back into a stream."""
    parsed = parse_run(await request.body())
    if isinstance(parsed, ParsedReturn) or await _is_late(context, request, parsed):
        return await _return(context, request, parsed)
    if isinstance(parsed, ParsedAnswers):
        seat = seat_for(context, request, goes_on=True)
        turn = await _answer(context, request, parsed)
    else:
        seat = seat_for(context, request)
        turn = await _ask(context, request, parsed)
    return _stream(context, request, turn, run=_run(parsed), seat=seat)


def _run(parsed: ParsedRun, history: tuple[dict[str, Json], ...] | None = None) -> Run:
    return Run(
        thread_id=parsed.thread_id,
        run_id=parsed.run_id,
        parent_run_id=parsed.parent_run_id,
        history=history,
    )


def _stream(context: Context, request: Request, turn: Turn, *, run: Run, seat: Seat) -> EventStream:
    return EventStream(
        writer=AgUiWriter(turn, run),
        batches=context.services.sessions.follow(turn.session_id, turn.begin),
        seat=seat,
        farewell=FAREWELL,
        left=stopping(context, request, turn),
    )


async def _ask(context: Context, request: Request, parsed: ParsedAsk) -> Turn:
    sessions = context.services.sessions
    agent = request.param("id")
    record = await open_conversation(context, request, agent, name=parsed.thread_id, given=parsed.input)
    program = await sessions.program(record)
    given = turn_input(program, parsed.trigger, text=parsed.text, files=parsed.files, given=parsed.inputs)
    trigger = TriggerRequest(
        trigger=parsed.trigger,
        input=given,
        tool_schemas=parsed.tools,
        key=f"message:{parsed.message_id}",
    )
    return begun(await sessions.trigger(request.project, record.id, trigger))


async def _is_late(context: Context, request: Request, parsed: ParsedAsk | ParsedAnswers) -> bool:
    """Whether a run lets go of interrupts that are closed already: their time was over, or others answered."""
    if isinstance(parsed, ParsedAsk) or not parsed.cancels:
        return False
    record = await _thread(context, request, parsed)
    execution = (await context.services.sessions.state(request.project, record.id)).execution
    calls = () if execution is None else execution.calls.values()
    waiting = {call.approval.id for call in calls if call.approval is not None}
    return not any(answer.approval_id in waiting for answer in parsed.approvals)


async def _thread(context: Context, request: Request, parsed: ParsedAnswers) -> SessionRecord:
    record = await find_conversation(context, request, request.param("id"), parsed.thread_id)
    if record is None:
        raise NotFound(f"There is no thread {parsed.thread_id!r} with this agent.", code="THREAD_NOT_FOUND")
    return record


async def _answer(context: Context, request: Request, parsed: ParsedAnswers) -> Turn:
    record = await _thread(context, request, parsed)
    leg = await give_results(context, request, record.id, parsed.results, parsed.approvals)
    return await continued(context, leg)


async def _return(context: Context, request: Request, parsed: ParsedRun) -> EventStream:
    """The messages so far; if a turn runs, those before it, and then the turn."""
    record = await find_conversation(context, request, request.param("id"), parsed.thread_id)
    seat = seat_for(context, request)
    if record is None:
        return EventStream(writer=Recall(_run(parsed, ()), ""), batches=_none(), seat=seat)
    rows = await shown_rows(context, record)
    state = await context.services.sessions.state(request.project, record.id)
    if state.execution is None or record.active_execution is None:
        recall = Recall(_run(parsed, ag_ui_messages(rows)), record.id)
        return EventStream(writer=recall, batches=_none(), seat=seat)
    turn = await replayed(context, state, state.execution)
    before = ag_ui_messages(row for row in rows if row.last <= turn.begin)
    stream = _stream(context, request, turn, run=_run(parsed, before), seat=seat)
    return EventStream(writer=stream.writer, batches=stream.batches, seat=seat, farewell=FAREWELL)


async def _none() -> AsyncIterator[Batch]:
    batches: tuple[Batch, ...] = ()
    for batch in batches:
        yield batch
