"""Owns the writing side of one session's journal: cursors, rows, and what becomes of an append."""

from __future__ import annotations

import asyncio
from typing import Protocol

from mainspring.model.events import Event, encode_event
from mainspring.model.rows import DELTAS, FACT, Row
from mainspring.model.values import Value
from mainspring.runtime.failpoints import ARMED, reach
from mainspring.runtime.host_ports import HostPorts
from mainspring.runtime.ports import Append, SessionPatch


class _Deltas:
    """Deltas of one part that will share a row."""

    __slots__ = ("data", "first", "last", "part_id")

    def __init__(self, part_id: str, cursor: int, data: bytes) -> None:
        self.part_id = part_id
        self.first = cursor
        self.last = cursor
        self.data = [data]


class Owner(Protocol):
    """Who is told what became of the appends."""

    def published(self, rows: tuple[Row, ...], /) -> None:
        """Rows are durable."""
        ...

    def append_failed(self, error: BaseException, /) -> None:
        """Rows were refused: nothing of them, or of what was queued behind them, is stored."""
        ...


class Position(Value, frozen=True, kw_only=True):
    """Where a journal goes on: after `cursor`, by the writer that holds `epoch`."""

    session_id: str
    epoch: int
    cursor: int


class SessionJournal:
    """The end of one journal: hands out cursors, gathers rows, appends them, tells when they are durable."""

    def __init__(self, ports: HostPorts, position: Position, owner: Owner) -> None:
        self._log = ports.log
        self._flusher = ports.flusher
        self._clock = ports.clock
        self._session_id = position.session_id
        self._epoch = position.epoch
        self._owner = owner
        self._pending: list[Row | _Deltas] = []
        self.cursor = position.cursor
        self.bytes_since_snapshot = 0

    def add_event(self, event: Event, /) -> None:
        """Records a streamed event that nobody waits for."""
        self._add_fact(event)
        self._flusher.mark(self)

    def add_delta(self, part_id: str, data: bytes, /) -> None:
        """Records one encoded delta of a part."""
        self.cursor += 1
        last = self._pending[-1] if self._pending else None
        if type(last) is _Deltas and last.part_id == part_id:
            last.last = self.cursor
            last.data.append(data)
            return
        self._pending.append(_Deltas(part_id, self.cursor, data))
        self._flusher.mark(self)

    def hurry(self) -> None:
        """The first of an answer does not wait for the next tick: it goes as soon as what came with it is here."""
        self._flusher.mark(self)
        asyncio.get_running_loop().call_soon(self.flush)

    def _add_fact(self, event: Event) -> None:
        self._add_encoded(encode_event(event))

    def _add_encoded(self, data: bytes) -> None:
        self.cursor += 1
        self.bytes_since_snapshot += len(data)
        self._pending.append(
            Row(first=self.cursor, last=self.cursor, kind=FACT, data=data, at=self._clock.now())
        )

    def append(
        self,
        events: tuple[Event, ...],
        *,
        patch: SessionPatch | None = None,
        snapshot: bytes | None = None,
        claim: bool = False,
    ) -> asyncio.Future[None]:
        """Records facts and writes everything pending now; done when it is on disk.

        All or none: what cannot be encoded raises before anything is recorded.
        """
        for data in [encode_event(event) for event in events]:
            self._add_encoded(data)
        return self._write(patch=patch, snapshot=snapshot, claim=claim)

    def flush(self) -> None:
        """Writes what is pending."""
        if self._pending:
            self._write(patch=None, snapshot=None, claim=False)

    def _write(
        self, *, patch: SessionPatch | None, snapshot: bytes | None, claim: bool
    ) -> asyncio.Future[None]:
        now = self._clock.now()
        rows = tuple(
            item
            if isinstance(item, Row)
            else Row(first=item.first, last=item.last, kind=DELTAS, data=b"\n".join(item.data), at=now)
            for item in self._pending
        )
        self._pending = []
        self._flusher.forget(self)
        if ARMED:
            reach("append.before")
        future = self._log.append(
            Append(
                session_id=self._session_id,
                epoch=self._epoch,
                rows=rows,
                patch=patch,
                snapshot=snapshot,
                claim=claim,
            )
        )
        future.add_done_callback(lambda done: self._settled(done, rows))
        if ARMED:
            reach("append.after")
        return future

    def _settled(self, done: asyncio.Future[None], rows: tuple[Row, ...]) -> None:
        if done.cancelled():
            self._owner.append_failed(asyncio.CancelledError())
            return
        error = done.exception()
        if error is not None:
            self._owner.append_failed(error)
            return
        self._flusher.committed()
        if ARMED:
            reach("publish.before")
        self._owner.published(rows)
        if ARMED:
            reach("publish.after")
