"""Owns the reference: the least a server can do for the same work, written by hand.

Raw ASGI on uvicorn, aiohttp to the model, every batch of events on disk (SQLite, WAL, full sync, one writer thread
with group commit) before the caller sees it. It speaks as much of the native wire as the load needs. It has no agents,
no recovery, no keys, no limits: nobody should run it.
"""

import asyncio
import json
import queue
import socket
import sys
import threading
import uuid
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import apsw
import msgspec
import uvicorn

TABLES = """
PRAGMA journal_mode = wal; PRAGMA synchronous = full;
CREATE TABLE IF NOT EXISTS events
    (session TEXT, cursor INTEGER, data BLOB, PRIMARY KEY (session, cursor)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages
    (session TEXT, n INTEGER, data BLOB, PRIMARY KEY (session, n)) WITHOUT ROWID;
"""
EVENT = (
    "INSERT INTO events VALUES (?1, (SELECT coalesce(max(cursor), 0) + 1 FROM events WHERE session = ?1), ?2)"
)
MESSAGE = (
    "INSERT INTO messages VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM messages WHERE session = ?1), ?2)"
)
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "look",
            "description": "Looks",
            "parameters": {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]},
        },
    }
]
STREAM = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]


class Function(msgspec.Struct):
    """A piece of a call."""

    name: str | None = None
    arguments: str = ""


class CallPiece(msgspec.Struct):
    """A call in a delta."""

    function: Function
    id: str | None = None


class Piece(msgspec.Struct):
    """A delta."""

    content: str | None = None
    tool_calls: list[CallPiece] = []


class Choice(msgspec.Struct):
    """A choice."""

    delta: Piece


class Chunk(msgspec.Struct):
    """An event of the model."""

    choices: list[Choice]


class TextDelta(msgspec.Struct, tag_field="type", tag="text-delta"):
    """An event of ours."""

    id: str
    delta: str


decode = msgspec.json.Decoder(Chunk).decode
encode = msgspec.json.Encoder().encode


def frame(event: object) -> bytes:
    """An event on the wire."""
    return b"data: " + encode(event) + b"\n\n"


class Journal:
    """One thread that writes: takes everything queued, commits it, wakes those who wait."""

    def __init__(self, path: str) -> None:
        self.loop = asyncio.get_running_loop()
        self.queue: queue.SimpleQueue[tuple[str, str, bytes, asyncio.Future[None]]] = queue.SimpleQueue()
        self.path = path
        for _ in apsw.Connection(path).execute(TABLES):
            pass
        self.reader = apsw.Connection(path)
        threading.Thread(target=self.write, daemon=True).start()

    def append(self, statement: str, session: str, data: bytes) -> "asyncio.Future[None]":
        """Queues a row; done when it is on disk."""
        done: asyncio.Future[None] = self.loop.create_future()
        self.queue.put((statement, session, data, done))
        return done

    def write(self) -> None:
        """The thread."""
        connection = apsw.Connection(self.path)
        connection.execute("PRAGMA synchronous = full")
        while True:
            group = [self.queue.get()]
            while not self.queue.empty():
                group.append(self.queue.get())
            with connection:
                for statement, session, data, _ in group:
                    connection.execute(statement, (session, data))
            self.loop.call_soon_threadsafe(self.wake, [done for *_, done in group])

    def wake(self, waiting: "list[asyncio.Future[None]]") -> None:
        """Tells those who still wait."""
        for done in waiting:
            if not done.done():
                done.set_result(None)

    def history(self, session: str) -> list[msgspec.Raw]:
        """The messages of a session, as stored."""
        rows = self.reader.execute("SELECT data FROM messages WHERE session = ? ORDER BY n", (session,))
        return [msgspec.Raw(cast("bytes", data)) for (data,) in rows]


class Relay:
    """The application."""

    def __init__(self, database: str, model_url: str) -> None:
        self.database = database
        self.model_url = f"{model_url}/chat/completions"
        self.model_of: dict[str, str] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The routes."""
        if scope["type"] == "lifespan":
            await receive()
            self.journal = Journal(self.database)
            self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self.http.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = b""
        more = scope["method"] == "POST"
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if scope["path"].endswith("/trigger"):
            await self.turn(scope["path"].split("/")[-2], json.loads(body), send)
            return
        session = uuid.uuid4().hex
        self.model_of[session] = json.loads(body)["agentId"] if body else ""
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"48")]})
        await send({"type": "http.response.body", "body": b'{"sessionId":"%b"}' % session.encode()})

    async def turn(self, session: str, body: dict[str, Any], send: Any) -> None:
        """One leg: the message or the result in, the model's answer out."""
        execution = body.get("executionId") or uuid.uuid4().hex
        await send({"type": "http.response.start", "status": 200, "headers": STREAM})
        if results := body.get("toolResults"):
            content = json.dumps(results[0]["result"])
            message = {"role": "tool", "tool_call_id": results[0]["toolCallId"], "content": content}
        else:
            message = {"role": "user", "content": body["input"]["USER_MESSAGE"]}
        self.journal.append(MESSAGE, session, encode(message))
        await self.out(session, frame({"type": "start", "executionId": execution}), send)
        async for batch in self.answer(session):
            await self.out(session, batch, send)
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    async def out(self, session: str, batch: bytes, send: Any) -> None:
        """On disk first, then to the caller."""
        await self.journal.append(EVENT, session, batch)
        await send({"type": "http.response.body", "body": batch, "more_body": True})

    async def answer(self, session: str) -> AsyncIterator[bytes]:
        """The model's answer as batches of events, one for each read."""
        messages = [{"role": "system", "content": "Be brief."}, *self.journal.history(session)]
        asked = {"model": self.model_of[session], "stream": True, "messages": messages, "tools": TOOLS}
        text: list[str] = []
        calls: list[CallPiece] = []
        rest = b""
        async with self.http.post(self.model_url, data=encode(asked)) as response:
            async for data in response.content.iter_any():
                *lines, rest = (rest + data).split(b"\n")
                out = [frame({"type": "text-start", "id": "t"})] if not text else []
                for line in lines:
                    if not line.startswith(b"data: {"):
                        continue
                    piece = decode(line[6:]).choices[0].delta
                    if piece.content:
                        text.append(piece.content)
                        out.append(frame(TextDelta("t", piece.content)))
                    calls += piece.tool_calls
                yield b"".join(out)
        yield await self.settle(session, "".join(text), calls)

    async def settle(self, session: str, text: str, calls: list[CallPiece]) -> bytes:
        """Keeps the answer as a message; the last events."""
        message: dict[str, Any] = {"role": "assistant", "content": text or None}
        end = frame({"type": "text-end", "id": "t"}) + frame({"type": "finish", "finishReason": "stop"})
        if calls:
            arguments = "".join(call.function.arguments for call in calls)
            name, identity = calls[0].function.name, calls[0].id
            function = {"name": name, "arguments": arguments}
            message["tool_calls"] = [{"id": identity, "type": "function", "function": function}]
            call = {"toolCallId": identity, "toolName": name, "args": json.loads(arguments)}
            end = frame({"type": "tool-request", "toolCalls": [call]})
            end += frame({"type": "finish", "finishReason": "tool-calls"})
        await self.journal.append(MESSAGE, session, encode(message))
        return end


def main(database: str, model_url: str) -> None:
    """Serves on a free port, printed first."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
    config = uvicorn.Config(Relay(database, model_url), log_level="warning", access_log=False)
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
