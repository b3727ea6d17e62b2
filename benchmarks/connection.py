"""Owns the load generator's end of a connection: HTTP/1.1 by hand, so that the load costs next to nothing."""

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any, cast

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
STAMP = re.compile(rb'"delta":"(\d+\.\d+) ')
DELTA = b'"type":"text-delta"'
END = b"\r\n0\r\n\r\n"
PATIENCE = 60.0
"""Seconds a whole answer may take."""


@dataclass
class Reply:
    """An answer: times are seconds since the request was sent."""

    status: int = 0
    body: bytes = b""
    first_byte: float = 0.0
    first_delta: float = 0.0
    took: float = 0.0
    lags: list[float] = field(default_factory=list)
    """Seconds from the model's write to our read, a paced delta."""

    @property
    def deltas(self) -> int:
        """How many text deltas came."""
        return self.body.count(DELTA)

    def json(self) -> Any:
        """The body of a JSON answer."""
        return json.loads(self.body)


class Connection(asyncio.Protocol):
    """A kept-alive connection to one server; one request at a time."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.waiting: asyncio.Future[Reply] | None = None
        self.head = b""
        self.tail = b""
        self.reply = Reply()
        self.length: int | None = None
        self.until = b""

    @classmethod
    async def open(cls, url: str) -> "Connection":
        """Connects to `http://host:port`."""
        host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
        _, protocol = await asyncio.get_running_loop().create_connection(cls, host, int(port))
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the wait."""
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(ConnectionResetError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        """Notes what came, and when."""
        now = time.monotonic()
        if not self.reply.status:
            self.head += data
            head, separator, data = self.head.partition(b"\r\n\r\n")
            if not separator:
                return
            self.reply.status = int(head.split(b" ", 2)[1])
            length = LENGTH.search(head)
            self.length = int(length[1]) if length else None
        self.pieces.append(data)
        if not self.reply.first_byte and data:
            self.reply.first_byte = now - self.sent
        if not self.reply.first_delta and DELTA in data:
            self.reply.first_delta = now - self.sent
        self.reply.lags += [now - float(stamp) for stamp in STAMP.findall(data)]
        if self.whole(data):
            self.reply.took = now - self.sent
            self.reply.body = b"".join(self.pieces)
            assert self.waiting is not None
            self.waiting.set_result(self.reply)

    def whole(self, data: bytes) -> bool:
        """Whether the answer is complete."""
        if self.until:
            return self.until in data
        if self.length is not None:
            return sum(map(len, self.pieces)) >= self.length
        self.tail = (self.tail + data)[-len(END) :]
        return self.tail == END

    async def request(self, method: str, path: str, body: Any = None, key: str = "") -> Reply:
        """Sends a request and waits for the whole answer."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(data)}\r\n"
        head += f"content-type: application/json\r\nauthorization: Bearer {key}\r\n\r\n"
        self.pieces, self.head, self.tail, self.reply, self.length = [], b"", b"", Reply(), None
        self.waiting = asyncio.get_running_loop().create_future()
        self.sent = time.monotonic()
        self.transport.write(head.encode() + data)
        return await asyncio.wait_for(self.waiting, PATIENCE)

    async def until_finish(self, path: str, key: str) -> int:
        """Follows a stream without an end up to the end of a turn; how many deltas came. Of no use afterwards."""
        self.until = b'"type":"finish"'
        return (await self.request("GET", path, key=key)).deltas

    def close(self) -> None:
        """Hangs up."""
        self.transport.close()
