"""AG-UI over HTTP: threads, tools of the client, a reader that returns, one that leaves, what is refused."""

from typing import Any

import pytest

from tests.server.desk import Desk, chat_agent
from tests.server.test_ai_sdk import OPTIONAL, Asks, Gated, chat, messages, said, texts

PATH = "/api/ag-ui/support"


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    await desk.agent(chat_agent(protocol=OPTIONAL))
    return desk


def run(*messages: Any, number: int = 1, **more: Any) -> dict[str, Any]:
    return {"threadId": "c1", "runId": f"r{number}", "messages": list(messages), **more}


def user(text: str, number: int = 1) -> dict[str, Any]:
    return {"id": f"u{number}", "role": "user", "content": text}


async def test_a_thread_is_a_session_that_other_wires_know(desk: Desk) -> None:
    first = await desk.client.post(PATH, run(user("Hi"), forwardedProps={"input": {"COMPANY": "Springs"}}))
    assert first.status == 200
    assert first.types[0] == "RUN_STARTED"
    assert first.types[-1] == "RUN_FINISHED"
    assert (first.events[0]["threadId"], first.events[0]["runId"]) == ("c1", "r1")
    again = await desk.client.post(PATH, run(user("Hi"), number=2))
    assert [event["type"] for event in again.events] == first.types
    await desk.client.post("/api/chat/support", chat(said("And?", 2)))
    assert texts(await messages(desk)) == ["Hi", "Hello there", "And?", "Hello there"]


async def test_a_tool_of_the_client(desk: Desk) -> None:
    desk.models.script = Asks()
    asked = await desk.client.post(PATH, run(user("Weather?")))
    (call,) = asked.events[-1]["outcome"]["pendingToolCallIds"]
    result = {"id": "t1", "role": "tool", "toolCallId": call, "content": "warm"}
    other = {"id": "t0", "role": "tool", "toolCallId": "of-another-turn", "content": "cold"}
    told = await desk.client.post(PATH, run(user("Weather?"), other, result, number=2))
    said_then = [event["delta"] for event in told.events if event["type"] == "TEXT_MESSAGE_CONTENT"]
    assert "".join(said_then) == "It is warm."
    unknown = await desk.client.post(PATH, {**run(result), "threadId": "other"})
    assert (unknown.status, unknown.json["code"]) == (404, "THREAD_NOT_FOUND")


async def test_a_reader_that_returns(desk: Desk) -> None:
    nothing = await desk.client.post(PATH, run())
    assert [event["type"] for event in nothing.events] == [
        "RUN_STARTED",
        "MESSAGES_SNAPSHOT",
        "RUN_FINISHED",
    ]
    assert nothing.events[1]["messages"] == []
    await desk.client.post(PATH, run(user("Hi")))
    later = await desk.client.post(PATH, run(number=2))
    assert [message["content"] for message in later.events[1]["messages"]] == ["Hi", "Hello there"]


async def test_a_reader_that_returns_in_the_middle(desk: Desk) -> None:
    await desk.client.post(PATH, run(user("One")))
    desk.models.script = Gated(desk)
    async with desk.client.open("POST", PATH, run(user("Two", 2), number=2)) as first:
        await first.until("Half ")
        async with desk.client.open("POST", PATH, run(number=3)) as second:
            await second.until("Half ")
            await desk.clock.advance(1000)
    assert [message["content"] for message in second.events[1]["messages"]] == ["One", "Hello there"]
    assert second.events[2:-1] == first.events[1:-1]


async def test_leaving_stops_the_turn(desk: Desk) -> None:
    desk.models.script = Gated(desk)
    async with desk.client.open("POST", PATH, run(user("Hi"))) as first:
        await first.until("Half ")
        first.leave()
    session = first.events[0]["metadata"]["sessionId"]
    async with desk.client.open("GET", f"/api/agent-sessions/{session}/events") as journal:
        await journal.until('"type":"usage"')
        journal.leave()
    assert texts(await messages(desk)) == ["Hi", "Half "]


async def test_what_is_refused(desk: Desk) -> None:
    for body in ({}, run({"role": "king"}), run(user("")), {**run(user("Hi")), "threadId": "x" * 257}):
        refused = await desk.client.post(PATH, body)
        assert (refused.status, refused.json["code"]) == (400, "VALIDATION_ERROR")
