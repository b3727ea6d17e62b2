"""WebSockets: the door, the client SDK's contract, following with cursors, and every way one ends."""

from typing import Any

import pytest

from mainspring.server.options import ServerOptions
from tests.server.asgi_socket import Socket, connect
from tests.server.desk import Desk, trigger, until
from tests.server.test_events import ids
from tests.server.test_legs import Model, ask_weather
from tests.server.test_tokens import SESSIONS, browser

SAY = {"type": "trigger", **trigger()}
PROTOCOL = "mainspring"


def path_to(session: str, query: str = "") -> str:
    return f"{SESSIONS}/{session}/socket{query}"


def bring(asked: Socket) -> dict[str, Any]:
    """Results for what a socket was asked for."""
    request = next(message for message in asked.messages if "toolCalls" in message)
    answers = [{"toolCallId": call["toolCallId"], "result": 21} for call in request["toolCalls"]]
    execution = next(message["executionId"] for message in asked.messages if message.get("executionId"))
    return {"type": "continue", "executionId": execution, "toolResults": answers}


async def finished(socket: Socket, times: int = 1) -> None:
    await socket.until("finish", times=times)


async def test_turns_of_the_client_sdks_contract(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    async with connect(desk.app, path_to(session), desk.client.key) as socket:
        socket.say(SAY)
        await finished(socket)
        assert socket.types[0] == "start"
        assert socket.types[-2:] == ["client-tool-request", "finish"]
        assert socket.messages[-1]["finishReason"] == "client-tool-calls"
        socket.say(bring(socket))
        await finished(socket, 2)
        assert socket.messages[-1]["finishReason"] == "stop"
        assert socket.types.count("start") == 2
        socket.say(SAY)
        await finished(socket, 3)
    assert len(desk.app.seats) == 0


async def test_a_leg_has_the_events_of_the_http_answer(desk: Desk) -> None:
    first, second = await desk.session(), await desk.session()
    for version in ("2", "4"):
        headers = {"x-octavus-sdk-version": "4"} if version == "4" else {}
        answer = await desk.client.post(
            f"{SESSIONS}/{first}/trigger?clientTools=direct", trigger(), headers=headers
        )
        async with connect(desk.app, path_to(second, f"?version={version}"), desk.client.key) as socket:
            socket.say(SAY)
            await finished(socket)
        assert socket.types == answer.types


async def test_stopping(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    async with connect(desk.app, path_to(session), desk.client.key) as socket:
        socket.say(SAY)
        await socket.until("text-delta")
        socket.say({"type": "stop"})
        await socket.until("stopped")
        assert socket.messages[-1] == {"type": "stopped", "stopped": True}
        assert "finish" not in socket.types
        await until(lambda: model.cut == 1)
        model.go_on.set()
        socket.say(SAY)
        await finished(socket)
        assert socket.types.count("start") == 2
        socket.say({"type": "stop"})
        await socket.until("stopped", times=2)
        assert socket.messages[-1] == {"type": "stopped", "stopped": False}


async def test_leaving_cancels_nothing(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    async with connect(desk.app, path_to(session), desk.client.key) as socket:
        socket.say(SAY)
        await socket.until("text-delta")
    assert (len(desk.app.seats), model.cut) == (0, 0)
    model.go_on.set()
    whole = await desk.client.get(f"{SESSIONS}/{session}/poll?wait=5")
    assert whole.status == 200


async def test_following_from_any_cursor(desk: Desk) -> None:
    session = await desk.session()
    await desk.say(session)
    stream = await desk.client.get(f"{SESSIONS}/{session}/events?follow=false")
    expected = [{"cursor": cursor, **event} for cursor, event in zip(ids(stream), stream.events, strict=True)]
    for index in range(0, len(expected), 3):
        after = expected[index]["cursor"] if index else 0
        async with connect(desk.app, path_to(session, f"?after={after}"), desk.client.key) as socket:
            await socket.until("usage")
        assert socket.messages == expected[index + 1 if index else 0 :]


async def test_a_follower_triggers_and_goes_on(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    async with connect(desk.app, path_to(session, "?after=0"), desk.client.key) as socket:
        socket.say(SAY)
        await socket.until("accepted", "tool-request")
        socket.say(bring(socket))
        await socket.until("usage")
        taken = [message for message in socket.messages if message["type"] == "accepted"]
        assert len(taken) == 2
        assert {message["executionId"] for message in taken} == {taken[0]["executionId"]}
        seen = [message["cursor"] for message in socket.messages if message["type"] != "accepted"]
        assert seen == sorted(set(seen))
        socket.say({"type": "stop"})
        await socket.until("stopped")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("{", "not valid JSON"),
        ("[]", "must be a JSON object"),
        ('"hi"', "must be a JSON object"),
        ({"type": "dance"}, "type must be one of trigger, continue, stop"),
        ({"type": "continue"}, "executionId must be a string"),
        ({"type": "continue", "executionId": "nope"}, "no execution"),
        ({"type": "trigger", "triggerName": "nope"}, "nope"),
        ({"type": "trigger", "input": 7}, "input must be an object"),
        ('{"a":' + "[" * 100 + "]" * 100 + "}", "nested deeper"),
    ],
)
async def test_what_is_refused_is_an_error_event_and_the_socket_lives_on(
    desk: Desk, message: Any, said: str
) -> None:
    session = await desk.session()
    async with connect(desk.app, path_to(session), desk.client.key) as socket:
        socket.say(message)
        await socket.until("error")
        assert said in socket.messages[-1]["message"]
        assert socket.messages[-1]["errorType"] in ("validation_error", "not_found_error")
        socket.say({**SAY, "executionId": None, "toolResults": []})
        await finished(socket)


async def test_bytes_and_what_is_too_long(desk: Desk) -> None:
    desk.use(ServerOptions(max_body=100))
    desk.use(ServerOptions())
    session = await desk.session()
    desk.use(ServerOptions(max_body=100))
    async with connect(desk.app, path_to(session), desk.client.key) as socket:
        socket.say_bytes(b"{}")
        await socket.until("error")
        socket.say({"type": "stop", "more": "x" * 100})
        await socket.until("error", times=2)
    assert {message["code"] for message in socket.messages} == {"TOO_LARGE"}


async def test_a_second_trigger_while_one_runs(desk: Desk) -> None:
    desk.models.script = Model()
    session = await desk.session()
    async with connect(desk.app, path_to(session), desk.client.key) as socket:
        socket.say(SAY)
        await socket.until("text-delta")
        socket.say(SAY)
        while "error" not in socket.types:
            await desk.clock.advance(1)
        assert socket.messages[-1]["code"] == "SESSION_BUSY"
        assert (socket.messages[-1]["errorType"], socket.messages[-1]["retryable"]) == (
            "rate_limit_error",
            True,
        )
        socket.say({"type": "stop"})
        await socket.until("stopped")


async def test_results_of_others_reach_a_reader_that_may_bring_none(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    client = await browser(desk, sessionId=session)
    async with connect(desk.app, path_to(session), client.key) as socket:
        socket.say(SAY)
        await socket.until("tool-input-available")
        backend = await desk.client.get(f"{SESSIONS}/{session}/poll?wait=0")
        while "tool-request" not in [event["type"] for event in backend.json["events"]]:
            backend = await desk.client.get(f"{SESSIONS}/{session}/poll?wait=0")
        asked = next(event for event in backend.json["events"] if event["type"] == "tool-request")
        answers = [{"toolCallId": call["toolCallId"], "result": 21} for call in asked["toolCalls"]]
        body = {"executionId": asked["executionId"], "toolResults": answers}
        await desk.client.post(f"{SESSIONS}/{session}/trigger?format=poll", body)
        await finished(socket)
        assert "tool-output-available" in socket.types
        assert "client-tool-request" not in socket.types
        assert socket.messages[-1]["finishReason"] == "stop"
