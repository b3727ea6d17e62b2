"""Owns long polling: the events of a session after a cursor, waited for, for networks that break streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Final, cast

import msgspec

from mainspring.model.errors import InvalidRequest
from mainspring.model.rows import Row
from mainspring.model.values import Json
from mainspring.runtime.ports import SessionRecord
from mainspring.runtime.requests import Batch
from mainspring.server.bodies import ClientLeft
from mainspring.server.legs import answerable, take_seat
from mainspring.server.operation import Context
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import EventPage, PollStatus
from mainspring.server.seats import Cause
from mainspring.server.sse import portions
from mainspring.wires.events import EventsWriter

WAIT: Final = 25
"""Seconds to wait for an event if the caller does not say."""
LONGEST: Final = 60
_decode: Final = msgspec.json.Decoder(dict[str, Json]).decode


class Patience:
    """How long a poll waits: until its time is over, its reader leaves, or the server ends it.

    `known`: how far the journal reached when it began; up to there nothing has to be waited for.
    """

    def __init__(self, seconds: int, request: Request, *, known: int) -> None:
        self._left = float(seconds)
        self._known = known
        self._receive = request.receive
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def tick(self, seconds: float, /) -> None:
        """That much time has passed."""
        self._left -= seconds
        if self._left <= 0:
            self._end()

    def waits(self, cursor: int) -> bool:
        """Whether it waits for what comes after a cursor."""
        return self._left > 0 or cursor < self._known

    def end(self, _cause: Cause, /) -> None:
        """The answer goes out with what there is: the next poll hears why."""
        self._end()

    def _end(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    async def leaving(self) -> None:
        """Returns when the reader is gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def poll_session(context: Context, request: Request) -> Reply:
    """The events after a cursor; if there are none, the next ones, waited for. Leaving cancels nothing."""
    session_id = request.param("id")
    after = request.number("after") or 0
    wait = request.number("wait")
    seconds = WAIT if wait is None else wait
    if seconds > LONGEST:
        raise InvalidRequest(f"wait is seconds, at most {LONGEST}")
    record = await context.services.sessions.record(request.project, session_id)
    if after > record.cursor:
        raise InvalidRequest(f"The session has no event {after}: its last one is {record.cursor}")
    seat = take_seat(context, request)
    writer = EventsWriter(after=after, tools=answerable(request))
    events: list[tuple[int, bytes]] = []
    if seconds or record.cursor > after:
        patience = Patience(seconds, request, known=record.cursor)
        seat.live, seat.idle = patience, True
        try:
            events = await _first(context, session_id, writer, patience)
        except ClientLeft:
            # Nobody is answered: there is no answer whose end would give the seat back.
            context.seats.release(seat)
            request.seat = None
            raise
        finally:
            seat.live = None
    record = await context.services.sessions.record(request.project, session_id)
    return reply(_page(events, writer.cursor, record))


async def _first(
    context: Context, session_id: str, writer: EventsWriter, patience: Patience
) -> list[tuple[int, bytes]]:
    """The next events; none if the time was over first."""
    leaving = asyncio.ensure_future(patience.leaving())
    batches = cast("Any", context.services.sessions.follow(session_id, writer.cursor))
    async with aclosing(batches):
        try:
            while patience.waits(writer.cursor):
                rows = await _next(batches, patience, leaving)
                for portion in portions(rows or ()):
                    events = writer.events(portion)
                    if events:
                        return events
                if rows is None:
                    break
            return []
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)


async def _next(
    batches: AsyncIterator[Batch], patience: Patience, leaving: asyncio.Future[None]
) -> tuple[Row, ...] | None:
    reading = asyncio.ensure_future(anext(batches))
    try:
        await asyncio.wait((reading, patience.over, leaving), return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            return reading.result().rows
        if leaving.done():
            raise ClientLeft("The client left")
        return None
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


def _page(events: list[tuple[int, bytes]], cursor: int, record: SessionRecord) -> EventPage:
    decoded = tuple(_decode(data) for _, data in events)
    return EventPage(
        events=decoded,
        cursors=tuple(place for place, _ in events),
        cursor=cursor,
        status=_status(decoded, cursor, record),
    )


def _status(events: tuple[dict[str, Json], ...], cursor: int, record: SessionRecord) -> PollStatus:
    running = record.active_execution is not None and not record.waiting
    if running or cursor < record.cursor:
        return "streaming"
    failed = False
    for event in events:
        failed = event["type"] == "error" or (failed and event["type"] != "start")
    return "error" if failed else "idle"
