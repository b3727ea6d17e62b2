"""The door of WebSockets, and every way one ends."""

import asyncio
import json
from typing import Any

import pytest

from mainspring.model.errors import StoreError
from mainspring.server.options import ServerOptions
from mainspring.server.sse import ABORT
from tests.server.asgi_socket import connect
from tests.server.desk import Desk, until
from tests.server.test_legs import Model, ask_weather
from tests.server.test_sockets import PROTOCOL, SAY, finished, path_to
from tests.server.test_tokens import browser, minted


async def refused(desk: Desk, session: str, key: str | None, **options: Any) -> tuple[int, str]:
    async with connect(desk.app, path_to(session), key, **options) as socket:
        await until(lambda: bool(socket.body) or socket.accepted is not None)
        assert socket.accepted is None
        return socket.status, json.loads(socket.body)["code"]


async def test_who_may_not(desk: Desk) -> None:
    session = await desk.session()
    assert await refused(desk, session, None) == (401, "UNAUTHORIZED")
    assert await refused(desk, session, "wrong") == (401, "UNAUTHORIZED")
    assert await refused(desk, session, await desk.key("agents")) == (403, "FORBIDDEN")
    assert await refused(desk, session, desk.stranger.key) == (404, "SESSION_NOT_FOUND")
    assert await refused(desk, "a/b", desk.client.key) == (404, "NOT_FOUND")
    other = await browser(desk, sessionId=await desk.session())
    assert await refused(desk, session, other.key) == (403, "FORBIDDEN")
    desk.use(ServerOptions(allowed_hosts=frozenset({"localhost"})))
    headers = {"host": "attacker.test"}
    assert await refused(desk, session, desk.client.key, headers=headers) == (403, "HOST_NOT_ALLOWED")
    desk.use(ServerOptions(max_streams=0))
    assert await refused(desk, session, desk.client.key) == (503, "UNAVAILABLE")
    assert len(desk.app.seats) == 0


async def test_a_place_that_is_none(desk: Desk) -> None:
    session = await desk.session()
    for after in ("9", "x"):
        path = path_to(session, f"?after={after}")
        async with connect(desk.app, path, desk.client.key) as socket:
            await until(lambda: bool(socket.body))
            assert socket.status == 400


async def test_a_server_that_cannot_say_why(desk: Desk) -> None:
    session = await desk.session()
    async with connect(desk.app, path_to(session), extensions={}) as socket:
        await until(lambda: socket.closed is not None)
        assert socket.closed == {"type": "websocket.close", "code": 1008}


async def test_a_handshake_that_breaks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await desk.session()

    async def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(desk.mainspring.sessions, "record", broken)
    assert await refused(desk, session, desk.client.key) == (500, "INTERNAL_ERROR")


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        (None, True),
        ("https://good.com", True),
        ("http://localhost:4747", True),
        ("http://localhost", False),
        ("https://evil.com", False),
        ("https://sub.good.com", False),
        ("https://good.com.evil.com", False),
        ("null", False),
        ("", False),
    ],
)
async def test_pages_of_other_origins_do_not_connect(desk: Desk, origin: str | None, welcome: bool) -> None:
    desk.use(ServerOptions(cors_origins=frozenset({"https://good.com"})))
    session = await desk.session()
    headers = {"host": "localhost:4747"} | ({} if origin is None else {"origin": origin})
    if not welcome:
        answer = await refused(desk, session, desk.client.key, headers=headers)
        assert answer == (403, "ORIGIN_NOT_ALLOWED")
        return
    async with connect(desk.app, path_to(session), desk.client.key, headers=headers) as socket:
        await until(lambda: socket.accepted is not None)


async def test_a_browsers_token_is_a_subprotocol(desk: Desk) -> None:
    session = await desk.session()
    client = await browser(desk, sessionId=session)
    offered = (PROTOCOL, f"bearer.{client.key}")
    async with connect(desk.app, path_to(session), subprotocols=offered) as socket:
        socket.say(SAY)
        await finished(socket)
        assert socket.accepted is not None
        assert socket.accepted["subprotocol"] == PROTOCOL
        assert client.key is not None
        assert client.key not in str(socket.accepted)
    assert await refused(desk, session, None, subprotocols=offered[1:]) == (400, "VALIDATION_ERROR")
    assert await refused(desk, session, None, subprotocols=(PROTOCOL,)) == (401, "UNAUTHORIZED")
    bad = (PROTOCOL, "bearer.é")
    assert await refused(desk, session, None, subprotocols=bad) == (401, "UNAUTHORIZED")
    async with connect(desk.app, path_to(session), desk.client.key, subprotocols=("other",)) as socket:
        await until(lambda: socket.accepted is not None)
        assert socket.accepted is not None
        assert socket.accepted["subprotocol"] is None


