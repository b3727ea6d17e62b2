"""Owns following a session: every event with its cursor, replayed and then live, by any number of readers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mainspring.model.errors import InvalidRequest
from mainspring.model.rows import Row
from mainspring.server.legs import answerable, take_seat
from mainspring.server.operation import Context
from mainspring.server.request import Request, whole_number
from mainspring.server.sse import EventStream
from mainspring.wires.events import EventsWriter

OPENING: Final = b"retry: 1000\n\n"
"""How long a browser waits before it comes back, in milliseconds."""


class Following:
    """The events after a cursor; `done` once `until` is reached, without it never."""

    __slots__ = ("_until", "_writer", "done")

    def __init__(self, *, after: int, until: int | None, tools: frozenset[str] | None = None) -> None:
        self._writer = EventsWriter(after=after, tools=tools)
        self._until = until
        self.done = until is not None and after >= until

    def open(self) -> bytes:
        """What comes before any event."""
        return OPENING

    def feed(self, rows: Iterable[Row]) -> bytes:
        """The bytes of these rows."""
        data = self._writer.feed(rows)
        self.done = self._until is not None and self._writer.cursor >= self._until
        return data


async def follow_session(context: Context, request: Request) -> EventStream:
    """Every event after a cursor; a reader that leaves cancels nothing."""
    session_id = request.param("id")
    after = _after(request)
    follow = request.flag("follow", default=True)
    record = await context.services.sessions.record(request.project, session_id)
    if after > record.cursor:
        raise InvalidRequest(f"The session has no event {after}: its last one is {record.cursor}")
    seat = take_seat(context, request)
    running = record.active_execution
    return EventStream(
        writer=Following(after=after, until=None if follow else record.cursor, tools=answerable(request)),
        batches=context.services.sessions.follow(session_id, after),
        seat=seat,
        headers=() if running is None else ((b"x-mainspring-execution-id", running.encode()),),
    )


def _after(request: Request) -> int:
    """A browser that comes back says in the header where it was; its address is still the first one."""
    seen = request.header(b"last-event-id")
    if seen:
        return whole_number(seen, "Last-Event-ID")
    return request.number("after") or 0
