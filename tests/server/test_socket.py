"""The server on a real socket: what only uvicorn can get wrong."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mainspring.server.listening import Listening, bind
from mainspring.server.options import ServerOptions
from mainspring.server.serving import loop_factory, serve
from mainspring.server.uvicorn_server import make_server
from tests.server.desk import Desk, trigger, until
from tests.server.test_legs import Model


class Served:
    """A desk on a socket: `stop` asks it to end as an operator does."""

    def __init__(self, desk: Desk, address: tuple[str, int], task: asyncio.Future[None]) -> None:
        self.desk = desk
        self.address = address
        self.task = task

    def stop(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    async def send(self, text: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(text.encode())
        return reader, writer

    def head(self, method: str, path: str, *headers: str) -> str:
        lines = [
            f"{method} {path} HTTP/1.1",
            "host: localhost",
            f"authorization: Bearer {self.desk.client.key}",
            *headers,
        ]
        return "\r\n".join([*lines, "", ""])

    def post(self, path: str, body: Any) -> str:
        text = json.dumps(body)
        return self.head("POST", path, f"content-length: {len(text)}") + text


@contextlib.asynccontextmanager
async def served(desk: Desk, **options: Any) -> AsyncIterator[Served]:
    listening: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()

    def told(host: str, port: int) -> None:
        listening.set_result((host, port))

    task = asyncio.ensure_future(serve(desk.app, Listening(told=told, **options)))
    opened = Served(desk, await listening, task)
    try:
        yield opened
    finally:
        if not task.done():
            opened.stop()
        await task


async def everything(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> str:
    """What comes until the server closes the connection."""
    reader, writer = connection
    data = await reader.read()
    writer.close()
    await writer.wait_closed()
    return data.decode()


async def test_a_request_and_the_end(desk: Desk) -> None:
    async with served(desk) as server:
        answer = await everything(await server.send(server.head("GET", "/health", "connection: close")))
    assert answer.startswith("HTTP/1.1 200 OK\r\n")
    assert answer.endswith('\r\n\r\n{"status":"ok"}')
    assert "\r\nserver:" not in answer
    with pytest.raises(OSError):
        await asyncio.open_connection(*server.address)


async def test_a_stream_and_a_reader_that_leaves(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    async with served(desk) as server:
        reader, writer = await server.send(server.post(f"/api/agent-sessions/{session}/trigger", trigger()))
        await reader.readuntil(b"One ")
        writer.close()
        await writer.wait_closed()
        await until(lambda: model.cut == 1)
        await until(lambda: len(desk.app.seats) == 0)


async def test_a_shutdown_with_an_open_stream(desk: Desk) -> None:
    desk.models.script = Model()
    session = await desk.session()
    async with served(desk) as server:
        connection = await server.send(server.post(f"/api/agent-sessions/{session}/trigger", trigger()))
        await connection[0].readuntil(b"One ")
        server.stop()
        await until(lambda: desk.app.seats.draining)
        await desk.clock.advance(10)
        rest = await everything(connection)
        await server.task
    assert '"code":"STREAM_ENDED"' in rest
    assert "data: [DONE]" in rest


async def test_a_reader_that_takes_nothing_loses_its_connection(desk: Desk) -> None:
    session = await desk.session()
    await desk.say(session)

    async def flood(_request: object) -> AsyncIterator[str]:
        for _ in range(200):
            yield "x" * 100_000

    desk.models.script = flood
    desk.use(ServerOptions(stop_on_disconnect=False))
    loop = asyncio.get_running_loop()
    async with served(desk) as server:
        with socket.socket() as reader:
            reader.setblocking(False)
            await loop.sock_connect(reader, server.address)
            request = server.post(f"/api/agent-sessions/{session}/trigger", trigger())
            await loop.sock_sendall(reader, request.encode())
            assert await loop.sock_recv(reader, 10) == b"HTTP/1.1 2"
            while len(desk.app.seats):
                await desk.clock.advance(1)
            rest = await drained(reader)
    assert len(rest) < 15_000_000
    assert not rest.endswith(b"0\r\n\r\n")


async def drained(reader: socket.socket) -> bytes:
    """Reads to the end of the connection."""
    read = bytearray()
    with contextlib.suppress(ConnectionError):
        while data := await asyncio.get_running_loop().sock_recv(reader, 1_000_000):
            read += data
    return bytes(read)


@pytest.mark.parametrize("beginning", ["", "GET /health HTT", "GET /health HTTP/1.1\r\nhost: x\r\n"])
async def test_a_connection_that_does_not_speak_is_dropped(desk: Desk, beginning: str) -> None:
    async with served(desk, header_timeout=0.05) as server:
        reader, writer = await server.send(beginning)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize(
    "request_text",
    [
        "hello\r\n\r\n",
        "GET /health HTTP/1.1\r\nx: " + "y" * 70_000,
        "GET /" + "y" * 70_000,
        "G\0T / HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_no_http(desk: Desk, request_text: str) -> None:
    async with served(desk) as server:
        answer = await everything(await server.send(request_text))
        head, _, body = answer.partition("\r\n\r\n")
        assert head.startswith("HTTP/1.1 400 ")
        assert json.loads(body)["code"] == "BAD_HTTP"
        large = server.head("GET", "/health", "connection: close", "x: " + "y" * 60_000)
        assert (await everything(await server.send(large))).startswith("HTTP/1.1 200 ")


async def test_requests_one_after_the_other_on_one_connection(desk: Desk) -> None:
    async with served(desk, header_timeout=0.2) as server:
        reader, writer = await server.send("")
        for close in ((), (), ("connection: close",)):
            writer.write(server.head("GET", "/health", *close).encode())
            assert b'{"status":"ok"}' in await reader.readuntil(b"}")
        await everything((reader, writer))


async def test_a_large_body_is_refused_before_it_is_sent(desk: Desk) -> None:
    async with served(desk) as server:
        head = server.head("POST", "/api/agents", "content-length: 20000000", "expect: 100-continue")
        answer = await everything(await server.send(head))
    assert answer.startswith("HTTP/1.1 413 ")


async def test_outside_the_main_thread_signals_are_left_alone(desk: Desk) -> None:
    server = make_server(desk.app, Listening())

    def serving() -> object:
        with server.capture_signals():
            return signal.getsignal(signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    assert await asyncio.to_thread(serving) == before
    assert serving() == server.handle_exit
    assert signal.getsignal(signal.SIGTERM) == before


async def test_nobody_has_to_be_told_where_it_listens(desk: Desk) -> None:
    server = make_server(desk.app, Listening())
    with bind("127.0.0.1", 0) as listener:
        task = asyncio.ensure_future(server.serve([listener]))
        await until(lambda: server.started)
        server.should_exit = True
        await task


async def test_an_address_that_is_taken() -> None:
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(OSError):
            bind("127.0.0.1", taken.getsockname()[1])


def test_an_address_of_version_6() -> None:
    if not socket.has_ipv6:
        return
    with contextlib.suppress(OSError), bind("::1", 0) as listener:
        assert listener.family == socket.AF_INET6


def test_the_event_loop_is_uvloops_where_there_is_one() -> None:
    loop = loop_factory()()
    assert type(loop).__module__.startswith("uvloop")
    loop.close()


def test_without_uvloop_it_is_the_standard_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert loop_factory() is asyncio.new_event_loop