async def test_a_token_is_held_to_what_it_may(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    narrow = await browser(desk, sessionId=session, triggers=[])
    async with connect(desk.app, path_to(session), narrow.key) as socket:
        for number, message in enumerate((SAY, {"type": "stop"}), 1):
            socket.say(message)
            await socket.until("error", times=number)
        assert {message["errorType"] for message in socket.messages} == {"permission_error"}


# ---- the end


async def test_a_revoked_token_closes_it(desk: Desk) -> None:
    session = await desk.session()
    made = (await minted(desk, sessionId=session)).json
    async with connect(desk.app, path_to(session), made["token"]) as socket:
        await until(lambda: socket.accepted is not None)
        await desk.client.post("/api/tokens/revoke", {"token": made["token"]})
        while socket.closed is None:
            await desk.clock.advance(1)
        assert socket.closed["code"] == 1008


async def test_a_shutdown_closes_what_is_idle_at_once_and_the_rest_when_it_has_finished(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session, other = await desk.session(), await desk.session()
    async with (
        connect(desk.app, path_to(session), desk.client.key) as busy,
        connect(desk.app, path_to(other), desk.client.key) as idle,
    ):
        busy.say(SAY)
        await busy.until("text-delta")
        await until(lambda: idle.accepted is not None)
        draining = asyncio.ensure_future(desk.app.drain(10))
        await until(lambda: idle.closed is not None)
        assert busy.closed is None
        model.go_on.set()
        await draining
        assert busy.types[-1] == "finish"
        assert [socket.closed and socket.closed["code"] for socket in (busy, idle)] == [1012, 1012]


async def test_no_trigger_is_taken_while_it_shuts_down(desk: Desk) -> None:
    desk.models.script = Model()
    session = await desk.session()
    async with connect(desk.app, path_to(session), desk.client.key) as socket:
        socket.say(SAY)
        await socket.until("text-delta")
        draining = asyncio.ensure_future(desk.app.drain(10))
        await until(lambda: desk.app.seats.draining)
        socket.say(SAY)
        await socket.until("error")
        assert socket.messages[-1]["errorType"] == "provider_overloaded"
        await desk.clock.advance(10)
        await draining
        assert socket.closed is not None


@pytest.mark.parametrize("able", [True, False])
async def test_a_reader_that_takes_nothing_is_dropped(desk: Desk, able: bool) -> None:
    session = await desk.session()
    dropped = asyncio.Event()
    extensions: dict[str, Any] = {ABORT: dropped.set} if able else {}
    async with connect(desk.app, path_to(session), desk.client.key, extensions=extensions) as socket:
        socket.gate.clear()
        socket.say(SAY)
        await until(lambda: len(desk.app.seats) == 1)
        while len(desk.app.seats):
            await desk.clock.advance(1)
        assert dropped.is_set() is able
        assert socket.messages == []


async def test_a_stream_that_breaks_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = await desk.session()

    def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(desk.mainspring.sessions, "follow", broken)
    async with connect(desk.app, path_to(session), desk.client.key) as socket:
        socket.say(SAY)
        await until(lambda: socket.closed is not None)
        assert socket.closed is not None
        assert socket.closed["code"] == 1011
    assert "A socket broke" in caplog.text


async def test_a_request_that_breaks_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = await desk.session()

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(desk.mainspring.sessions, "stop", broken)
    async with connect(desk.app, path_to(session), desk.client.key) as socket:
        socket.say({"type": "stop"})
        await until(lambda: socket.closed is not None)
        assert socket.closed is not None
        assert socket.closed["code"] == 1011
    assert "A socket broke" in caplog.text


async def test_a_store_that_fails_is_not_quoted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await desk.session()

    async def broken(*_: object, **__: object) -> None:
        raise StoreError("table secrets")

    monkeypatch.setattr(desk.mainspring.sessions, "stop", broken)
    async with connect(desk.app, path_to(session), desk.client.key) as socket:
        socket.say({"type": "stop"})
        await socket.until("error")
        assert socket.messages[-1]["message"] == "The database failed; nothing was written"
