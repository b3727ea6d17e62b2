"""Owns the readers of a simulation: they follow on a wire, take their time, are cut, and come back at their cursor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, cast

from mainspring.runtime.ports import Clock
from mainspring.runtime.requests import Batch, Leg
from mainspring.testing.simulation.chance import Chance
from mainspring.testing.simulation.journal_rules import must
from mainspring.wires.events import EventsWriter
from mainspring.wires.native import LegWriter

Follow = Callable[[str, int], AsyncIterator[Batch]]
PAUSES = ((0.0, 20), (0.005, 3), (0.2, 2), (30.0, 1))


class EventsReader:
    """Follows a session's own stream. `seen`: (cursor, event) as it got them, over all its connections."""

    def __init__(self, session_id: str, after: int, *, chance: Chance, clock: Clock) -> None:
        self.session_id = session_id
        self.began = after
        self.cursor = after
        self.seen: list[tuple[int, bytes]] = []
        self._chance = chance
        self._clock = clock

    async def follow(self, follow: Follow) -> None:
        """One connection; ends when it is cut. What had not been taken by then is lost on the way."""
        writer = EventsWriter(after=self.cursor)
        batches = cast("Any", follow(self.session_id, self.cursor))
        async with aclosing(batches):
            async for batch in batches:
                for cursor, data in events_of(writer.feed(batch.rows)):
                    if self._chance.happens(0.02):
                        await self._clock.sleep(self._chance.weighted(PAUSES))
                    must(cursor >= self.cursor, f"a reader got event {cursor} after {self.cursor}")
                    self.seen.append((cursor, data))
                    self.cursor = cursor


def events_of(data: bytes) -> list[tuple[int, bytes]]:
    """(cursor, event) of the bytes of our own stream."""
    found: list[tuple[int, bytes]] = []
    for block in data.split(b"\n\n")[:-1]:
        head, _, event = block.partition(b"\ndata: ")
        found.append((int(head.removeprefix(b"id: ")), event))
    return found


class LegReader:
    """Reads the answer to one request as an SDK would; one that is cut begins again."""

    def __init__(self, leg: Leg, *, version: int, direct: bool) -> None:
        self.leg = leg
        self.version = version
        self.direct = direct
        self.data = b""
        self.done = False

    def writer(self) -> LegWriter:
        """The wire, from the beginning of the answer."""
        return LegWriter(
            execution_id=self.leg.execution_id,
            session_id=self.leg.session_id,
            continuation=self.leg.continuation,
            version=self.version,
            after=self.leg.after,
            direct=self.direct,
        )

    async def follow(self, follow: Follow) -> None:
        """Until the answer is complete, or it is cut."""
        writer = self.writer()
        self.data = writer.open()
        batches = cast("Any", follow(self.leg.session_id, self.leg.after))
        async with aclosing(batches):
            async for batch in batches:
                self.data += writer.feed(batch.rows)
                if writer.done:
                    self.done = True
                    return
