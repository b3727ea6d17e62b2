"""Owns answering with an execution: a trigger, tool results, a worker; each answer is one leg of the native wire."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

import msgspec

from mainspring.model.errors import Failure, InvalidRequest
from mainspring.model.events import failure_event
from mainspring.model.rows import FACT, Row
from mainspring.runtime.requests import ContinueRequest, Leg, TriggerRequest
from mainspring.server.operation import Context
from mainspring.server.replies import Headers, Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import ExecutionAccepted
from mainspring.server.seats import Seat
from mainspring.server.sse import EventStream
from mainspring.wires.events import EventsWriter
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

LOOKED_AT: Final = 256
"""How many cursors back the request is looked for that a continuation answers."""
_ASKED: Final = b'{"type":"tool-request"'
_CUT: Final = Failure(
    error_type="internal_error",
    message="The server had to end this stream before the answer was complete",
    retryable=True,
    source="platform",
    code="STREAM_ENDED",
)


async def trigger_session(context: Context, request: Request) -> EventStream | Reply:
    """Triggers the agent, or takes tool results for an execution that waits (`executionId`)."""
    parsed = parse_trigger(await request.body())
    session_id = request.param("id")
    sessions = context.services.sessions
    if isinstance(parsed, ParsedContinue):
        seat = take_seat(context, request, goes_on=True)
        leg = await sessions.resume_with(request.project, session_id, continue_request(parsed))
        return await answer(context, request, leg, seat=seat)
    seat = take_seat(context, request)
    leg = await sessions.trigger(request.project, session_id, trigger_request(parsed))
    return await answer(context, request, leg, seat=seat)


async def start_session(context: Context, request: Request) -> EventStream | Reply:
    """Creates a session and triggers it at once; the same `idempotencyKey` again is the same session and execution."""
    parsed = parse_start(await request.body())
    seat = take_seat(context, request)
    sessions = context.services.sessions
    record = await sessions.create(request.project, parsed.agent, parsed.input, start_key=parsed.key)
    leg = await sessions.trigger(request.project, record.id, trigger_request(parsed.trigger, key=parsed.key))
    return await answer(
        context, request, leg, seat=seat, headers=((b"x-octavus-session-id", record.id.encode()),)
    )


async def execute_worker(context: Context, request: Request) -> EventStream | Reply:
    """Runs a worker agent, or takes tool results for a run that waits (`type: continue`)."""
    parsed = parse_worker(await request.body())
    agent = request.param("id")
    sessions = context.services.sessions
    if isinstance(parsed, ParsedContinue):
        seat = take_seat(context, request, goes_on=True)
        leg = await sessions.continue_worker(request.project, agent, continue_request(parsed))
        return await answer(context, request, leg, seat=seat)
    seat = take_seat(context, request)
    leg = await sessions.run_worker(request.project, agent, parsed.input, tool_schemas=parsed.tool_schemas)
    return await answer(context, request, leg, seat=seat)


def take_seat(context: Context, request: Request, *, goes_on: bool = False) -> Seat:
    """Makes sure the answer can stream before anything begins; the resource gives the seat back."""
    if request.query("format") not in (None, "events", "poll"):
        raise InvalidRequest("format must be events, poll, or absent")
    request.number("after")
    seat = request.seat = context.seats.reserve(request.principal.key_id, request.secret, goes_on=goes_on)
    return seat


async def answer(
    context: Context, request: Request, leg: Leg, *, seat: Seat, headers: Headers = ()
) -> EventStream | Reply:
    """The stream of a leg. A reader that leaves it before its end stops the execution, if the operator wants that.

    With `format=poll` only where to read on.
    """
    leg = await since_request(context, request, leg)
    if request.query("format") == "poll":
        accepted = ExecutionAccepted(
            session_id=leg.session_id, execution_id=leg.execution_id, cursor=leg.after
        )
        return reply(accepted, status=202)
    if request.query("format") == "events":
        return await _events(context, request, leg, seat=seat, headers=headers)
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
        ).narrow(answerable(request)),
        batches=sessions.follow(leg.session_id, leg.after),
        seat=seat,
        farewell=FAREWELL,
        headers=headers,
        left=stop,
    )


def answerable(request: Request) -> frozenset[str] | None:
    """The tools whose results the caller may bring; None: any."""
    grant = request.principal.grant
    return None if grant is None else frozenset(grant.tools)


async def since_request(context: Context, request: Request, leg: Leg) -> Leg:
    """A leg that begins with what others brought since the calls were asked for, if the caller may not bring all."""
    if not leg.continuation or answerable(request) is None:
        return leg
    rows = await context.services.store.read(leg.session_id, max(0, leg.after - LOOKED_AT), LOOKED_AT)
    asked = [row.last for row in rows if row.last <= leg.after and row.data.startswith(_ASKED)]
    return msgspec.structs.replace(leg, after=asked[-1]) if asked else leg


class LegEvents:
    """The events of a leg with their cursors; `done` where the execution ends or waits for tool results.

    `begins`: where the leg does; before that nothing is its end. `known`: how far the journal reached when it was
    opened; a request for tools before that has been answered since. `after`: what the reader has seen.
    """

    __slots__ = ("_begins", "_events", "_known", "done")

    def __init__(self, *, begins: int, known: int, after: int, tools: frozenset[str] | None = None) -> None:
        self._begins = begins
        self._known = known
        self._events = EventsWriter(after=after, tools=tools)
        self.done = False

    def open(self) -> bytes:
        """Nothing comes before the first event."""
        return b""

    def feed(self, rows: Iterable[Row]) -> bytes:
        """The bytes of these rows."""
        out: list[bytes] = []
        for row in rows:
            out.append(self._events.feed((row,)))
            if row.kind == FACT and row.last > self._begins:
                waiting = self._events.waiting and row.last >= self._known
                self.done = waiting or self._events.idle
            if self.done:
                break
        return b"".join(out)


async def _events(
    context: Context, request: Request, leg: Leg, *, seat: Seat, headers: Headers
) -> EventStream:
    """The stream of a leg for a reader that comes back after a cut, and therefore cancels nothing by leaving."""
    record = await context.services.sessions.record(request.project, leg.session_id)
    seen = request.number("after")
    after = leg.after if seen is None else min(seen, leg.after)
    where = (
        (b"x-mainspring-cursor", str(after).encode()),
        (b"x-mainspring-execution-id", leg.execution_id.encode()),
        (b"x-mainspring-session-id", leg.session_id.encode()),
    )
    return EventStream(
        writer=LegEvents(begins=leg.after, known=record.cursor, after=after, tools=answerable(request)),
        batches=context.services.sessions.follow(leg.session_id, after),
        seat=seat,
        headers=(*headers, *where),
    )


def trigger_request(parsed: ParsedTrigger, *, key: str | None = None) -> TriggerRequest:
    """What the runtime is asked for by a parsed trigger."""
    return TriggerRequest(
        trigger=parsed.trigger,
        input=parsed.input,
        sender=parsed.sender,
        rollback=parsed.rollback,
        rollback_after=parsed.rollback_after,
        tool_schemas=parsed.tool_schemas,
        key=key or parsed.key,
    )


def continue_request(parsed: ParsedContinue) -> ContinueRequest:
    """What the runtime is asked for by parsed results."""
    return ContinueRequest(
        execution_id=parsed.execution_id,
        results=parsed.results,
        tool_schemas=parsed.tool_schemas,
        approvals=parsed.approvals,
    )


FAREWELL: Final = frame_event(failure_event(_CUT)) + DONE
