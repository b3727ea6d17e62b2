"""Ephemeral tokens: minted with a key, narrow on every route, gone in time, by revocation, and with their key."""

from typing import Any

import pytest

from mainspring.runtime.tokens import LONGEST
from mainspring.server.operation import Operation
from mainspring.server.routes import OPERATIONS
from mainspring.wires.ui_messages import iso
from tests.server.asgi import Client, Exchange
from tests.server.desk import Desk, chat_agent, trigger, until, worker_agent
from tests.server.test_access import UNKNOWN, path_of
from tests.server.test_legs import Model, ask_weather, results

SESSIONS = "/api/agent-sessions"


async def minted(desk: Desk, **members: Any) -> Exchange:
    return await desk.client.post("/api/tokens", {"agentId": "support", **members})


async def browser(desk: Desk, **members: Any) -> Client:
    """Who holds a token and nothing else."""
    made = await minted(desk, **members)
    assert made.status == 201, made.body
    return Client(desk.app, made.json["token"])


def code(answer: Exchange) -> tuple[int, str]:
    return answer.status, answer.code


async def test_a_token_runs_the_sessions_of_its_agent_and_reads_them(desk: Desk) -> None:
    await desk.agent()
    client = await browser(desk)
    made = await client.post(SESSIONS, {"agentId": "support", "input": {"COMPANY": "Acme"}})
    session = made.json["sessionId"]
    said = await client.post(f"{SESSIONS}/{session}/trigger", trigger())
    assert said.types[-1] == "finish"
    assert len((await client.get(f"{SESSIONS}/{session}?format=ui")).json["messages"]) == 2
    assert (await client.get(f"{SESSIONS}/{session}/events?follow=false")).types[-1] == "usage"
    assert (await client.post(f"{SESSIONS}/{session}/stop", {})).json["stopped"] is False
    body = {"agentId": "support", "input": {"COMPANY": "Acme"}, "trigger": trigger()}
    assert (await client.post(f"{SESSIONS}/start", body)).types[-1] == "finish"


async def test_what_a_token_looks_like(desk: Desk) -> None:
    session = await desk.session()
    made = await minted(desk, sessionId=session, ttlSeconds=60)
    assert made.json["token"].startswith("oct_et_")
    assert len(made.json["token"]) >= 7 + 44
    assert made.json["sessionId"] == session
    assert made.json["expiresAt"] == iso(desk.clock.now() + 60)
    assert made.json["jti"].startswith("tok_")


KEYS_ONLY = [operation for operation in OPERATIONS if operation.scopes is not None and operation.gate is None]
GATED = [operation for operation in OPERATIONS if operation.gate is not None]


@pytest.mark.parametrize("operation", KEYS_ONLY, ids=lambda operation: operation.name)
async def test_what_needs_a_key_is_closed_to_tokens(desk: Desk, operation: Operation) -> None:
    session = await desk.session()
    client = await browser(desk)
    path = path_of(operation, session).replace("{chat}", session)
    answer = await client.request(operation.method, path)
    assert answer.status == 403
    assert b"An ephemeral token may not do this" in answer.body


@pytest.mark.parametrize("operation", GATED, ids=lambda operation: operation.name)
async def test_a_token_of_one_session_on_another(desk: Desk, operation: Operation) -> None:
    await desk.session()
    session, other = await desk.session(), await desk.session()
    client = await browser(desk, sessionId=session)
    for foreign in (other, UNKNOWN):
        agent = "/api/chat" in operation.path or "/ag-ui" in operation.path
        path = path_of(operation, "support" if agent else foreign).replace("{chat}", foreign)
        message = {"id": "m", "role": "user", "parts": [{"type": "text", "text": "Hi"}]}
        body = {
            **trigger(),
            "type": "start",
            "agentId": "support",
            "trigger": trigger(),
            "messages": [message],
        }
        if "/api/chat" in operation.path:
            del body["trigger"]
        body |= {"id": foreign, "threadId": foreign, "runId": "r", "sessionId": foreign}
        body["files"] = [{"filename": "a.png", "mediaType": "image/png", "size": 1}]
        if "/ag-ui" in operation.path:
            body["messages"] = [{"id": "m", "role": "user", "content": "Hi"}]
        answer = await client.request(operation.method, f"{path}?format=ui", body)
        assert code(answer) == (403, "FORBIDDEN"), answer.body


async def test_a_token_of_one_agent_on_another(desk: Desk) -> None:
    session = await desk.session()
    await desk.agent(chat_agent("other"))
    client = await browser(desk, agentId="other")
    for path in (f"{SESSIONS}/{session}?format=ui", f"{SESSIONS}/{UNKNOWN}?format=ui"):
        assert code(await client.get(path)) == (404, "SESSION_NOT_FOUND")
    assert code(await client.post(f"{SESSIONS}/{session}/trigger", trigger())) == (404, "SESSION_NOT_FOUND")
    made = await client.post(SESSIONS, {"agentId": "support", "input": {"COMPANY": "Acme"}})
    assert code(made) == (403, "FORBIDDEN")


