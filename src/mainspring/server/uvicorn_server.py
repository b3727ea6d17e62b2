"""Owns what we add to uvicorn; import it late, only a process that serves needs it.

That is: limits on how slowly the head of a request may come and how large it may be, a way to drop a connection
whose reader takes nothing, and a shutdown that lets open streams end, tells the rest, and leaves the exit status to
the caller.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Generator
from typing import Any, ClassVar, Final, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import HANDLED_SIGNALS

from mainspring.model.values import encode_json
from mainspring.server.app import App
from mainspring.server.listening import Listening
from mainspring.server.sse import ABORT, GOODBYE

BACKLOG: Final = 2048
MAX_HEAD: Final = 64 * 1024
"""Bytes of a request line and its headers."""
REFUSED_HEAD: Final = b"\r\n".join(
    (
        b"HTTP/1.1 400 Bad Request",
        b"content-type: application/json",
        b"content-length: %d",
        b"connection: close",
        b"\r\n",
    )
)
SETTLING: Final = 2.0
"""Seconds that streams which were told to end get to do it, beside the goodbye itself."""


class Connection(HttpToolsProtocol):
    """An HTTP connection; one whose request has no whole head in `header_timeout` seconds is dropped."""

    header_timeout: ClassVar[float]
    _waiting: asyncio.TimerHandle | None = None
    _head = 0

    def data_received(self, data: bytes) -> None:
        """What came; a head without end is refused."""
        super().data_received(data)
        if self._waiting is not None:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.send_400_response("The head of the request is too large")

    def send_400_response(self, msg: str) -> None:
        """Refuses what is no HTTP, in the shape of every refusal, and closes."""
        self._came()
        body = encode_json({"error": msg, "code": "BAD_HTTP"})
        self.transport.write(REFUSED_HEAD % len(body) + body)
        self.transport.close()

    def connection_made(self, transport: Any) -> None:
        """The clock runs from the first moment: a connection that says nothing ends too."""
        super().connection_made(transport)
        self._wait()

    def on_message_begin(self) -> None:
        """The next request on the same connection gets as long."""
        super().on_message_begin()
        self._came()
        self._wait()

    def on_headers_complete(self) -> None:
        """The head is here; the request may drop the connection from now on."""
        self._came()
        super().on_headers_complete()
        extensions = cast("dict[str, Any]", self.scope.setdefault("extensions", {}))
        extensions[ABORT] = self.transport.abort

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._came()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._head = 0
        self._waiting = self.loop.call_later(self.header_timeout, self.transport.abort)

    def _came(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class Server(uvicorn.Server):
    """Tells where it listens, and drains before it closes."""

    def __init__(self, config: uvicorn.Config, app: App, listening: Listening) -> None:
        super().__init__(config)
        self._app = app
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to take connections, then says where."""
        await super().startup(sockets)
        if self._listening.told is not None and sockets:
            host, port = sockets[0].getsockname()[:2]
            self._listening.told(host, port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Takes no more connections and lets the open ones end."""
        draining = asyncio.ensure_future(self._app.drain(self._listening.grace))
        await super().shutdown(sockets)
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """SIGINT and SIGTERM end `serve` and nothing else: a shutdown that was asked for is not a failure."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def socket_connection(**given: Any) -> asyncio.Protocol:
    """The connection of a WebSocket. Only a process that is asked for one pays for the library."""
    from mainspring.server.socket_connection import SocketConnection  # noqa: PLC0415 - as said above

    return SocketConnection(**given)


def make_server(app: App, listening: Listening) -> Server:
    """The server, not started."""
    connection = type("LimitedConnection", (Connection,), {"header_timeout": listening.header_timeout})
    config = uvicorn.Config(
        app,
        http=connection,
        ws=cast("type[asyncio.Protocol]", socket_connection),
        ws_max_size=app.options.max_body,
        ws_ping_interval=app.options.heartbeat,
        ws_ping_timeout=app.options.write_timeout,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=int(listening.keep_alive),
        timeout_graceful_shutdown=int(listening.grace + GOODBYE + SETTLING),
        proxy_headers=False,
    )
    return Server(config, app, listening)
