"""Every route that takes a body, with bodies that nobody should send: always a flat 4xx, never our own failure."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainspring.server.operation import Operation
from mainspring.server.options import ServerOptions
from mainspring.server.routes import OPERATIONS
from tests.server.asgi import Exchange
from tests.server.desk import Desk, chat_agent, open_desk, worker_agent
from tests.server.test_bodies import REFUSED

TAKERS = [operation for operation in OPERATIONS if operation.takes is not None]
every_route = pytest.mark.parametrize("operation", TAKERS, ids=lambda operation: operation.name)

NAMES = (
    "agentId", "input", "trigger", "triggerName", "executionId", "toolResults", "toolCallId", "result", "error",
    "dynamicToolSchemas", "name", "inputSchema", "sender", "rollbackAfterMessageId", "idempotencyKey", "type",
    "messages", "id", "role", "parts", "text", "status", "createdAt", "settings", "slug", "format", "protocol",
    "prompts", "content", "references", "description", "COMPANY", "USER_MESSAGE", "TOPIC", "files", "args",
)  # fmt: skip
WORDS = (
    "support",
    "researcher",
    "user-message",
    "start",
    "continue",
    "user",
    "assistant",
    "text",
    "done",
    "interactive",
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from((*WORDS, "\0", "\ud800", "a: [b", "../../etc/passwd", "x" * 5000))
)
NAME = st.sampled_from(NAMES) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=5),
    max_leaves=25,
)
BODIES = st.dictionaries(NAME, VALUES, max_size=6)
ROUNDS = 25
CHATS = ("/api/chat", "/api/ag-ui")
"""Where the routes begin that talk to an interactive agent by a name of the conversation."""


async def target(desk: Desk, operation: Operation) -> str:
    """The path of a route on something that is there."""
    session = await desk.session()
    agent = await desk.agent(worker_agent())
    if operation.path.startswith("/api/tool-workers/"):
        await desk.client.post("/api/tool-workers", {"workerId": "worker-1", "tools": []})
        return operation.path.replace("{id}", "worker-1")
    if operation.path.startswith(CHATS):
        return operation.path.replace("{id}", "support")
    return operation.path.replace("{id}", session if "sessions" in operation.path else agent)


def check(answer: Exchange, body: object) -> None:
    assert answer.status < 500, (body, answer.body)
    assert answer.status < 400 or answer.code


def in_a_desk(test: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_desk() as desk:
            await test(desk)

    asyncio.run(run())


@every_route
@settings(max_examples=ROUNDS, suppress_health_check=[HealthCheck.too_slow])
@given(bodies=st.lists(BODIES, min_size=1, max_size=8))
def test_bodies_of_any_shape(operation: Operation, bodies: list[dict[str, Any]]) -> None:
    async def test(desk: Desk) -> None:
        path = await target(desk, operation)
        for body in bodies:
            check(await desk.client.request(operation.method, path, body), body)
        assert len(desk.app.seats) == 0

    in_a_desk(test)


NOT_THERE = ("APPROVAL_NOT_FOUND", "FILES_OFF")
"""What a good body is told about things that these servers do not have."""

OF_TOOLS: dict[str, dict[str, Any]] = {
    "answer_approval": {"approved": True, "reason": "x", "input": {}, "by": "x"},
    "fork_session": {"afterMessageId": None},
    "mint_token": {"agentId": "support", "triggers": ["user-message"], "ttlSeconds": 60},
    "revoke_token": {"token": "oct_et_x"},
    "announce_worker": {
        "workerId": "worker-1",
        "name": "x",
        "tools": [{"name": "look", "inputSchema": {}, "digest": "x", "description": "x"}],
        "running": [{"callId": "c", "attempt": 1}],
    },
    "pull_calls": {"number": 1, "most": 1, "wait": 0},
    "beat_worker": {"received": 0, "running": ["c"]},
    "answer_calls": {
        "answers": [{"callId": "c", "sessionId": "s", "executionId": "e", "attempt": 1, "result": 1}]
    },
    "dismiss_worker": {"received": 0},
    "create_upload_urls": {
        "sessionId": "ses_x",
        "files": [{"filename": "a.png", "mediaType": "image/png", "size": 1}],
    },
}
"""Good bodies for the routes of tokens, approvals, forks, files and connected workers."""


def sample(operation: Operation) -> dict[str, Any]:
    """A good body for a route."""
    message = {
        "id": "m1",
        "role": "user",
        "parts": [{"type": "text", "text": "x", "status": "done"}],
        "status": "done",
    }
    turn = {"triggerName": "user-message", "input": {"USER_MESSAGE": "x"}}
    bodies: dict[str, dict[str, Any]] = {
        "chat": {"id": "c", "messages": [message], "trigger": "submit-message", "input": {"COMPANY": "Acme"}},
        "run_agent": {
            "threadId": "t",
            "runId": "r",
            "messages": [{"id": "m", "role": "user", "content": "x"}],
            "forwardedProps": {"input": {"COMPANY": "Acme"}},
        },
        "create_response": {
            "model": "agent:support",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "x"}]}],
            "tools": [{"type": "function", "name": "look", "parameters": {}}],
            "mainspring": {"input": {"COMPANY": "Acme"}},
        },
        "create_completion": {
            "model": "agent:support",
            "messages": [{"role": "user", "content": "x"}],
            "stream_options": {"include_usage": True},
            "mainspring": {"input": {"COMPANY": "Acme"}},
        },
        "create_agent": chat_agent("other"),
        "validate_agent": chat_agent("other"),
        "update_agent": {**worker_agent(), "references": []},
        "execute_worker": {"type": "start", "input": {"TOPIC": "x"}, "dynamicToolSchemas": []},
        "create_session": {"agentId": "support", "input": {"COMPANY": "Acme"}},
        "start_session": {"agentId": "support", "input": {"COMPANY": "Acme"}, "trigger": turn},
        "trigger_session": {**turn, "sender": {"name": "x"}, "dynamicToolSchemas": []},
        "stop_session": {"executionId": "x"},
        "restore_session": {"messages": [{**message, "createdAt": "2026-01-01T00:00:00Z"}], "input": {}},
    }
    return bodies[operation.name] if operation.name in bodies else OF_TOOLS[operation.name]


def variants(value: Any) -> list[Any]:
    """A value with one place in it changed, for every place."""
    wrong: list[Any] = [None, 7, True, "", "x", [], {}, [[]], {"x": {}}, [None]]
    if isinstance(value, dict):
        for name, inner in value.items():
            wrong.append({key: item for key, item in value.items() if key != name})
            wrong += [{**value, name: other} for other in variants(inner)]
        wrong.append({**value, "extra": 1})
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            wrong += [[*value[:index], other, *value[index + 1 :]] for other in variants(inner)]
        wrong.append(value * 2)
    return wrong


@every_route
async def test_good_bodies_with_one_place_changed(desk: Desk, operation: Operation) -> None:
    path = await target(desk, operation)
    good = await desk.client.request(operation.method, path, sample(operation))
    assert good.status in (200, 201) or good.code in NOT_THERE, good.body
    for body in variants(sample(operation)):
        if operation.name == "pull_calls" and isinstance(body, dict) and body.get("wait") != 0:
            continue  # held open until the clock moves
        check(await desk.client.request(operation.method, path, body), body)


@every_route
async def test_what_is_no_body(desk: Desk, operation: Operation) -> None:
    path = await target(desk, operation)
    for body in (*REFUSED.values(), b"{" * 100_000, b'"' * 100_001, b"\0" * 1000):
        answer = await desk.client.request(operation.method, path, body)
        check(answer, body)
        assert answer.status == 400


@every_route
async def test_bodies_over_the_limit(desk: Desk, operation: Operation) -> None:
    path = await target(desk, operation)
    desk.use(ServerOptions(max_body=100_000))
    pieces = [b'{"a": "'] + [b"x" * 10_000] * 10 + [b'"}']
    told = {"content-length": str(sum(map(len, pieces)))}
    for headers in ({}, told):
        answer = await desk.client.request(operation.method, path, pieces=pieces, headers=headers)
        assert (answer.status, answer.code) == (413, "TOO_LARGE")
        assert answer.headers["connection"] == "close"


@every_route
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"]
)
async def test_the_content_type_does_not_matter(desk: Desk, operation: Operation, content_type: str) -> None:
    path = await target(desk, operation)
    body = json.dumps(sample(operation)).encode()
    answer = await desk.client.request(operation.method, path, body, headers={"content-type": content_type})
    # No approval request is open: the body was read all the same.
    assert answer.status in (200, 201) or answer.code in NOT_THERE


async def test_the_default_limit_is_ten_megabytes(desk: Desk) -> None:
    session = await desk.session()
    path = f"/api/agent-sessions/{session}/trigger"
    body = {"triggerName": "user-message", "input": {"USER_MESSAGE": "x" * 9_900_000}}
    assert (await desk.client.post(path, body)).status == 200
    body["input"] = {"USER_MESSAGE": "x" * 10_000_000}
    assert (await desk.client.post(path, body)).status == 413


async def test_a_client_that_leaves_within_its_body(desk: Desk) -> None:
    async with desk.client.open("POST", "/api/agents", pieces=[]) as exchange:
        exchange.leave()
    assert exchange.status == 0


async def test_a_body_that_does_not_come(desk: Desk) -> None:
    desk.use(ServerOptions(body_timeout=0))
    answer = await desk.client.post("/api/agents", pieces=[])
    assert (answer.status, answer.json["code"]) == (408, "REQUEST_TIMEOUT")
    assert answer.headers["connection"] == "close"