async def test_what_people_do_not_see_is_not_for_tokens(desk: Desk) -> None:
    session = await desk.session()
    client = await browser(desk, sessionId=session)
    assert code(await client.get(f"{SESSIONS}/{session}")) == (403, "FORBIDDEN")
    assert (await client.get(f"{SESSIONS}/{session}?format=ui")).status == 200


async def test_a_token_mints_no_token(desk: Desk) -> None:
    await desk.agent()
    client = await browser(desk)
    assert code(await client.post("/api/tokens", {"agentId": "support"})) == (403, "FORBIDDEN")
    assert code(await client.post("/api/tokens/revoke", {"token": client.key})) == (403, "FORBIDDEN")


async def test_lifetimes(desk: Desk) -> None:
    await desk.agent()
    now = desk.clock.now()
    assert (await minted(desk)).json["expiresAt"] == iso(now + 3600)
    assert (await minted(desk, ttlSeconds=10**9)).json["expiresAt"] == iso(now + LONGEST)
    keys = desk.mainspring.keys
    key, _ = await keys.create("first", name="", scopes=("tokens",), expires_at=now + 100)
    made = await Client(desk.app, key).post("/api/tokens", {"agentId": "support"})
    assert made.json["expiresAt"] == iso(now + 100)
    client = await browser(desk, ttlSeconds=50)
    assert (await client.get(f"{SESSIONS}/{UNKNOWN}/events")).status == 404
    await desk.clock.advance(50)
    assert code(await client.get(f"{SESSIONS}/{UNKNOWN}/events")) == (401, "TOKEN_EXPIRED")


async def test_revoking(desk: Desk) -> None:
    await desk.agent()
    made = (await minted(desk)).json
    client = Client(desk.app, made["token"])
    foreign = await desk.stranger.post("/api/tokens/revoke", {"token": made["token"]})
    assert foreign.json == {"revoked": False}
    assert (await client.get(f"{SESSIONS}/{UNKNOWN}/events")).status == 404
    ended = await desk.client.post("/api/tokens/revoke", {"token": made["token"]})
    assert ended.json == {"revoked": True, "jti": made["jti"]}
    assert code(await client.get(f"{SESSIONS}/{UNKNOWN}/events")) == (401, "UNAUTHORIZED")
    for token in (made["token"], "oct_et_unknown", "whatever"):
        assert (await desk.client.post("/api/tokens/revoke", {"token": token})).json == {"revoked": False}


async def test_a_token_goes_with_its_key(desk: Desk) -> None:
    await desk.agent()
    secret, key = await desk.mainspring.keys.create("first", name="", scopes=("tokens",))
    made = await Client(desk.app, secret).post("/api/tokens", {"agentId": "support"})
    client = Client(desk.app, made.json["token"])
    assert (await client.get(f"{SESSIONS}/{UNKNOWN}/events")).status == 404
    await desk.mainspring.keys.revoke("first", key.id)
    assert (await client.get(f"{SESSIONS}/{UNKNOWN}/events")).status == 401


