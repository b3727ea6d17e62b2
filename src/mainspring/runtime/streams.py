"""Owns reading: a subscriber is a cursor, fed from the recent rows of its session or from the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec

from mainspring.model.errors import StoreError
from mainspring.model.events import decode_event, encode_event
from mainspring.model.facts import GenerationSettled
from mainspring.model.parts import ReasoningPart, TextPart, ToolCallPart
from mainspring.model.rows import DELTAS, STUB, Row
from mainspring.model.stream_events import ReasoningDelta, TextDelta, ToolInputDelta, WorkerInputDelta
from mainspring.model.values import encode_json
from mainspring.runtime.ports import EventLog
from mainspring.runtime.requests import Batch

RING_ROWS = 512
READ_ROWS = 256


class Stream:
    """The recent rows of one session and who waits for more."""

    def __init__(self, cursor: int) -> None:
        self._rows: list[Row] = []
        self._start = cursor
        self._waiting: list[asyncio.Future[None]] = []
        self.cursor = cursor
        self.readers = 0
        self.driven = False

    def publish(self, rows: tuple[Row, ...]) -> None:
        """Rows are durable: keeps them for a while and wakes the readers. What is here already is passed over."""
        if rows and rows[0].first != self.cursor + 1:
            rows = self._fitting(rows)
        if not rows:
            return
        self._rows.extend(rows)
        self.cursor = rows[-1].last
        if len(self._rows) > 2 * RING_ROWS:
            dropped = len(self._rows) - RING_ROWS
            self._start = self._rows[dropped - 1].last
            del self._rows[:dropped]
        self.wake()

    def _fitting(self, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        """The rows that follow what is here; where they do not fit, readers go on from the store."""
        rest = tuple(row for row in rows if row.last > self.cursor)
        if rest and rest[0].first != self.cursor + 1:
            self.catch_up(rest[-1].last)
            return ()
        return rest

    def forget(self) -> None:
        """Drops the recent rows: readers that come later read the store."""
        self._rows.clear()
        self._start = self.cursor

    def catch_up(self, cursor: int) -> None:
        """Begins anew at a cursor, if others wrote up to there, or nobody was told that it was written."""
        if self.cursor != cursor:
            self.cursor = cursor
            self.forget()
            self.wake()

    def wake(self) -> None:
        """Lets every waiting reader look again."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def since(self, cursor: int) -> tuple[Row, ...] | None:
        """The rows after a cursor; None if they are no longer here."""
        if cursor < self._start:
            return None
        rows = self._rows
        position = len(rows)
        while position and rows[position - 1].last > cursor:
            position -= 1
        return tuple(rows[position:])

    async def wait(self, cursor: int) -> None:
        """Returns once there may be something after a cursor."""
        if self.cursor > cursor:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        finally:
            if future in self._waiting:
                self._waiting.remove(future)


