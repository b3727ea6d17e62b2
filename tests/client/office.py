"""Owns a server in a thread of its own, and the way to it: no socket, but every fault a network has."""

import asyncio
import queue
import tempfile
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

import httpx2
from starlette.types import Message

from mainspring.storage.file_folder import FolderFiles
from tests.server.desk import Desk, open_desk

T = TypeVar("T")
PATIENCE = 20.0
"""Seconds after which an answer that does not come is given up."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to one request. `unreachable`: it is not sent; `lost`: its answer is; `cut`: after that many bytes.

    `status`: somebody between answers in the server's place. `clean`: a cut looks like the end of the stream.
    """

    unreachable: bool = False
    lost: bool = False
    cut: int | None = None
    clean: bool = False
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b'{"error": "not now", "code": "UNAVAILABLE"}'


class Office:
    """A server with a scripted model. `faults`: one for each request to come, None for none; `seen`: what was asked.

    `watch` is told of every request before the server is.
    """

    def __init__(self) -> None:
        self.faults: deque[Fault | None] = deque()
        self.seen: list[httpx2.Request] = []
        self.watch: Callable[[httpx2.Request], object] = lambda _: None
        self.desk: Desk = None  # type: ignore[assignment]  # set before anybody gets this object
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._open: Future[None] = Future()
        self._over: asyncio.Future[None]

    def __enter__(self) -> "Office":
        self._thread.start()
        self._open.result(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set_result, None)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        async def serve() -> None:
            self._over = self._loop.create_future()
            with tempfile.TemporaryDirectory() as folder:
                async with open_desk(FolderFiles(Path(folder))) as self.desk:
                    self._open.set_result(None)
                    await self._over

        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(serve())

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs something on the server's side."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)

    def start(self, request: httpx2.Request) -> "Call":
        """Hands a request to the server, or to its fault."""
        self.seen.append(request)
        self.watch(request)
        fault = self.faults.popleft() if self.faults else None
        if fault is not None and fault.unreachable:
            raise httpx2.ConnectError("nobody there", request=request)
        call = Call(self, request, fault or Fault())
        if not call.fault.status:
            asyncio.run_coroutine_threadsafe(call.run(), self._loop)
        return call

    def soon(self, function: Callable[[], object]) -> None:
        """Does something on the server's loop."""
        self._loop.call_soon_threadsafe(function)

    @property
    def asked(self) -> list[str]:
        """What was asked so far: method and path."""
        return [f"{request.method} {request.url.path}" for request in self.seen]


class Call:
    """One request under way, and the bytes that have come of its answer."""

    def __init__(self, office: Office, request: httpx2.Request, fault: Fault) -> None:
        self.office = office
        self.request = request
        self.fault = fault
        self.given = 0
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._left = asyncio.Event()
        self._body: list[bytes] = [request.read()]

    async def run(self) -> None:
        """Plays the client of the application."""
        scope = {
            "type": "http",
            "method": self.request.method,
            "path": unquote(self.request.url.path),
            "query_string": self.request.url.query,
            "headers": [(name.lower(), value) for name, value in self.request.headers.raw],
        }

        async def send(message: Message) -> None:
            self._messages.put(message)

        try:
            await self.office.desk.app(scope, self._receive, send)
        finally:
            self._messages.put(None)

    async def _receive(self) -> Message:
        if self._body:
            return {"type": "http.request", "body": self._body.pop(), "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        """Hangs up."""
        self.office.soon(self._left.set)

    def head(self) -> tuple[int, list[tuple[str, str]]]:
        """Status and headers, once they are there."""
        if self.fault.status:
            return self.fault.status, list(self.fault.headers)
        message = self._messages.get(timeout=PATIENCE)
        assert message is not None
        if self.fault.lost:
            self.leave()
            raise httpx2.ReadError("the answer is lost", request=self.request)
        return message["status"], [(name.decode(), value.decode()) for name, value in message["headers"]]

    def piece(self) -> bytes | None:
        """The next bytes; None: that was all. Raises where the fault cuts."""
        if self.fault.status:
            self.given += 1
            return self.fault.body if self.given == 1 else None
        cut = self.fault.cut
        if cut is not None and self.given >= cut:
            return self._cut()
        message = self._messages.get(timeout=PATIENCE)
        if message is None:
            return None
        data: bytes = message.get("body", b"")
        if cut is not None and self.given + len(data) > cut:
            data = data[: cut - self.given]
        self.given += len(data)
        return data

    def _cut(self) -> None:
        self.leave()
        if not self.fault.clean:
            raise httpx2.ReadError("cut", request=self.request)


class Wire(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """The way to an office, for both kinds of client."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        call = self.office.start(request)
        status, headers = call.head()
        return httpx2.Response(status, headers=headers, stream=Body(call), request=request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        call = self.office.start(request)
        status, headers = await _aside(call.head)
        return httpx2.Response(status, headers=headers, stream=AsyncBody(call), request=request)


async def _aside(function: Callable[[], T]) -> T:
    waiting: Awaitable[T] = asyncio.get_running_loop().run_in_executor(None, function)
    return await waiting


class Body(httpx2.SyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, call: Call) -> None:
        self.call = call

    def __iter__(self) -> Iterator[bytes]:
        while (piece := self.call.piece()) is not None:
            if piece:
                yield piece

    def close(self) -> None:
        self.call.leave()


class AsyncBody(httpx2.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, call: Call) -> None:
        self.call = call

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await _aside(self.call.piece)) is not None:
            if piece:
                yield piece

    async def aclose(self) -> None:
        self.call.leave()
