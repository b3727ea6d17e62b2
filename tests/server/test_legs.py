"""Turns over HTTP: triggers, tool results, workers, and what leaving them does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mainspring.model.generation import ModelRequest
from mainspring.providers.scripted import Call, Fail
from mainspring.server.options import ServerOptions
from tests.server.asgi import Exchange
from tests.server.desk import Desk, trigger, until, worker_agent

NEWER = {"x-octavus-sdk-version": "4"}
OFFERED = {"name": "get-weather", "description": "Looks up the weather", "inputSchema": {"type": "object"}}


class Model:
    """Says one word, then waits until it may go on; counts how often it was asked and cut."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.asked = 0
        self.cut = 0

    async def __call__(self, request: ModelRequest) -> AsyncIterator[str]:
        self.asked += 1
        yield "One "
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cut += 1
            raise
        yield "two"


async def ask_weather(request: ModelRequest) -> AsyncIterator[str | Call]:
    """Calls the tool, then says that it is done."""
    if request.messages[-1].role == "tool":
        yield "It is cold"
    else:
        yield Call("get-weather", {"city": "Oslo"}, split=4)


def results(exchange: Exchange, **given: Any) -> dict[str, Any]:
    """What the SDK posts to answer the calls of a leg: the first request again, with the results."""
    request = next(event for event in exchange.events if event["type"] == "tool-request")
    answers = [{"toolCallId": call["toolCallId"], "result": {"celsius": -5}} for call in request["toolCalls"]]
    return {**trigger(), "executionId": exchange.events[0]["executionId"], "toolResults": answers, **given}


async def test_a_turn_streams(desk: Desk) -> None:
    session = await desk.session()
    answer = await desk.say(session)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-cache", "no")
    assert answer.sends[0].startswith(b'data: {"type":"start"')
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert (answer.types[0], answer.types[-1]) == ("start", "finish")
    assert "".join(event.get("delta", "") for event in answer.events) == "Hello there"


