"""People are asked by every client over HTTP, and answer there: allowed, changed, denied, too late, refused a token."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.asgi import Exchange
from tests.server.desk import Desk, chat_agent
from tests.server.test_ai_sdk import OPTIONAL, Asks, chat, messages, said

ASKING = OPTIONAL.replace(
    "      city: {type: string}\nagent:",
    "      city: {type: string}\n    policy: {approval: always, approvalTimeout: 1h}\nagent:",
)
CHAT, AG_UI, RESPONSES = "/api/chat/support", "/api/ag-ui/support", "/v1/responses"
HELLO = {"id": "u1", "role": "user", "content": "Weather?"}


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    assert ASKING != OPTIONAL
    desk.models.script = Asks()
    await desk.agent(chat_agent(protocol=ASKING))
    return desk


def of_type(leg: Exchange, kind: str) -> list[dict[str, Any]]:
    return [event for event in leg.events if event["type"] == kind]


# ---- the AI SDK


async def asked(desk: Desk) -> dict[str, Any]:
    """The assistant's message of a chat whose call waits for a person."""
    leg = await desk.client.post(CHAT, chat(said("Weather?")))
    assert leg.types[-3:] == ["tool-approval-request", "finish-step", "finish"]
    return dict((await messages(desk))[-1])


def replied(message: dict[str, Any], **answer: Any) -> dict[str, Any]:
    """The message as `addToolApprovalResponse` leaves it."""
    (call,) = [part for part in message["parts"] if part["type"] == "tool-get-weather"]
    assert call["state"] == "approval-requested"
    changed = {**call, "state": "approval-responded", "approval": {**call["approval"], **answer}}
    return {**message, "parts": [changed if part is call else part for part in message["parts"]]}


async def test_use_chat_allows_with_other_arguments(desk: Desk) -> None:
    message = replied(await asked(desk), approved=True)
    approval = message["parts"][-1]["approval"]["id"]
    body = chat(said("Weather?"), message, approvalInputs={approval: {"city": "Oslo"}})
    leg = await desk.client.post(CHAT, body)
    (_, call) = of_type(leg, "tool-input-available")
    assert (call["input"], call["providerExecuted"]) == ({"city": "Oslo"}, False)
    output = {"state": "output-available", "output": "warm", "providerExecuted": False}
    last = await desk.client.post(
        CHAT, chat(said("Weather?"), {**message, "parts": [{**message["parts"][-1], **output}]})
    )
    assert "".join(event["delta"] for event in of_type(last, "text-delta")) == "It is warm."


async def test_use_chat_denies_and_says_it_twice(desk: Desk) -> None:
    message = replied(await asked(desk), approved=False, reason="No.")
    for _ in range(2):
        leg = await desk.client.post(CHAT, chat(said("Weather?"), message))
        assert len(of_type(leg, "tool-output-denied")) == 1
        assert "They say: No." in "".join(event["delta"] for event in of_type(leg, "text-delta"))
    other = replied(
        {**message, "parts": [{**message["parts"][-1], "state": "approval-requested"}]}, approved=True
    )
    refused = await desk.client.post(CHAT, chat(said("Weather?"), other))
    assert refused.status == 409


async def test_what_others_answered_first_is_left_out_where_there_is_news(desk: Desk) -> None:
    message = replied(await asked(desk), approved=True)
    call = message["parts"][-1]
    session = (await desk.client.get("/api/agent-sessions")).json["sessions"][0]["id"]
    path = f"/api/agent-sessions/{session}/approvals/{call['approval']['id']}"
    assert (await desk.client.post(path, {"approved": True, "reason": "Yes."})).status == 200
    output = {**call, "state": "output-available", "output": "warm", "providerExecuted": False}
    last = await desk.client.post(CHAT, chat(said("Weather?"), {**message, "parts": [call, output]}))
    assert "".join(event["delta"] for event in of_type(last, "text-delta")) == "It is warm."


async def test_a_chat_that_is_resumed_asks_again(desk: Desk) -> None:
    await asked(desk)
    resumed = await desk.client.get(f"{CHAT}/c1/stream")
    assert resumed.types[-3:] == ["tool-approval-request", "finish-step", "finish"]


# ---- AG-UI


def run(number: int, *talk: Any, **more: Any) -> dict[str, Any]:
    return {"threadId": "c1", "runId": f"r{number}", "messages": list(talk), **more}


async def interrupted(desk: Desk) -> dict[str, Any]:
    leg = await desk.client.post(AG_UI, run(1, HELLO))
    outcome = leg.events[-1]["outcome"]
    assert outcome["type"] == "interrupt"
    (interrupt,) = outcome["interrupts"]
    return dict(interrupt)


def resume(interrupt: dict[str, Any], **payload: Any) -> dict[str, Any]:
    return {"interruptId": interrupt["id"], "status": "resolved", "payload": payload}


