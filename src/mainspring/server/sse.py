"""Owns writing one stream of server-sent events: headers at once, everything that is ready in one send, heartbeats.

A reader is a cursor, not a queue: what follows is pulled from the journal only after the last send has returned, so
a slow one costs one portion of memory and slows nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.types import Send

from mainspring.model.rows import Row
from mainspring.runtime.requests import Batch
from mainspring.server.replies import Headers
from mainspring.server.request import Request
from mainspring.server.seats import Cause, Seat

LOG: Final = logging.getLogger(__name__)

ABORT: Final = "mainspring.abort"
"""The ASGI extension that drops a connection: a function without arguments."""
GOODBYE: Final = 5.0
GIVEN_UP: Final = frozenset(("left", "stalled", "revoked"))
PORTION: Final = 256 * 1024
HEARTBEAT: Final = b": heartbeat\n\n"
HEADERS: Final[Headers] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
)


class Writer(Protocol):
    """A wire: it turns rows into bytes and knows when its answer is complete."""

    done: bool

    def open(self) -> bytes:
        """What comes before any row."""
        ...

    def feed(self, rows: Iterable[Row], /) -> bytes:
        """The bytes these rows add."""
        ...


async def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStream:
    """An answer that streams. `farewell`: what a reader is told when we end it early. `left`: the reader gave it up."""

    writer: Writer
    batches: AsyncIterator[Batch]
    seat: Seat
    farewell: bytes | Callable[[], bytes] = b""
    headers: Headers = ()
    left: Callable[[], Awaitable[object]] = _nothing

    async def send(self, request: Request, send: Send, headers: Headers) -> None:
        """Writes it to its end, or to that of the reader."""
        pump = Pump(self, request, send)
        await pump.run((*HEADERS, *self.headers, *headers))
        if pump.cause in GIVEN_UP and not self.writer.done:
            await self.left()
        if pump.cause == "stalled":
            await _abort(request)


async def _abort(request: Request) -> None:
    """Drops the connection with what its buffers still hold; needs a server that lends us the means."""
    abort = request.scope.get("extensions", {}).get(ABORT)
    if abort is not None:
        abort()
        while (await request.receive())["type"] != "http.disconnect":
            pass


def portions(rows: tuple[Row, ...]) -> Iterator[tuple[Row, ...]]:
    """The rows in pieces of about `PORTION` bytes: what is not sent yet waits in the journal, not in a buffer."""
    size = begin = 0
    for end, row in enumerate(rows, 1):
        size += len(row.data)
        if size >= PORTION:
            yield rows[begin:end]
            size, begin = 0, end
    if begin < len(rows):
        yield rows[begin:]


class Pump:
    """Moves batches from a journal to a reader; `cause` says why it ended early, if it did."""

    __slots__ = ("_beat", "_complete", "_lock", "_quiet", "_request", "_scope", "_send", "_stream", "cause")

    def __init__(self, stream: EventStream, request: Request, send: Send) -> None:
        self._stream = stream
        self._request = request
        self._send = send
        self._quiet = 0.0
        self._lock = asyncio.Lock()
        self._scope = asyncio.timeout(None)
        self._beat: asyncio.Future[None] | None = None
        self._complete = False
        self.cause: Cause | None = None

    async def run(self, headers: Headers) -> None:
        """Until the writer is done, the journal ends, or `end` is called."""
        listener = asyncio.ensure_future(self._listen())
        try:
            async with self._scope:
                self._stream.seat.live = self
                await self._send({"type": "http.response.start", "status": 200, "headers": [*headers]})
                await self._pump()
        except Exception:
            # The status is sent: all that is left is to say goodbye. With a cause it is our own cancellation.
            if self.cause is None:
                LOG.exception("A stream broke; request %s", self._request.id)
        finally:
            self._stream.seat.live = None
            await self._clean_up(listener)
        if not self._complete and self.cause not in ("left", "stalled"):
            await self._say_goodbye()

    async def _pump(self) -> None:
        writer = self._stream.writer
        opening = writer.open()
        if opening or writer.done:
            await self._write(opening)
        if not writer.done:
            await self._follow(writer)

    async def _follow(self, writer: Writer) -> None:
        async for batch in self._stream.batches:
            for rows in portions(batch.rows):
                data = writer.feed(rows)
                if data or writer.done:
                    await self._write(data)
                if writer.done:
                    return

    async def _write(self, data: bytes) -> None:
        async with self._lock:
            self._quiet = 0.0
            self._complete = self._stream.writer.done
            await self._send({"type": "http.response.body", "body": data, "more_body": not self._complete})
            self._quiet = 0.0

    async def _listen(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self.end("left")

    def tick(self, seconds: float, /) -> None:
        """Beats when the stream has been silent, and gives up a reader that has taken nothing for too long."""
        self._quiet += seconds
        options = self._request.options
        if self._lock.locked():
            if self._quiet >= options.write_timeout:
                self.end("stalled")
        elif self._quiet >= options.heartbeat:
            self._beat = asyncio.ensure_future(self._write(HEARTBEAT))

    def end(self, cause: Cause, /) -> None:
        """Ends it early, once."""
        if self.cause is None and self._stream.seat.live is self:
            self.cause = cause
            self._scope.reschedule(0.0)

    async def _clean_up(self, listener: asyncio.Future[None]) -> None:
        tasks = [task for task in (listener, self._beat) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        close = getattr(self._stream.batches, "aclose", None)
        if close is not None:
            await close()

    async def _say_goodbye(self) -> None:
        given = self._stream.farewell
        farewell = given() if callable(given) else given
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await self._send({"type": "http.response.body", "body": farewell, "more_body": False})
