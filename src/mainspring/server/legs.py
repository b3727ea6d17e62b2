"""Owns answering with an execution: a trigger, tool results, a worker; each answer is one leg of the native wire."""

from __future__ import annotations

import logging
from typing import Final

from mainspring.model.errors import Failure
from mainspring.model.events import failure_event
from mainspring.runtime.requests import ContinueRequest, Leg, TriggerRequest
from mainspring.server.operation import Context
from mainspring.server.replies import Headers
from mainspring.server.request import Request
from mainspring.server.seats import Seat
from mainspring.server.sse import EventStream
from mainspring.wires.native import LegWriter
from mainspring.wires.native_events import DONE, frame_event
from mainspring.wires.native_requests import (
    ParsedContinue,
    ParsedTrigger,
    parse_start,
    parse_trigger,
    parse_worker,
)

LOG: Final = logging.getLogger(__name__)

_CUT: Final = Failure(
    error_type="internal_error",
    message="The server had to end this stream before the answer was complete",
    retryable=True,
    source="platform",
    code="STREAM_ENDED",
)


async def trigger_session(context: Context, request: Request) -> EventStream:
    """Triggers the agent, or takes tool results for an execution that waits (`executionId`)."""
    parsed = parse_trigger(await request.body())
    session_id = request.param("id")
    sessions = context.services.sessions
    if isinstance(parsed, ParsedContinue):
        seat = take_seat(context, request, goes_on=True)
        leg = await sessions.resume_with(request.project, session_id, _continue(parsed))
        return answer(context, request, leg, seat=seat)
    seat = take_seat(context, request)
    leg = await sessions.trigger(request.project, session_id, _trigger(parsed))
    return answer(context, request, leg, seat=seat)


async def start_session(context: Context, request: Request) -> EventStream:
    """Creates a session and triggers it at once; the same `idempotencyKey` again is the same session and execution."""
    parsed = parse_start(await request.body())
    seat = take_seat(context, request)
    sessions = context.services.sessions
    record = await sessions.create(request.project, parsed.agent, parsed.input, start_key=parsed.key)
    leg = await sessions.trigger(request.project, record.id, _trigger(parsed.trigger, key=parsed.key))
    return answer(context, request, leg, seat=seat, headers=((b"x-octavus-session-id", record.id.encode()),))


async def execute_worker(context: Context, request: Request) -> EventStream:
    """Runs a worker agent, or takes tool results for a run that waits (`type: continue`)."""
    parsed = parse_worker(await request.body())
    agent = request.param("id")
    sessions = context.services.sessions
    if isinstance(parsed, ParsedContinue):
        seat = take_seat(context, request, goes_on=True)
        leg = await sessions.continue_worker(request.project, agent, _continue(parsed))
        return answer(context, request, leg, seat=seat)
    seat = take_seat(context, request)
    leg = await sessions.run_worker(request.project, agent, parsed.input, tool_schemas=parsed.tool_schemas)
    return answer(context, request, leg, seat=seat)


def take_seat(context: Context, request: Request, *, goes_on: bool = False) -> Seat:
    """Makes sure the answer can stream before anything begins; the resource gives the seat back."""
    seat = request.seat = context.seats.reserve(request.principal.key_id, request.secret, goes_on=goes_on)
    return seat


def answer(context: Context, request: Request, leg: Leg, *, seat: Seat, headers: Headers = ()) -> EventStream:
    """The stream of a leg. A reader that leaves it before its end stops the execution, if the operator wants that."""
    sessions = context.services.sessions

    async def stop() -> None:
        if not context.options.stop_on_disconnect:
            return
        try:
            await sessions.stop(request.project, leg.session_id, execution_id=leg.execution_id)
        except Exception:
            LOG.exception("An execution whose reader left was not stopped; request %s", request.id)

    return EventStream(
        writer=LegWriter(
            execution_id=leg.execution_id,
            session_id=leg.session_id,
            continuation=leg.continuation,
            version=request.version,
            after=leg.after,
            direct=request.query("clientTools") == "direct",
        ),
        batches=sessions.follow(leg.session_id, leg.after),
        seat=seat,
        farewell=FAREWELL,
        headers=headers,
        left=stop,
    )


def _trigger(parsed: ParsedTrigger, *, key: str | None = None) -> TriggerRequest:
    return TriggerRequest(
        trigger=parsed.trigger,
        input=parsed.input,
        sender=parsed.sender,
        rollback=parsed.rollback,
        rollback_after=parsed.rollback_after,
        tool_schemas=parsed.tool_schemas,
        key=key,
    )


def _continue(parsed: ParsedContinue) -> ContinueRequest:
    return ContinueRequest(
        execution_id=parsed.execution_id, results=parsed.results, tool_schemas=parsed.tool_schemas
    )


FAREWELL: Final = frame_event(failure_event(_CUT)) + DONE
