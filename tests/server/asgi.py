"""Owns a client that speaks ASGI to an application in the same process: whole answers, streams, leaving."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Message


class Exchange:
    """One request and what has come of its answer so far. `gate`: a reader that takes nothing while it is unset."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.sends: list[bytes] = []
        self.complete = False
        self.gate = asyncio.Event()
        self.gate.set()
        self._left = asyncio.Event()
        self._moved = asyncio.Event()
        self._pieces = list(pieces)

    async def receive(self) -> Message:
        if self._pieces:
            piece = self._pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            assert self.status == 0
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            await self.gate.wait()
            assert not self.complete
            self.sends.append(message.get("body", b""))
            self.body += self.sends[-1]
            self.complete = not message.get("more_body", False)
            if self.complete:
                self._left.set()
        self._moved.set()

    async def until(self, *texts: str) -> None:
        """Returns once every text was in the answer."""
        while not all(text.encode() in self.body for text in texts):
            assert not self.complete, f"the answer ended without {texts}: {self.body.decode()}"
            self._moved.clear()
            await self._moved.wait()

    def leave(self) -> None:
        """Closes the connection."""
        self._left.set()

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a refusal, whose body has the shape of its wire and no other."""
        body = self.json
        if isinstance(body["error"], dict):
            assert set(body) == {"error"}
            assert set(body["error"]) == {"message", "type", "param", "code"}
            return str(body["error"]["code"]).upper()
        assert {"error", "code"} <= set(body) <= {"error", "code", "issues"}
        assert isinstance(body["error"], str)
        return str(body["code"])

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of a stream."""
        lines = self.body.decode().split("\n")
        data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
        return [json.loads(text) for text in data if text != "[DONE]"]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


class Client:
    """Makes requests of an application; with a key, unless told otherwise."""

    def __init__(self, app: ASGIApp, key: str | None = None) -> None:
        self.app = app
        self.key = key

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        pieces: Sequence[bytes] | None = None,
    ) -> AsyncIterator[Exchange]:
        """A request under way; leaving the block waits for its end. `body`: bytes, or a value to send as JSON."""
        if pieces is None:
            pieces = [body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()]
        given = {"authorization": f"Bearer {self.key}"} if self.key is not None else {}
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(n.encode(), v.encode("latin-1")) for n, v in {**given, **(headers or {})}.items()],
        }
        exchange = Exchange(pieces)
        task = asyncio.ensure_future(self.app(scope, exchange.receive, exchange.send))
        try:
            yield exchange
            await task
        finally:
            task.cancel()

    async def request(self, method: str, path: str, body: Any = None, **options: Any) -> Exchange:
        """The whole answer to a request."""
        async with self.open(method, path, body, **options) as exchange:
            pass
        return exchange

    async def get(self, path: str, **options: Any) -> Exchange:
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Exchange:
        return await self.request("POST", path, body, **options)
