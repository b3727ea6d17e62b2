"""Legs with cursors: the answer of a reader that comes back, and what its leaving does not do."""

import asyncio
from typing import Any

import pytest

from tests.server.asgi import Exchange
from tests.server.desk import Desk, trigger
from tests.server.test_legs import Model, ask_weather, results


def cursors(exchange: Exchange) -> list[int]:
    """The cursors of the answer, in order."""
    lines = exchange.body.decode().split("\n")
    return [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")]


async def post(desk: Desk, session: str, body: dict[str, Any], query: str = "") -> Exchange:
    return await desk.client.post(f"/api/agent-sessions/{session}/trigger?format=events{query}", body)


async def test_a_turn_with_cursors(desk: Desk) -> None:
    session = await desk.session()
    answer = await post(desk, session, trigger())
    after = int(answer.headers["x-mainspring-cursor"])
    assert answer.headers["x-mainspring-session-id"] == session
    assert answer.headers["x-mainspring-execution-id"] == answer.events[0]["executionId"]
    assert (answer.types[0], answer.types[-1]) == ("start", "usage")
    journal = await desk.client.get(f"/api/agent-sessions/{session}/events?after={after}&follow=false")
    assert answer.body == journal.body.removeprefix(b"retry: 1000\n\n")
    assert "x-mainspring-execution-id" not in journal.headers


async def test_a_tool_round_with_cursors(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    first = await post(desk, session, trigger())
    assert first.types[-1] == "tool-request"
    waiting = await desk.client.get(f"/api/agent-sessions/{session}/events?follow=false")
    assert waiting.headers["x-mainspring-execution-id"] == first.events[0]["executionId"]
    second = await post(desk, session, results(first), f"&after={cursors(first)[-1]}")
    assert (second.types[0], second.types[-1]) == ("tool-output-available", "usage")
    # What was seen twice is told once, and what is repeated is the same answer.
    again = await post(desk, session, results(first), f"&after={cursors(first)[-1]}")
    assert again.body == second.body
    earlier = await post(desk, session, results(first), f"&after={cursors(first)[-2]}")
    assert earlier.types == ["tool-request", *second.types]
    later = await post(desk, session, results(first), "&after=100000")
    assert later.body == second.body


async def test_a_repeated_trigger_is_the_same_turn(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    body = {**trigger(), "idempotencyKey": "once"}
    first = await post(desk, session, body)
    again = await post(desk, session, body)
    assert again.body == first.body
    rest = await post(desk, session, results(first))
    whole = await post(desk, session, body)
    assert whole.types == [*first.types, *rest.types]
    legs = await desk.client.post(f"/api/agent-sessions/{session}/trigger", body)
    assert legs.types[-1] == "finish"
    messages = (await desk.client.get(f"/api/agent-sessions/{session}?format=ui")).json["messages"]
    assert len(messages) == 2


async def test_leaving_cancels_nothing(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    path = f"/api/agent-sessions/{session}/trigger?format=events"
    async with desk.client.open("POST", path, trigger()) as answer:
        await answer.until("One ")
        answer.leave()
    model.go_on.set()
    async with desk.client.open("GET", f"/api/agent-sessions/{session}/events") as journal:
        await asyncio.wait_for(journal.until('"usage"'), 5)
        journal.leave()
    assert model.cut == 0
    assert "two" in journal.body.decode()


@pytest.mark.parametrize("query", ["format=xml", "format=events&after=-1", "after=x"])
async def test_a_bad_query_begins_nothing(desk: Desk, query: str) -> None:
    session = await desk.session()
    answer = await desk.client.post(f"/api/agent-sessions/{session}/trigger?{query}", trigger())
    assert answer.status == 400
    assert (await desk.client.get(f"/api/agent-sessions/{session}?format=ui")).json["messages"] == []


async def test_a_worker_with_cursors(desk: Desk) -> None:
    from tests.server.desk import worker_agent

    agent = await desk.agent(worker_agent())
    body = {"type": "start", "input": {"TOPIC": "Oslo"}}
    answer = await desk.client.post(f"/api/agents/{agent}/execute?format=events", body)
    assert answer.types[-2:] == ["finish", "usage"]
    assert answer.headers["x-mainspring-session-id"] == answer.headers["x-mainspring-execution-id"]
