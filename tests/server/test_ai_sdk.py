"""The chat of the AI SDK over HTTP: sessions it names, tools it runs, resuming, stopping, what is refused."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mainspring.model.errors import Failure, ProviderError
from mainspring.model.generation import ModelRequest, ToolInputDelta, ToolInputStart
from mainspring.server.options import ServerOptions
from tests.server.asgi import Exchange
from tests.server.desk import CHAT, Desk, chat_agent, trigger

OPTIONAL = CHAT.replace("COMPANY: {type: string}", "COMPANY: {type: string, optional: true, default: Acme}")
PATH = "/api/chat/support"


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    await desk.agent(chat_agent(protocol=OPTIONAL))
    return desk


def said(text: str, number: int = 1) -> dict[str, Any]:
    return {"id": f"u{number}", "role": "user", "parts": [{"type": "text", "text": text}]}


def chat(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"id": "c1", "messages": list(messages), "trigger": "submit-message", **more}


def texts(messages: list[Any]) -> list[str]:
    return [
        "".join(part["text"] for part in message["parts"] if part["type"] == "text") for message in messages
    ]


def text(exchange: Exchange) -> str:
    return "".join(event["delta"] for event in exchange.events if event["type"] == "text-delta")


async def messages(desk: Desk, name: str = "c1") -> list[Any]:
    return list((await desk.client.get(f"{PATH}/{name}/messages")).json["messages"])


class Asks:
    """A model that asks for the weather, and then says what it was told."""

    def __init__(self) -> None:
        self.seen: list[ModelRequest] = []

    async def __call__(self, request: ModelRequest) -> AsyncIterator[Any]:
        self.seen.append(request)
        last = request.messages[-1]
        if last.role == "tool":
            yield f"It is {last.parts[0].output or last.parts[0].error}."  # type: ignore[union-attr]  # a result
            return
        yield ToolInputStart(part=0, name="get-weather")
        yield ToolInputDelta(part=0, text='{"city":"Rome"}')


class Gated:
    """A model that says half, and the rest when it is let."""

    def __init__(self, desk: Desk) -> None:
        self._clock = desk.clock

    async def __call__(self, _request: ModelRequest) -> AsyncIterator[str]:
        yield "Half "
        await self._clock.sleep(1000)
        yield "whole."


async def test_a_chat_is_a_session_that_keeps_its_history(desk: Desk) -> None:
    first = await desk.client.post(PATH, chat(said("Hi"), input={"COMPANY": "Springs"}))
    assert first.status == 200
    assert first.headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert text(first) == "Hello there"
    second = await desk.client.post(PATH, chat(said("Again", 2)))
    metadata = [exchange.events[0]["messageMetadata"]["sessionId"] for exchange in (first, second)]
    assert metadata[0] == metadata[1]
    assert texts(await messages(desk)) == ["Hi", "Hello there", "Again", "Hello there"]
    view = (await desk.client.get(f"/api/agent-sessions/{metadata[0]}")).json
    assert view["input"] == {"COMPANY": "Springs"}


async def test_a_session_of_another_wire_goes_on(desk: Desk) -> None:
    session = await desk.session()
    await desk.client.post(f"/api/agent-sessions/{session}/trigger", trigger("Hi"))
    await desk.client.post(PATH, {**chat(said("And?")), "id": session})
    assert texts(await messages(desk, session)) == ["Hi", "Hello there", "And?", "Hello there"]
    await desk.agent(chat_agent("other", OPTIONAL))
    for agent, name in (("other", session), ("support", "ses_unknown")):
        refused = await desk.client.post(f"/api/chat/{agent}", {**chat(said("x")), "id": name})
        assert (refused.status, refused.json["code"]) == (404, "SESSION_NOT_FOUND")


async def test_a_tool_of_the_client(desk: Desk) -> None:
    model = desk.models.script = Asks()
    asked = await desk.client.post(PATH, chat(said("Weather?")))
    (call,) = [event for event in asked.events if event["type"] == "tool-input-available"]
    assert call["input"] == {"city": "Rome"}
    assert asked.events[-1] == {"type": "finish", "finishReason": "tool-calls"}
    part = {**call, "type": "tool-get-weather", "state": "output-available", "output": "warm"}
    stale = {**part, "toolCallId": "of-another-turn", "output": "cold"}
    answered = chat(said("Weather?"), {"id": "m", "role": "assistant", "parts": [stale, part]})
    told = await desk.client.post(PATH, answered)
    assert told.types[0] == "start"
    assert told.events[0]["messageId"] == asked.events[0]["messageId"]
    assert text(told) == "It is warm."
    again = await desk.client.post(PATH, answered)
    assert again.body == told.body
    assert len(model.seen) == 2
    other = {**part, "output": "hot"}
    conflict = await desk.client.post(PATH, chat({"id": "m", "role": "assistant", "parts": [other]}))
    assert (conflict.status, conflict.json["code"]) == (409, "EXECUTION_OVER")


async def test_a_message_said_again_forgets_its_answer(desk: Desk) -> None:
    first = await desk.client.post(PATH, chat(said("One")))
    message = {"id": first.events[0]["messageId"], "role": "assistant", "parts": []}
    await desk.client.post(PATH, chat(said("One"), message, said("Two", 2)))
    await desk.client.post(PATH, chat(said("One"), message, said("Two", 2), trigger="regenerate-message"))
    assert texts(await messages(desk)) == ["One", "Hello there", "Two", "Hello there"]
    unknown = {"id": "never-seen", "role": "assistant", "parts": []}
    edited = chat(said("One"), message, unknown, said("2", 2), messageId="u2")
    await desk.client.post(PATH, edited)
    assert texts(await messages(desk)) == ["One", "Hello there", "2", "Hello there"]
    await desk.client.post(PATH, chat(said("1"), messageId="u1"))
    assert texts(await messages(desk)) == ["1", "Hello there"]


async def test_a_turn_that_failed_is_not_forgotten_with_the_next(desk: Desk) -> None:
    async def fails(_request: ModelRequest) -> AsyncIterator[str]:
        raise ProviderError(
            Failure(error_type="provider_error", message="No", retryable=True, source="provider")
        )
        yield ""

    good, desk.models.script = desk.models.script, fails
    failed = await desk.client.post(PATH, chat(said("One")))
    assert failed.types[-2:] == ["data-error", "error"]
    desk.models.script = good
    message = {"id": failed.events[0]["messageId"], "role": "assistant", "parts": []}
    for how in ("submit-message", "regenerate-message"):
        await desk.client.post(PATH, chat(said("One"), message, said("Two", 2), trigger=how))
    assert texts(await messages(desk)) == ["One", "Two", "Hello there"]


async def test_resuming_in_the_middle_replays_from_the_start(desk: Desk) -> None:
    desk.models.script = Gated(desk)
    async with desk.client.open("POST", PATH, chat(said("Hi"))) as first:
        await first.until("Half ")
        async with desk.client.open("GET", f"{PATH}/c1/stream") as second:
            await second.until("Half ")
            await desk.clock.advance(1000)
    assert second.headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert first.body == second.body
    assert text(first) == "Half whole."
    idle = await desk.client.get(f"{PATH}/c1/stream")
    assert (idle.status, idle.body) == (204, b"")
    assert "content-length" not in idle.headers


async def test_resuming_a_chat_that_waits_for_the_client_asks_again(desk: Desk) -> None:
    desk.models.script = Asks()
    asked = await desk.client.post(PATH, chat(said("Weather?")))
    resumed = await desk.client.get(f"{PATH}/c1/stream")
    assert resumed.body == asked.body


async def test_a_chat_in_which_nothing_was_said(desk: Desk) -> None:
    assert (await desk.client.get(f"{PATH}/c1/stream")).status == 204
    assert await messages(desk) == []
    unknown = await desk.client.post(f"{PATH}/c1/stop")
    assert (unknown.status, unknown.json["code"]) == (404, "CHAT_NOT_FOUND")
    assert (await desk.stranger.get(f"{PATH}/c1/stream")).json["code"] == "AGENT_NOT_FOUND"


async def test_a_stop_ends_the_turn(desk: Desk) -> None:
    desk.models.script = Gated(desk)
    async with desk.client.open("POST", PATH, chat(said("Hi"))) as first:
        await first.until("Half ")
        assert (await desk.client.post(f"{PATH}/c1/stop")).json["stopped"] is True
    assert first.types[-2:] == ["abort", "finish"]
    assert texts(await messages(desk)) == ["Hi", "Half "]
    assert (await desk.client.post(f"{PATH}/c1/stop")).json["stopped"] is False


@pytest.mark.parametrize(("query", "goes_on"), [("", True), ("?leaving=stop", False)])
async def test_a_reader_that_leaves(desk: Desk, query: str, goes_on: bool) -> None:
    desk.models.script = Gated(desk)
    async with desk.client.open("POST", PATH + query, chat(said("Hi"))) as first:
        await first.until("Half ")
        first.leave()
    if goes_on:
        await desk.clock.advance(1000)
    session = first.events[0]["messageMetadata"]["sessionId"]
    async with desk.client.open("GET", f"/api/agent-sessions/{session}/events") as journal:
        await journal.until('"type":"usage"')
        journal.leave()
    assert texts(await messages(desk)) == ["Hi", "Half whole." if goes_on else "Half "]


async def test_leaving_never_stops_where_the_operator_says_so(desk: Desk) -> None:
    desk.use(ServerOptions(stop_on_disconnect=False))
    desk.models.script = Gated(desk)
    async with desk.client.open("POST", f"{PATH}?leaving=stop", chat(said("Hi"))) as first:
        await first.until("Half ")
        first.leave()
    async with desk.client.open("GET", f"{PATH}/c1/stream") as second:
        await second.until("Half ")
        await desk.clock.advance(1000)
    assert text(second) == "Half whole."


async def test_a_failed_stop_is_for_the_log(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def stop(*_: Any, **__: Any) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(desk.mainspring.sessions, "stop", stop)
    desk.models.script = Gated(desk)
    async with desk.client.open("POST", f"{PATH}?leaving=stop", chat(said("Hi"))) as first:
        await first.until("Half ")
        first.leave()
    assert "was not stopped" in caplog.text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "VALIDATION_ERROR"),
        (chat(), 400, "VALIDATION_ERROR"),
        (chat({"id": "m", "role": "assistant", "parts": []}), 400, "VALIDATION_ERROR"),
        (chat(said("Hi"), triggerName="nothing"), 400, "VALIDATION_ERROR"),
        ({**chat(said("Hi")), "id": "x" * 257}, 400, "VALIDATION_ERROR"),
        (
            chat(
                {
                    "id": "m",
                    "role": "assistant",
                    "parts": [
                        {"type": "tool-a", "toolCallId": "a", "state": "output-available", "output": 1}
                    ],
                }
            ),
            404,
            "CHAT_NOT_FOUND",
        ),
    ],
)
async def test_what_is_refused(desk: Desk, body: Any, status: int, code: str) -> None:
    refused = await desk.client.post(PATH, body)
    assert (refused.status, refused.json["code"]) == (status, code)


async def test_outputs_nobody_waits_for(desk: Desk) -> None:
    await desk.client.post(PATH, chat(said("Hi")))
    part = {"type": "tool-a", "toolCallId": "a", "state": "output-available", "output": 1}
    refused = await desk.client.post(PATH, chat({"id": "m", "role": "assistant", "parts": [part]}))
    assert (refused.status, refused.json["code"]) == (409, "EXECUTION_OVER")
