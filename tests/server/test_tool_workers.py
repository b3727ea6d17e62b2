"""Connected workers over HTTP: a call goes out and its answer comes back, each once, to its own project alone."""

import asyncio
from typing import Any

from mainspring.runtime.tool_calls import ToolCall, ToolOutcome
from mainspring.testing.clock import settle
from tests.server.desk import Desk

WORKERS = "/api/tool-workers"
TOOLS = [{"name": "get-weather", "inputSchema": {"type": "object"}}]
ANSWER: dict[str, Any] = {"callId": "call_1", "sessionId": "ses_1", "executionId": "exe_1", "result": "sunny"}


def call() -> ToolCall:
    """A call of the first project."""
    return ToolCall(
        call_id="call_1",
        attempt=1,
        tool="get-weather",
        args={"city": "Rome"},
        project_id="first",
        session_id="ses_1",
        execution_id="exe_1",
        agent="support",
    )


async def answered(desk: Desk, answer: dict[str, Any]) -> dict[str, Any]:
    """What is said to one answer."""
    told = await desk.client.post(f"{WORKERS}/w1/answers", {"answers": [answer]})
    assert told.status == 200, told.json
    (one,) = told.json["answers"]
    return dict(one)


async def test_a_call_goes_out_and_its_answer_comes_back(desk: Desk) -> None:
    calls = desk.mainspring.calls
    welcome = await desk.client.post(WORKERS, {"workerId": "w1", "name": "one", "tools": TOOLS})
    assert welcome.json == {"lease": 15.0, "heartbeat": 5.0, "poll": 20.0}
    giving = asyncio.ensure_future(calls.give(call()))
    await settle()
    pulled = (await desk.client.post(f"{WORKERS}/w1/pull", {"number": 1})).json
    assert [(one["callId"], one["args"]) for one in pulled["calls"]] == [("call_1", {"city": "Rome"})]
    assert (await desk.client.post(f"{WORKERS}/w1/heartbeat", {"running": ["call_1"]})).json == {}
    posting = asyncio.ensure_future(answered(desk, ANSWER))
    assert await giving == ToolOutcome(output="sunny")
    calls.settled(call(), durable=True)
    assert await posting == {"callId": "call_1"}
    assert await answered(desk, ANSWER) == {"callId": "call_1"}
    assert (await answered(desk, {**ANSWER, "result": "rain"}))["status"] == 409
    assert (await answered(desk, {**ANSWER, "callId": "call_2"}))["status"] == 404
    listed = (await desk.client.get(WORKERS)).json["workers"]
    assert [(one["name"], one["tools"]) for one in listed] == [("one", ["get-weather"])]
    assert (await desk.client.post(f"{WORKERS}/w1/leave", {})).status == 200
    assert (await desk.client.post(f"{WORKERS}/w1/leave", {})).status == 200


async def test_what_is_refused(desk: Desk) -> None:
    unknown = await desk.client.post(f"{WORKERS}/w1/pull", {"number": 1})
    assert (unknown.status, unknown.json["code"]) == (404, "WORKER_UNKNOWN")
    await desk.client.post(WORKERS, {"workerId": "w1", "tools": TOOLS})
    assert (await desk.stranger.post(f"{WORKERS}/w1/pull", {"number": 1})).status == 404
    for path, body in (
        ("", {"workerId": "", "tools": []}),
        ("", {"workerId": "w1", "tools": [{"name": ""}]}),
        ("", {"tools": []}),
        ("/w1/pull", {"number": 0}),
        ("/w1/pull", {"number": 1, "most": 0}),
        ("/w1/answers", {"answers": [{}] * 2}),
        ("/w1/answers", {"answers": [ANSWER] * 1001}),
    ):
        assert (await desk.client.post(WORKERS + path, body)).status == 400, (path, body)