async def test_an_open_stream_ends_with_its_token(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    made = (await minted(desk, sessionId=session)).json
    client = Client(desk.app, made["token"])
    async with client.open("POST", f"{SESSIONS}/{session}/trigger", trigger()) as leg:
        await leg.until("One ")
        await desk.client.post("/api/tokens/revoke", {"token": made["token"]})
        while not leg.complete:
            await desk.clock.advance(1)
    await until(lambda: model.cut == 1)
    assert leg.types[-1] == "error"


async def test_only_some_triggers(desk: Desk) -> None:
    session = await desk.session()
    client = await browser(desk, sessionId=session, triggers=["user-message"])
    path = f"{SESSIONS}/{session}/trigger"
    assert (await client.post(path, {"input": {"USER_MESSAGE": "Hi"}})).types[-1] == "finish"
    assert code(await client.post(path, {"triggerName": "other"})) == (403, "FORBIDDEN")


async def test_a_token_that_only_reads(desk: Desk) -> None:
    session = await desk.session()
    client = await browser(desk, triggers=[], clientTools=["get-weather"])
    assert (await client.get(f"{SESSIONS}/{session}?format=ui")).status == 200
    assert (await client.get(f"{SESSIONS}/{session}/events?follow=false")).status == 200
    refused = [
        await client.post(f"{SESSIONS}/{session}/trigger", trigger()),
        await client.post(f"{SESSIONS}/{session}/trigger", {"executionId": "e", "toolResults": []}),
        await client.post(f"{SESSIONS}/{session}/stop", {}),
        await client.post(f"/api/chat/support/{session}/stop", {}),
        await client.post(SESSIONS, {"agentId": "support", "input": {"COMPANY": "Acme"}}),
    ]
    assert [code(answer) for answer in refused] == [(403, "FORBIDDEN")] * len(refused)


async def test_results_of_tools_that_are_not_the_tokens(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    asked = await desk.say(session)
    path = f"{SESSIONS}/{session}/trigger"
    stranger = await browser(desk, sessionId=session)
    refused = await stranger.post(path, results(asked))
    assert code(refused) == (403, "FORBIDDEN")
    assert "get-weather" in refused.json["error"]
    helper = await browser(desk, sessionId=session, clientTools=["get-weather"])
    settled = await helper.post(path, results(asked))
    assert settled.types[-1] == "finish"
    assert (await stranger.post(path, results(asked))).body == settled.body


async def test_a_worker_by_token(desk: Desk) -> None:
    desk.models.script = ask_weather
    agent = await desk.agent(worker_agent())
    path = f"/api/agents/{agent}/execute"
    start = {"type": "start", "input": {"TOPIC": "tides"}}
    plain, helper = [await browser(desk, agentId=agent, clientTools=tools) for tools in ([], ["get-weather"])]
    first = await helper.post(path, start)
    body = {"type": "continue", **results(first)}
    assert (await plain.post(path, body)).status == 403
    assert (await helper.post(path, body)).status == 200
    bound = await browser(desk, agentId=agent, sessionId=first.events[0]["executionId"])
    assert code(await bound.post(path, start)) == (403, "FORBIDDEN")
    await desk.agent()
    other = await browser(desk)
    assert code(await other.post(path, start)) == (403, "FORBIDDEN")
    reading = await browser(desk, agentId=agent, triggers=[])
    assert code(await reading.post(path, start)) == (403, "FORBIDDEN")


async def test_the_ai_sdk_by_token(desk: Desk) -> None:
    session = await desk.session()
    client = await browser(desk)
    message = {"id": "m", "role": "user", "parts": [{"type": "text", "text": "Hi"}]}
    said = await client.post("/api/chat/support", {"id": session, "messages": [message]})
    assert said.types[-1] == "finish"
    named = await client.post("/api/chat/support", {"id": "my-chat", "messages": [message]})
    assert code(named) == (403, "FORBIDDEN")
    assert len((await client.get(f"/api/chat/support/{session}/messages")).json["messages"]) == 2
    assert (await client.post(f"/api/chat/support/{session}/stop", {})).status == 200
    narrow = await browser(desk, triggers=["user-message"])
    other = {"id": session, "messages": [message], "triggerName": "other"}
    assert code(await narrow.post("/api/chat/support", other)) == (403, "FORBIDDEN")


async def test_outputs_on_the_ai_sdk_by_token(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    asked = await desk.say(session)
    (call,) = asked.events[-2]["toolCalls"]
    part = {"type": "tool-get-weather", "toolCallId": call["toolCallId"], "input": {}}
    message = {"id": "a", "role": "assistant", "parts": [{**part, "state": "output-available", "output": 1}]}
    body = {"id": session, "messages": [message]}
    assert code(await (await browser(desk)).post("/api/chat/support", body)) == (403, "FORBIDDEN")
    helper = await browser(desk, clientTools=["get-weather"])
    assert (await helper.post("/api/chat/support", body)).types[-1] == "finish"


async def test_ag_ui_by_token(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    client = await browser(desk)
    run = {"threadId": session, "runId": "r"}
    asking = {**run, "messages": [{"id": "m", "role": "user", "content": "Hi"}]}
    asked = await client.post("/api/ag-ui/support", asking)
    assert asked.types[-1] == "RUN_FINISHED"
    (call,) = [event["toolCallId"] for event in asked.events if event["type"] == "TOOL_CALL_START"]
    answer = {"id": "t", "role": "tool", "toolCallId": call, "content": "21"}
    answering = {**run, "messages": [*asking["messages"], answer]}
    assert code(await client.post("/api/ag-ui/support", answering)) == (403, "FORBIDDEN")
    assert (await client.post("/api/ag-ui/support", {**run, "messages": []})).status == 200
    narrow = await browser(desk, triggers=[])
    assert code(await narrow.post("/api/ag-ui/support", {**asking, "runId": "r2"})) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"ttlSeconds": 0}, "ttlSeconds must be 1 or more"),
        ({"ttlSeconds": -1}, "ttlSeconds must be a whole number"),
        ({"ttlSeconds": "1h"}, "ttlSeconds must be a whole number"),
        ({"triggers": "user-message"}, "triggers must be an array"),
        ({"triggers": [1]}, "triggers must be an array of names"),
        ({"clientTools": [""]}, "clientTools must be an array of names"),
        ({"triggers": ["nope"]}, "support has no nope; it has: user-message"),
        ({"agentId": ""}, "agentId must not be empty"),
    ],
)
async def test_refused_tokens(desk: Desk, members: dict[str, Any], said: str) -> None:
    await desk.agent()
    answer = await minted(desk, **members)
    assert code(answer) == (400, "VALIDATION_ERROR")
    assert said in answer.json["error"]


async def test_a_token_for_what_is_not_there(desk: Desk) -> None:
    session = await desk.session()
    await desk.agent(chat_agent("other"))
    assert code(await minted(desk, agentId="nobody")) == (404, "AGENT_NOT_FOUND")
    assert code(await minted(desk, sessionId=UNKNOWN)) == (404, "SESSION_NOT_FOUND")
    assert code(await minted(desk, agentId="other", sessionId=session)) == (404, "SESSION_NOT_FOUND")
    assert code(await desk.stranger.post("/api/tokens", {"agentId": "support"})) == (404, "AGENT_NOT_FOUND")
