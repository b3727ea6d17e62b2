"""Owns a client that speaks ASGI's WebSocket to an application in the same process."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Message


class Socket:
    """One WebSocket and what has come of it so far. `gate`: a reader that takes nothing while it is unset."""

    def __init__(self) -> None:
        self.accepted: Message | None = None
        self.refused: Message | None = None
        self.body = b""
        self.messages: list[dict[str, Any]] = []
        self.closed: Message | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self._given: asyncio.Queue[Message] = asyncio.Queue()
        self._given.put_nowait({"type": "websocket.connect"})
        self._moved = asyncio.Event()

    async def receive(self) -> Message:
        return await self._given.get()

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self.accepted = message
        elif kind == "websocket.http.response.start":
            self.refused = message
        elif kind == "websocket.http.response.body":
            self.body += message["body"]
        elif kind == "websocket.close":
            self.closed = message
        else:
            await self.gate.wait()
            assert self.closed is None
            self.messages.append(json.loads(message["text"]))
        self._moved.set()

    def say(self, message: Any) -> None:
        """Sends a message; a dict as JSON."""
        text = message if isinstance(message, str) else json.dumps(message)
        self._given.put_nowait({"type": "websocket.receive", "text": text})

    def say_bytes(self, data: bytes) -> None:
        self._given.put_nowait({"type": "websocket.receive", "bytes": data})

    def leave(self) -> None:
        self._given.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def until(self, *kinds: str, times: int = 1) -> None:
        """Returns once events of these types came, each so often."""
        while not all(self.types.count(kind) >= times for kind in kinds):
            assert self.closed is None, f"closed without {kinds}: {self.types}"
            self._moved.clear()
            await self._moved.wait()

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.messages]

    @property
    def status(self) -> int:
        return 101 if self.refused is None else int(self.refused["status"])


@asynccontextmanager
async def connect(
    app: ASGIApp,
    path: str,
    key: str | None = None,
    *,
    headers: dict[str, str] | None = None,
    subprotocols: tuple[str, ...] = (),
    extensions: dict[str, Any] | None = None,
) -> AsyncIterator[Socket]:
    """A WebSocket, open or refused; leaving the block leaves it and waits for the application."""
    given = {"authorization": f"Bearer {key}"} if key is not None else {}
    path, _, query = path.partition("?")
    scope = {
        "type": "websocket",
        "path": path,
        "query_string": query.encode(),
        "headers": [(n.encode(), v.encode("latin-1")) for n, v in {**given, **(headers or {})}.items()],
        "subprotocols": list(subprotocols),
        "extensions": {"websocket.http.response": {}} if extensions is None else extensions,
    }
    socket = Socket()
    task = asyncio.ensure_future(app(scope, socket.receive, socket.send))
    try:
        yield socket
        socket.leave()
        await task
    finally:
        task.cancel()
