"""Agents over HTTP: the whole life of one, and what the CLI of the SDKs sends."""

import pytest

from mainspring.server.operation import Operation
from mainspring.server.routes import OPERATIONS
from tests.server.desk import CHAT, Desk, chat_agent, worker_agent

SUMMARY = {"slug", "id", "name", "description", "format", "createdAt", "updatedAt", "projectId", "version"}
BROKEN = CHAT.replace("block: next-message", "block: nxt-message")


async def test_the_life_of_an_agent(desk: Desk) -> None:
    made = await desk.client.post("/api/agents", chat_agent())
    agent = made.json["agentId"]
    assert (made.status, made.json) == (201, {"agentId": agent, "message": "Agent created"})
    for name in (agent, "support", "support?by=slug"):
        read = (await desk.client.get(f"/api/agents/{name}")).json
        assert read == {**chat_agent(), "id": agent, "version": read["version"]}
    await desk.clock.advance(60)
    changed = await desk.client.request("PATCH", "/api/agents/support?by=slug", {"protocol": CHAT + "\n"})
    assert (changed.status, changed.json) == (200, {"agentId": agent, "message": "Agent updated"})
    after = (await desk.client.get("/api/agents/support")).json
    assert after["protocol"] == CHAT + "\n"
    assert after["prompts"] == chat_agent()["prompts"]
    assert after["version"] != read["version"]
    gone = await desk.client.request("DELETE", "/api/agents/support?by=slug")
    assert gone.json == {"agentId": agent, "message": "Agent archived"}
    assert (await desk.client.get(f"/api/agents/{agent}")).status == 404
    assert (await desk.client.get("/api/agents")).json == {"agents": []}


async def test_a_list_has_what_the_sdk_requires(desk: Desk) -> None:
    await desk.agent()
    await desk.agent(worker_agent())
    agents = (await desk.client.get("/api/agents")).json["agents"]
    assert [(agent["slug"], agent["format"]) for agent in agents] == [
        ("researcher", "worker"),
        ("support", "interactive"),
    ]
    assert set(agents[0]) == SUMMARY
    assert agents[0]["description"] is None
    assert agents[0]["projectId"] == "first"
    assert agents[0]["createdAt"] == "2027-01-15T08:00:00.000Z"


async def test_publishing_a_slug_again_makes_a_version(desk: Desk) -> None:
    agent = await desk.agent()
    await desk.clock.advance(60)
    again = await desk.client.post("/api/agents", chat_agent(protocol=CHAT + "\n"))
    assert (again.status, again.json) == (200, {"agentId": agent, "message": "Agent updated"})


@pytest.mark.parametrize(
    ("patch", "changed"),
    [
        ({"settings": {"name": "New", "description": "What", "format": "interactive"}}, "settings"),
        ({"settings": {"name": "New"}}, "settings"),
        (
            {"prompts": [{"name": "system", "content": "x"}, {"name": "user-message", "content": "y"}]},
            "prompts",
        ),
        ({"references": [{"name": "faq", "description": "d", "content": "c"}]}, "references"),
        ({}, ""),
    ],
)
async def test_only_what_is_given_changes(desk: Desk, patch: dict[str, object], changed: str) -> None:
    await desk.agent()
    before = (await desk.client.get("/api/agents/support")).json
    assert (await desk.client.request("PATCH", "/api/agents/support", patch)).status == 200
    after = (await desk.client.get("/api/agents/support")).json
    assert {name for name in before if before[name] != after[name]} - {"version"} == ({changed} - {""})


async def test_an_agent_that_does_not_compile(desk: Desk) -> None:
    refused = await desk.client.post("/api/agents", chat_agent(protocol=BROKEN))
    assert (refused.status, refused.json["code"]) == (400, "VALIDATION_ERROR")
    (issue,) = refused.json["issues"]
    assert refused.json["error"] == issue["message"]
    assert (issue["severity"], issue["file"]) == ("error", "protocol.yaml")
    assert CHAT.splitlines()[issue["line"] - 1].strip().startswith("block: next-message")
    assert (await desk.client.get("/api/agents")).json == {"agents": []}


async def test_validation_tells_and_stores_nothing(desk: Desk) -> None:
    good = await desk.client.post("/api/agents/validate", chat_agent())
    assert (good.status, good.json) == (200, {"valid": True, "errors": [], "warnings": []})
    bad = await desk.client.post("/api/agents/validate", chat_agent(protocol=BROKEN))
    assert bad.status == 200
    assert bad.json["valid"] is False
    assert {"message", "severity", "path", "code"} <= set(bad.json["errors"][0])
    assert (await desk.client.get("/api/agents")).json == {"agents": []}


WRONG = [
    {},
    {"settings": None, "protocol": "", "prompts": []},
    {"settings": [], "protocol": CHAT, "prompts": []},
    {"settings": {"slug": "A b", "name": "n", "format": "interactive"}, "protocol": CHAT},
    {"settings": {"slug": "a", "name": "n", "format": "other"}, "protocol": CHAT},
    {"settings": {"slug": "a", "name": "n", "format": "worker"}, "protocol": 7},
    {**chat_agent(), "prompts": {}},
    {**chat_agent(), "prompts": [{"name": "x"}]},
    {**chat_agent(), "prompts": [{"name": "x", "content": "a"}, {"name": "x", "content": "b"}]},
    {**chat_agent(), "references": [{"name": "x", "content": "a"}]},
]


@pytest.mark.parametrize("body", WRONG, ids=range(len(WRONG)))
@pytest.mark.parametrize("path", ["/api/agents", "/api/agents/validate"])
async def test_malformed_definitions(desk: Desk, path: str, body: object) -> None:
    answer = await desk.client.post(path, body)
    assert (answer.status, answer.json["code"]) == (400, "VALIDATION_ERROR")


async def test_a_slug_cannot_change(desk: Desk) -> None:
    await desk.agent()
    answer = await desk.client.request(
        "PATCH", "/api/agents/support", {"settings": {"slug": "other", "name": "n"}}
    )
    assert answer.status == 400


TAKE_ANYBODY = ("answer_calls", "dismiss_worker")
"""Whoever brings an answer, its call is named in the body; and who leaves may be gone already."""


@pytest.mark.parametrize(
    "operation",
    [
        operation
        for operation in OPERATIONS
        if "{id}" in operation.path and operation.name not in TAKE_ANYBODY
    ],
    ids=lambda operation: operation.name,
)
@pytest.mark.parametrize("name", ["nobody", "\x00", "'; drop table agents", "x" * 5000, "é", "\ud800"])
async def test_unknown_and_strange_ids(desk: Desk, operation: Operation, name: str) -> None:
    message = {
        "id": "m",
        "role": "user",
        "content": "x",
        "parts": [{"type": "text", "text": "x", "status": "done"}],
    }
    body = {
        "type": "start",
        "id": "c",
        "threadId": "t",
        "runId": "r",
        "messages": [message],
        "triggerName": "user-message",
        "number": 1,
    }
    answer = await desk.client.request(operation.method, operation.path.replace("{id}", name), body)
    assert answer.status == 404, answer.body
    assert answer.code