async def test_ag_ui_resumes_with_other_arguments(desk: Desk) -> None:
    interrupt = await interrupted(desk)
    calls = {"id": "a1", "role": "assistant", "toolCalls": []}
    entry = resume(interrupt, approved=True, editedArgs={"city": "Oslo"})
    leg = await desk.client.post(AG_UI, run(2, HELLO, calls, resume=[entry]))
    assert leg.events[-1]["outcome"]["pendingToolCallIds"] == [interrupt["toolCallId"]]
    (told,) = [event["value"] for event in of_type(leg, "CUSTOM") if event["name"] == "approval-response"]
    assert told["input"] == {"city": "Oslo"}
    result = {"id": "t1", "role": "tool", "toolCallId": interrupt["toolCallId"], "content": "warm"}
    last = await desk.client.post(AG_UI, run(3, HELLO, calls, result))
    assert last.events[-1]["outcome"] == {"type": "success"}


async def test_ag_ui_cancels_in_time_and_too_late(desk: Desk) -> None:
    interrupt = await interrupted(desk)
    entry = {"interruptId": interrupt["id"], "status": "cancelled"}
    leg = await desk.client.post(AG_UI, run(2, resume=[entry]))
    (result,) = of_type(leg, "TOOL_CALL_RESULT")
    assert result["content"] == "Not run: a person denied this call."
    again = await desk.client.post(AG_UI, run(3, resume=[entry]))
    assert again.types == ["RUN_STARTED", "MESSAGES_SNAPSHOT", "RUN_FINISHED"]
    late = await desk.client.post(AG_UI, run(4, resume=[resume(interrupt, approved=True)]))
    assert late.status == 409


async def test_a_reader_of_ag_ui_that_returns_is_asked_again(desk: Desk) -> None:
    interrupt = await interrupted(desk)
    again = await desk.client.post(AG_UI, run(2))
    assert again.events[-1]["outcome"]["interrupts"][0]["id"] == interrupt["id"]
    unknown = await desk.client.post(
        AG_UI, {**run(3, resume=[resume(interrupt, approved=True)]), "threadId": "x"}
    )
    assert (unknown.status, unknown.json["code"]) == (404, "THREAD_NOT_FOUND")


# ---- OpenAI


async def respond(desk: Desk, given: Any, **more: Any) -> dict[str, Any]:
    answer = await desk.client.post(RESPONSES, {"model": "agent:support", "input": given, **more})
    assert answer.status == 200, answer.body
    return dict(answer.json)


async def test_responses_ask_and_are_answered(desk: Desk) -> None:
    first = await respond(desk, "Weather?")
    (request,) = first["output"]
    assert (request["type"], request["name"], request["arguments"]) == (
        "mcp_approval_request",
        "get-weather",
        '{"city":"Rome"}',
    )
    answer = {"type": "mcp_approval_response", "approval_request_id": request["id"], "approve": True}
    second = await respond(desk, [answer], previous_response_id=first["id"])
    (call,) = second["output"]
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "warm"}
    third = await respond(desk, [output], previous_response_id=second["id"])
    assert third["output"][0]["content"][0]["text"] == "It is warm."
    read = await desk.client.get(f"{RESPONSES}/{second['id']}")
    assert read.json["output"] == second["output"]
    alone = await respond(desk, "Weather?")
    denied = {**answer, "approval_request_id": alone["output"][0]["id"], "approve": False, "reason": "No."}
    without = await respond(desk, [denied])
    assert [item["type"] for item in without["output"]] == ["mcp_call", "message"]
    nameless = {**answer, "approval_request_id": "mcpr_apr_1"}
    refused = await desk.client.post(RESPONSES, {"model": "agent:support", "input": [nameless]})
    assert refused.status == 400


async def test_a_completion_ends_where_a_person_is_asked(desk: Desk) -> None:
    body = {"model": "agent:support", "messages": [{"role": "user", "content": "Weather?"}]}
    answer = await desk.client.post("/v1/chat/completions", body)
    (choice,) = answer.json["choices"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("stop", None)


# ---- tokens


async def test_a_token_answers_on_no_wire(desk: Desk) -> None:
    message = replied(await asked(desk), approved=True)
    session = (await desk.client.get("/api/agent-sessions")).json["sessions"][0]["id"]
    minted = await desk.client.post("/api/tokens", {"agentId": "support", "sessionId": session})
    headers = {"authorization": f"Bearer {minted.json['token']}"}
    body = {**chat(said("Weather?"), message), "id": session}
    by_chat = await desk.client.post(CHAT, body, headers=headers)
    entry = {"interruptId": "apr_1", "status": "cancelled"}
    by_run = await desk.client.post(AG_UI, {**run(1, resume=[entry]), "threadId": session}, headers=headers)
    for refused in (by_chat, by_run):
        assert (refused.status, "approval requests" in refused.json["error"]) == (403, True)
