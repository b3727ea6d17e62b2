"""Owns OpenAI's resource, the response: one leg of a turn, streamed or whole, read again, cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from mainspring.runtime.requests import Batch
from mainspring.server.collecting import collect
from mainspring.server.conversations import CUT, seat_for, stopping
from mainspring.server.openai_turns import Opened, open_turn, opened_leg
from mainspring.server.operation import Context
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.seats import Seat
from mainspring.server.sse import EventStream
from mainspring.wires.responses import NO_NUMBER, Answering, ResponsesWriter
from mainspring.wires.responses_requests import parse_response_request

PREFIX: Final = "resp_"


async def create_response(context: Context, request: Request) -> EventStream | Reply:
    """A message, results of the caller's tools, or approvals. A reader that leaves a stream may come back to it."""
    parsed = parse_response_request(await request.body())
    seat = seat_for(context, request, goes_on=parsed.answers)
    opened = await open_turn(context, request, parsed)
    if parsed.stream:
        return _stream(context, _writer(opened), opened, seat)
    if parsed.background:
        return await _as_it_stands(context, opened)
    # Who leaves before the end has no id to come back with.
    left = stopping(context, request, opened.turn)
    writer = _writer(opened)
    await collect(context, request, writer, seat=seat, batches=_batches(context, opened), left=left)
    return reply(writer.response())


async def get_response(context: Context, request: Request) -> EventStream | Reply:
    """A response as it stands; with `stream=true` its events after number `starting_after`, then live."""
    opened = await _named(context, request)
    after = request.number("starting_after")
    if not request.flag("stream", default=False):
        return await _as_it_stands(context, opened)
    writer = _writer(opened, after=NO_NUMBER if after is None else after)
    return _stream(context, writer, opened, seat_for(context, request))


async def cancel_response(context: Context, request: Request) -> Reply:
    """Stops the turn of a response; again is no error."""
    opened = await _named(context, request)
    turn = opened.turn
    await context.services.sessions.stop(request.project, turn.session_id, execution_id=turn.execution_id)
    return await _as_it_stands(context, opened)


async def _named(context: Context, request: Request) -> Opened:
    return await opened_leg(context, request, request.param("id").removeprefix(PREFIX))


def _writer(opened: Opened, *, after: int = NO_NUMBER) -> ResponsesWriter:
    answering = Answering(id=PREFIX + opened.name, model=opened.model, after=after)
    return ResponsesWriter(opened.turn, answering)


def _batches(context: Context, opened: Opened) -> AsyncIterator[Batch]:
    return context.services.sessions.follow(opened.turn.session_id, opened.turn.begin)


def _stream(context: Context, writer: ResponsesWriter, opened: Opened, seat: Seat) -> EventStream:
    return EventStream(
        writer=writer,
        batches=_batches(context, opened),
        seat=seat,
        farewell=lambda: writer.farewell(CUT),
    )


async def _as_it_stands(context: Context, opened: Opened) -> Reply:
    """The response now: what is in the journal is read, nothing is waited for."""
    writer = _writer(opened)
    turn = opened.turn
    record = await context.services.store.record(turn.session_id)
    end = turn.begin if record is None else record.cursor
    if end > turn.begin:
        async for batch in _batches(context, opened):
            writer.feed(batch.rows)
            if writer.done or batch.rows[-1].last >= end:
                break
    return reply(writer.response())
