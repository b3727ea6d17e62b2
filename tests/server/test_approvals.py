"""Approvals over HTTP: what waits is listed, an answer counts once, a leg ends where only people move it on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mainspring.providers.scripted import Call
from tests.server.asgi import Exchange
from tests.server.desk import CHAT, Desk, chat_agent, trigger

ASKING = CHAT.replace(
    "      city: {type: string}\nagent:",
    "      city: {type: string}\n    policy: {approval: always, approvalTimeout: 1h}\nagent:",
)
NEWER = {"x-octavus-sdk-version": "4"}


async def ask_weather(request: Any) -> AsyncIterator[Any]:
    if request.messages[-1].role == "tool":
        part = request.messages[-1].parts[0]
        yield f"So: {part.error or part.output}"
    else:
        yield Call("get-weather", {"city": "Oslo"})


async def asked(desk: Desk) -> tuple[str, Exchange]:
    """A session whose call waits for a person, and the leg that ended there."""
    desk.models.script = ask_weather
    agent = await desk.agent(chat_agent("asking", ASKING))
    made = await desk.client.post("/api/agent-sessions", {"agentId": agent, "input": {"COMPANY": "Acme"}})
    session = str(made.json["sessionId"])
    return session, await desk.say(session, headers=NEWER)


def request_of(leg: Exchange) -> dict[str, Any]:
    (found,) = [event for event in leg.events if event["type"] == "tool-approval-request"]
    return dict(found)


async def test_a_leg_ends_where_only_people_move_it_on(desk: Desk) -> None:
    session, leg = await asked(desk)
    found = request_of(leg)
    assert (found["toolName"], found["input"]) == ("get-weather", {"city": "Oslo"})
    assert leg.events[-1]["finishReason"] == "tool-calls"
    listed = await desk.client.get(f"/api/agent-sessions/{session}/approvals")
    assert listed.json["approvals"] == [
        {key: value for key, value in {**found, "kind": "approval"}.items() if key != "type"}
    ]


async def test_an_answer_counts_once(desk: Desk) -> None:
    session, leg = await asked(desk)
    path = f"/api/agent-sessions/{session}/approvals/{request_of(leg)['approvalId']}"
    denied = {"approved": False, "reason": "No."}
    first = await desk.client.post(path, denied)
    assert (first.status, first.json["changed"]) == (200, True)
    again = await desk.client.post(path, denied)
    assert (again.status, again.json["changed"]) == (200, False)
    other = await desk.client.post(path, {"approved": True})
    assert (other.status, other.json["code"]) == (409, "APPROVAL_CONFLICT")
    unknown = await desk.client.post(f"/api/agent-sessions/{session}/approvals/apr_x", denied)
    assert (unknown.status, unknown.json["code"]) == (404, "APPROVAL_NOT_FOUND")
    stranger = await desk.stranger.post(path, denied)
    assert stranger.status == 404
    empty = await desk.client.get(f"/api/agent-sessions/{session}/approvals")
    assert empty.json["approvals"] == []


@pytest.mark.parametrize("body", [{}, {"approved": "yes"}, {"approved": True, "input": []}])
async def test_an_answer_has_a_shape(desk: Desk, body: dict[str, Any]) -> None:
    session, leg = await asked(desk)
    path = f"/api/agent-sessions/{session}/approvals/{request_of(leg)['approvalId']}"
    assert (await desk.client.post(path, body)).status == 400


async def test_changed_arguments_have_to_fit(desk: Desk) -> None:
    session, leg = await asked(desk)
    path = f"/api/agent-sessions/{session}/approvals/{request_of(leg)['approvalId']}"
    wrong = await desk.client.post(path, {"approved": True, "input": {"city": 3}})
    assert wrong.status == 400
    assert "args.city" in wrong.json["error"]


async def test_an_answer_goes_on_with_the_turn(desk: Desk) -> None:
    session, leg = await asked(desk)
    answer = {"approvalId": request_of(leg)["approvalId"], "approved": True, "input": {"city": "Rome"}}
    body = {
        **trigger(),
        "executionId": leg.events[0]["executionId"],
        "toolResults": [],
        "approvals": [answer],
    }
    path = f"/api/agent-sessions/{session}/trigger"
    goes_on = await desk.client.post(path, body, headers=NEWER)
    (call,) = next(event for event in goes_on.events if event["type"] == "tool-request")["toolCalls"]
    assert call["args"] == {"city": "Rome"}
    again = await desk.client.post(path, body, headers=NEWER)
    assert [event["type"] for event in again.events] == [event["type"] for event in goes_on.events]
    twice = await desk.client.post(path, {**body, "approvals": [answer, answer]})
    assert twice.status == 400
    results = [{"toolCallId": call["toolCallId"], "result": "warm"}]
    last = await desk.client.post(path, {**body, "approvals": [], "toolResults": results}, headers=NEWER)
    assert "".join(event["delta"] for event in last.events if event["type"] == "text-delta") == "So: warm"


async def test_time_denies_what_nobody_answers(desk: Desk) -> None:
    session, _ = await asked(desk)
    await desk.clock.advance(3600.0)
    while True:
        shown = await desk.client.get(f"/api/agent-sessions/{session}/export")
        if "nobody allowed this call in time" in shown.body.decode():
            break
        await desk.clock.advance(1.0)
    listed = await desk.client.get(f"/api/agent-sessions/{session}/approvals")
    assert listed.json["approvals"] == []


async def test_a_client_of_version_2_sees_the_leg_end(desk: Desk) -> None:
    desk.models.script = ask_weather
    agent = await desk.agent(chat_agent("asking", ASKING))
    made = await desk.client.post("/api/agent-sessions", {"agentId": agent, "input": {"COMPANY": "Acme"}})
    leg = await desk.say(str(made.json["sessionId"]))
    assert "tool-approval-request" not in [event["type"] for event in leg.events]
    assert leg.events[-1]["type"] == "finish"


async def test_a_token_answers_no_approvals(desk: Desk) -> None:
    session, leg = await asked(desk)
    agent = (await desk.client.get(f"/api/agent-sessions/{session}")).json["agentId"]
    minted = await desk.client.post("/api/tokens", {"agentId": agent, "sessionId": session})
    token = str(minted.json["token"])
    approval = request_of(leg)["approvalId"]
    answer = {"approvalId": approval, "approved": True}
    body = {"executionId": leg.events[0]["executionId"], "toolResults": [], "approvals": [answer]}
    headers = {"authorization": f"Bearer {token}"}
    direct = await desk.client.post(
        f"/api/agent-sessions/{session}/approvals/{approval}", {"approved": True}, headers=headers
    )
    assert direct.status == 403
    refused = await desk.client.post(f"/api/agent-sessions/{session}/trigger", body, headers=headers)
    assert refused.status == 403
