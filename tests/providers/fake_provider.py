"""A provider on a loopback socket: strict about what it is sent, exact about what it answers; it sees who leaves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = Callable[["Visit"], Coroutine[None, None, None]]


@dataclass
class Visit:
    """One request, and the way back."""

    head: str
    headers: dict[str, str]
    body: bytes
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def start(
        self, status: str = "200 OK", content_type: str = "text/event-stream", **headers: str
    ) -> None:
        """The head of an answer whose body comes in chunks."""
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", "Transfer-Encoding: chunked"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join([*lines, "", ""]).encode())

    async def piece(self, data: bytes) -> None:
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def finish(self) -> None:
        await self.send(b"0\r\n\r\n")

    async def whole(
        self, body: bytes, status: str = "200 OK", content_type: str = "text/event-stream", **headers: str
    ) -> None:
        await self.start(status, content_type, **headers)
        if body:
            await self.piece(body)
        await self.finish()


@dataclass
class FakeProvider:
    """What was asked, on how many connections, and when the last one was closed by the other side."""

    url: str
    visits: list[Visit] = field(default_factory=list)
    connections: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def fake_provider(answer: Answer) -> AsyncIterator[FakeProvider]:
    """Serves until the block ends; an answer that raises `ConnectionError` cuts the connection."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        fake.connections += 1
        try:
            while visit := await _request(reader, writer):
                fake.visits.append(visit)
                answering = asyncio.create_task(answer(visit))
                leaving = asyncio.create_task(reader.read(1))
                await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if not answering.done():
                    answering.cancel()
                    fake.left.set()
                    return
                answering.result()
                leaving.cancel()
                await asyncio.wait({leaving})
        except ConnectionError:
            writer.transport.abort()
        except asyncio.CancelledError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    fake = FakeProvider(f"http://127.0.0.1:{port}/v1")
    try:
        yield fake
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Visit | None:
    """The next request of a connection; None when the other side is gone."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode().rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert headers["content-type"] == "application/json"
    return Visit(first, headers, await reader.readexactly(int(headers["content-length"])), writer)