class Streams:
    """The streams of the sessions that are alive in this process, and of those that are only read here.

    What is driven here is published here. Of the others `doubtful` names those to look after: somebody reads them, and
    there may be more on disk than is known; `stirred` is set when one comes in.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._streams: dict[str, Stream] = {}
        self._doubtful: set[str] = set()
        self.stirred = asyncio.Event()

    @property
    def readers(self) -> int:
        """How many read."""
        return sum(stream.readers for stream in self._streams.values())

    def left(self, session_id: str) -> None:
        """A session is not driven here any more."""
        stream = self._streams.get(session_id)
        if stream is not None:
            stream.driven = False
            if stream.readers:
                self._doubt(session_id)
            else:
                del self._streams[session_id]

    def _doubt(self, session_id: str) -> None:
        self._doubtful.add(session_id)
        self.stirred.set()

    def behind(
        self, grown: Iterable[tuple[str, int]] = (), *, all_read: bool = False
    ) -> list[tuple[str, int]]:
        """(session, cursor) to read on from: the doubtful, and those of `grown` that are read here and not driven.

        `all_read`: every session that is read here, whatever hints there were; also what is driven here, because
        another host may have taken it since.
        """
        self.stirred.clear()
        names, self._doubtful = self._doubtful, set()
        if all_read:
            names.update(self._streams)
        else:
            names.update(name for name, cursor in grown if self._is_behind(name, cursor))
        found = ((name, self._streams.get(name)) for name in sorted(names))
        return [(name, stream.cursor) for name, stream in found if stream is not None and stream.readers]

    def _is_behind(self, session_id: str, cursor: int) -> bool:
        stream = self._streams.get(session_id)
        return stream is not None and not stream.driven and stream.cursor < cursor

    def arrived(self, session_id: str, rows: Sequence[Row], *, more: bool) -> None:
        """Rows that others wrote, read after a cursor that `behind` gave; `more`: there may be others after them."""
        stream = self._streams.get(session_id)
        if stream is None or stream.driven or not rows:
            return
        if more or any(row.kind == STUB for row in rows):
            if rows[-1].last > stream.cursor:
                stream.catch_up(rows[-1].last)
        else:
            stream.publish(tuple(rows))
        if more:
            self._doubt(session_id)

    def open(self, session_id: str, cursor: int) -> Stream:
        """The session's stream; made at `cursor` (its last durable one) if there is none yet."""
        stream = self._streams.get(session_id)
        if stream is None:
            stream = self._streams[session_id] = Stream(cursor)
        return stream

    def release(self, session_id: str) -> None:
        """Forgets a stream nobody reads."""
        stream = self._streams.get(session_id)
        if stream is not None and not stream.readers:
            del self._streams[session_id]

    async def follow(self, session_id: str, after: int) -> AsyncIterator[Batch]:
        """Replays what is after a cursor, then follows. Ends only when the caller closes it."""
        record = None if session_id in self._streams else await self._log.record(session_id)
        stream = self.open(session_id, 0 if record is None else record.cursor)
        stream.readers += 1
        if not stream.driven:
            self._doubt(session_id)
        try:
            while True:
                rows = stream.since(after)
                if rows is None:
                    rows = await self._stored(session_id, after)
                    if not rows:
                        raise StoreError(f"the journal of {session_id} has a gap after cursor {after}")
                if rows:
                    yield Batch(rows=rows)
                    after = rows[-1].last
                else:
                    await stream.wait(after)
        finally:
            stream.readers -= 1
            if not stream.readers:
                self._left(session_id, stream)

    def _left(self, session_id: str, stream: Stream) -> None:
        """The last reader is gone: later ones read the store, and without a host nobody needs the stream at all."""
        stream.forget()
        if not stream.driven and self._streams.get(session_id) is stream:
            del self._streams[session_id]

    async def _stored(self, session_id: str, after: int) -> tuple[Row, ...]:
        rows = await self._log.read(session_id, after, READ_ROWS)
        return tuple([await self._whole(session_id, row) if row.kind == STUB else row for row in rows])

    async def _whole(self, session_id: str, row: Row) -> Row:
        """A stub as the settled text of its part: one delta at the last cursor of its range.

        What was streamed by a cut attempt is gone for good: its stub stays a stub, which no wire shows.
        """
        stub = msgspec.json.decode(row.data, type=_Stub)
        found = await self._log.read(session_id, stub.settled - 1, 1) if stub.settled else []
        event = decode_event(found[0].data) if found else None
        if not isinstance(event, GenerationSettled):
            return row
        return Row(
            first=row.first, last=row.last, kind=DELTAS, data=settled_delta(event, stub.part), at=row.at
        )


class _Stub(msgspec.Struct, frozen=True):
    settled: int
    part: str


def settled_delta(event: GenerationSettled, part_id: str) -> bytes:
    """A part's whole text as one encoded delta event."""
    worker_id = None if event.frame == "main" else event.frame
    known_id = "call_" + part_id.removeprefix("wrk_") if part_id.startswith("wrk_") else part_id
    part = dict(zip(event.part_ids, event.message.parts, strict=True))[known_id]
    if isinstance(part, TextPart):
        return encode_event(TextDelta(id=part_id, delta=part.text, worker_id=worker_id))
    if isinstance(part, ReasoningPart):
        return encode_event(ReasoningDelta(id=part_id, delta=part.text, worker_id=worker_id))
    if not isinstance(part, ToolCallPart):
        raise StoreError(f"part {part_id} of a model's answer cannot have streamed")
    text = encode_json(part.args).decode()
    if known_id != part_id:
        return encode_event(WorkerInputDelta(worker_id=part_id, delta=text))
    return encode_event(ToolInputDelta(tool_call_id=part_id, input_text_delta=text, worker_id=worker_id))