async def test_the_answer_begins_before_the_model_has_said_anything(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    path = f"/api/agent-sessions/{session}/trigger"
    async with desk.client.open("POST", path, trigger()) as answer:
        await answer.until('"start"')
        await answer.until("One ")
        assert not answer.complete
        model.go_on.set()
    assert answer.types[-1] == "finish"


@pytest.mark.parametrize("headers", [{}, NEWER], ids=["older", "newer"])
async def test_a_tool_round(desk: Desk, headers: dict[str, str]) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    first = await desk.say(session, headers=headers)
    assert first.types[-2:] == ["tool-request", "finish"]
    assert first.events[-1]["finishReason"] == "tool-calls"
    deltas = first.types.count("tool-input-delta")
    assert (deltas == 1) is (headers == {})
    body = results(first, dynamicToolSchemas=[OFFERED])
    path = f"/api/agent-sessions/{session}/trigger"
    second = await desk.client.post(path, body, headers=headers)
    assert second.events[0]["executionId"] == first.events[0]["executionId"]
    assert (second.types[0], second.types[-1]) == ("start", "finish")
    assert "tool-output-available" not in second.types
    again = await desk.client.post(path, body, headers=headers)
    assert again.body == second.body
    messages = (await desk.client.get(f"/api/agent-sessions/{session}?format=ui")).json["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant"]


async def test_a_browser_is_asked_directly(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    path = f"/api/agent-sessions/{session}/trigger?clientTools=direct"
    answer = await desk.client.post(path, trigger())
    assert answer.types[-2:] == ["client-tool-request", "finish"]
    assert answer.events[-1]["finishReason"] == "client-tool-calls"


async def test_create_and_trigger_at_once(desk: Desk) -> None:
    await desk.agent()
    body = {"agentId": "support", "input": {"COMPANY": "Acme"}, "idempotencyKey": "k1", "trigger": trigger()}
    first = await desk.client.post("/api/agent-sessions/start", body, headers=NEWER)
    again = await desk.client.post("/api/agent-sessions/start", body, headers=NEWER)
    session = first.headers["x-octavus-session-id"]
    assert (first.events[0]["sessionId"], first.types[-1]) == (session, "finish")
    assert again.headers["x-octavus-session-id"] == session
    assert again.body == first.body
    other = await desk.client.post("/api/agent-sessions/start", {**body, "idempotencyKey": "k2"})
    assert other.headers["x-octavus-session-id"] != session


async def test_a_worker(desk: Desk) -> None:
    agent = await desk.agent(worker_agent())
    body = {"type": "start", "input": {"TOPIC": "tides"}}
    answer = await desk.client.post(f"/api/agents/{agent}/execute", body, headers=NEWER)
    assert answer.status == 200, answer.body
    assert answer.types[:2] == ["start", "worker-start"]
    assert answer.types[-3:] == ["worker-result", "finish", "usage"]
    assert answer.events[-3]["output"] == "Hello there"
    again = {"type": "continue", "executionId": answer.events[0]["executionId"], "toolResults": []}
    refused = await desk.client.post(f"/api/agents/{agent}/execute", again)
    assert 400 <= refused.status < 500, refused.body


async def test_a_worker_with_a_tool_round(desk: Desk) -> None:
    desk.models.script = ask_weather
    agent = await desk.agent(worker_agent())
    path = f"/api/agents/{agent}/execute"
    body = {"type": "start", "input": {"TOPIC": "tides"}, "dynamicToolSchemas": [OFFERED]}
    first = await desk.client.post(path, body, headers=NEWER)
    assert first.types[-2:] == ["tool-request", "finish"], first.body
    second = await desk.client.post(path, results(first, type="continue"), headers=NEWER)
    assert (second.types[0], second.types.count("worker-start")) == ("start", 0)
    assert second.types[-3:] == ["worker-result", "finish", "usage"]
    stranger = await desk.stranger.post(path, results(first, type="continue"), headers=NEWER)
    assert stranger.status == 404


async def test_a_worker_and_a_chat_are_not_each_other(desk: Desk) -> None:
    chat = await desk.agent()
    answer = await desk.client.post(f"/api/agents/{chat}/execute", {"type": "start", "input": {}})
    assert answer.status == 400


async def test_a_failing_model_is_an_event(desk: Desk) -> None:
    async def script(request: ModelRequest) -> AsyncIterator[Fail]:
        yield Fail(message="Slow down", status=400)

    desk.models.script = script
    session = await desk.session()
    answer = await desk.say(session)
    assert (answer.status, answer.types[-1]) == (200, "error")
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert (await desk.say(session)).status == 200


async def test_leaving_stops_the_execution(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    async with desk.client.open("POST", f"/api/agent-sessions/{session}/trigger", trigger()) as answer:
        await answer.until("One ")
        answer.leave()
    await until(lambda: model.cut == 1)
    assert model.asked == 1
    listed = (await desk.client.get("/api/agent-sessions")).json["sessions"][0]
    assert "executionId" not in listed
    messages = (await desk.client.get(f"/api/agent-sessions/{session}?format=ui")).json["messages"]
    assert [(message["role"], message["status"]) for message in messages] == [
        ("user", "done"),
        ("assistant", "done"),
    ]
    assert messages[1]["parts"][-1]["text"] == "One "
    assert len(desk.app.seats) == 0


async def test_leaving_stops_nothing_if_the_operator_says_so(desk: Desk) -> None:
    desk.use(ServerOptions(stop_on_disconnect=False))
    model = Model()
    desk.models.script = model
    session = await desk.session()
    async with desk.client.open("POST", f"/api/agent-sessions/{session}/trigger", trigger()) as answer:
        await answer.until("One ")
        answer.leave()
    model.go_on.set()
    async with desk.client.open("GET", f"/api/agent-sessions/{session}/events") as following:
        await following.until('"finish"')
        following.leave()
    assert model.cut == 0
    assert "".join(event.get("delta", "") for event in following.events) == "One two"


async def test_leaving_after_the_end_stops_nothing(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    path = f"/api/agent-sessions/{session}/trigger"
    async with desk.client.open("POST", path, trigger()) as first:
        await first.until("[DONE]")
        first.leave()
    second = await desk.client.post(path, results(first))
    assert second.types[-1] == "finish"


async def test_a_busy_session(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    path = f"/api/agent-sessions/{session}/trigger"
    async with desk.client.open("POST", path, trigger()) as first:
        await first.until("One ")
        asleep = desk.clock.sleepers
        second = asyncio.ensure_future(desk.say(session))
        await until(lambda: desk.clock.sleepers > asleep)
        await desk.clock.advance(3)
        refused = await second
        assert (refused.status, refused.json["code"]) == (429, "SESSION_BUSY")
        assert int(refused.headers["retry-after"]) >= 1
        model.go_on.set()
    assert first.types[-1] == "finish"


async def test_what_is_being_said_is_shown_to_who_comes_in_between(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    path = f"/api/agent-sessions/{session}"
    async with desk.client.open("POST", f"{path}/trigger", trigger()) as answer:
        await answer.until("One ")
        shown = (await desk.client.get(f"{path}?format=ui")).json["messages"][-1]
        assert (shown["role"], shown["status"]) == ("assistant", "streaming")
        assert shown["parts"][0]["text"].startswith("One ")
        model.go_on.set()
    assert answer.types[-1] == "finish"


async def test_stopping_by_request(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    path = f"/api/agent-sessions/{session}"
    async with desk.client.open("POST", f"{path}/trigger", trigger()) as answer:
        await answer.until("One ")
        other = await desk.client.post(f"{path}/stop", {"executionId": "exe_other"})
        assert other.json == {"sessionId": session, "stopped": False}
        stopped = await desk.client.post(f"{path}/stop")
        assert stopped.json == {"sessionId": session, "stopped": True}
    assert answer.types[-1] == "finish"
    assert (await desk.client.post(f"{path}/stop", {})).json == {"sessionId": session, "stopped": False}
    assert (await desk.client.post(f"{path}/stop", {"executionId": 7})).status == 400


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"triggerName": "nobody"}, 400),
    ({"triggerName": 7}, 400),
    ({"triggerName": ""}, 400),
    ({"triggerName": "user-message", "input": []}, 400),
    ({"triggerName": "user-message"}, 400),
    ({"triggerName": "user-message", "input": {"USER_MESSAGE": 7}}, 400),
    ({"toolResults": [{"toolCallId": "x"}]}, 400),
    ({"executionId": "exe_unknown", "toolResults": []}, 404),
    ({"executionId": 7}, 400),
    ({"executionId": "exe_unknown", "toolResults": [{"result": 1}]}, 400),
    ({**trigger(), "sender": "me"}, 400),
    ({**trigger(), "dynamicToolSchemas": [{"name": "x"}]}, 400),
    ({**trigger(), "rollbackAfterMessageId": 7}, 400),
]


@pytest.mark.parametrize(("body", "status"), REFUSED, ids=range(len(REFUSED)))
async def test_refused_triggers(desk: Desk, body: dict[str, Any], status: int) -> None:
    session = await desk.session()
    answer = await desk.client.post(f"/api/agent-sessions/{session}/trigger", body)
    assert (answer.status, set(answer.json)) == (status, {"error", "code"}), answer.body
    assert len(desk.app.seats) == 0
    assert (await desk.say(session)).types[-1] == "finish"


async def test_a_continuation_of_four_megabytes(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    first = await desk.say(session)
    body = results(first)
    body["toolResults"][0]["result"] = {"page": "x" * 4_200_000}
    second = await desk.client.post(f"/api/agent-sessions/{session}/trigger", body)
    assert second.status == 200
    assert second.types[-1] == "finish"
