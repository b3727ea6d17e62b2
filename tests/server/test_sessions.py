"""Sessions over HTTP: create, read in every form, list page by page, expire, restore, clear, export."""

from typing import Any

import pytest

from mainspring.server.sessions import read_place, write_place
from tests.server.desk import Desk, trigger, worker_agent

DAY = 86_400
OLDER: dict[str, str] = {}
NEWER = {"x-octavus-sdk-version": "4"}


async def test_a_session_is_made_by_id_or_slug(desk: Desk) -> None:
    agent = await desk.agent()
    for name in (agent, "support"):
        made = await desk.client.post("/api/agent-sessions", {"agentId": name, "input": {"COMPANY": "Acme"}})
        assert made.status == 201
        read = (await desk.client.get(f"/api/agent-sessions/{made.json['sessionId']}")).json
        assert (read["agentId"], read["status"]) == (agent, "active")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"agentId": ""}, 400),
        ({"agentId": 7}, 400),
        ({"agentId": "support", "input": []}, 400),
        ({"agentId": "support", "input": {}}, 400),
        ({"agentId": "support", "input": {"COMPANY": 7}}, 400),
        ({"agentId": "researcher", "input": {"TOPIC": "x"}}, 400),
        ({"agentId": "nobody"}, 404),
    ],
)
async def test_refused_creations(desk: Desk, body: dict[str, Any], status: int) -> None:
    await desk.agent()
    await desk.agent(worker_agent())
    answer = await desk.client.post("/api/agent-sessions", body)
    assert (answer.status, set(answer.json)) == (status, {"error", "code"})


async def test_extra_members_do_nothing(desk: Desk) -> None:
    await desk.agent()
    body = {"agentId": "support", "input": {"COMPANY": "Acme"}, "projectId": "second", "system": "x"}
    session = (await desk.client.post("/api/agent-sessions", body)).json["sessionId"]
    assert (await desk.stranger.get(f"/api/agent-sessions/{session}")).status == 404


@pytest.mark.parametrize("headers", [OLDER, NEWER], ids=["older", "newer"])
async def test_both_views_of_a_session(desk: Desk, headers: dict[str, str]) -> None:
    session = await desk.session()
    body = {**trigger("Good morning"), "sender": {"name": "Ada"}}
    await desk.client.post(f"/api/agent-sessions/{session}/trigger", body)
    full = (await desk.client.get(f"/api/agent-sessions/{session}", headers=headers)).json
    assert full["input"] == {"COMPANY": "Acme"}
    assert [(message["role"], message["content"]) for message in full["messages"]] == [
        ("user", "Good morning"),
        ("assistant", "Hello there"),
    ]
    assert {"id", "agentId", "variables", "resources", "createdAt", "updatedAt"} <= set(full)
    shown = (await desk.client.get(f"/api/agent-sessions/{session}?format=ui", headers=headers)).json
    assert (shown["sessionId"], shown["status"]) == (session, "active")
    assert [message["role"] for message in shown["messages"]] == ["user", "assistant"]
    assert ("sender" in shown["messages"][0]) is (headers == NEWER)
    assert (await desk.client.get(f"/api/agent-sessions/{session}?format=xml")).status == 400


async def test_the_log_of_a_session(desk: Desk) -> None:
    session = await desk.session()
    await desk.say(session)
    log = (await desk.client.get(f"/api/agent-sessions/{session}/logs")).json
    kinds = [entry["type"] for entry in log["entries"]]
    assert (log["sessionId"], log["total"], log["truncated"]) == (session, len(kinds), False)
    assert {"trigger", "model-request", "llm-response"} <= set(kinds)
    path = f"/api/agent-sessions/{session}/logs?excludeModelRequests="
    less = (await desk.client.get(path + "true")).json
    assert [entry["type"] for entry in less["entries"]] == [kind for kind in kinds if kind != "model-request"]
    assert (await desk.client.get(path + "maybe")).status == 400


async def test_an_expired_session(desk: Desk) -> None:
    session = await desk.session()
    created = (await desk.client.get(f"/api/agent-sessions/{session}")).json["createdAt"]
    await desk.clock.advance(DAY + 1)
    for path in ("", "?format=ui", "/logs"):
        answer = await desk.client.get(f"/api/agent-sessions/{session}{path}")
        assert answer.status == 200
        assert set(answer.json) == {"sessionId", "agentId", "status", "createdAt"}
        assert (answer.json["status"], answer.json["createdAt"]) == ("expired", created)
    refused = await desk.say(session)
    assert (refused.status, set(refused.json)) == (404, {"error", "code"})


async def test_restoring(desk: Desk) -> None:
    session = await desk.session()
    await desk.say(session, "Good morning")
    messages = (await desk.client.get(f"/api/agent-sessions/{session}?format=ui")).json["messages"]
    path = f"/api/agent-sessions/{session}/restore"
    body = {"messages": messages, "input": {"COMPANY": "Acme"}}
    assert (await desk.client.post(path, body)).json == {"sessionId": session, "restored": False}
    await desk.clock.advance(DAY + 1)
    assert (await desk.client.post(path, {"messages": [{"id": "x", "role": "system"}]})).status == 400
    assert (await desk.client.post(path, {})).status == 400
    assert (await desk.client.post(path, body)).json == {"sessionId": session, "restored": True}
    again = (await desk.client.get(f"/api/agent-sessions/{session}?format=ui")).json
    assert [message["id"] for message in again["messages"]] == [message["id"] for message in messages]
    assert (await desk.say(session)).types[-1] == "finish"


async def test_clearing_twice(desk: Desk) -> None:
    session = await desk.session()
    for cleared in (True, False):
        answer = await desk.client.request("DELETE", f"/api/agent-sessions/{session}")
        assert answer.json == {"sessionId": session, "cleared": cleared}
    assert (await desk.client.get(f"/api/agent-sessions/{session}")).json["status"] == "expired"


async def sessions_of(desk: Desk, number: int) -> list[str]:
    await desk.agent()
    made: list[str] = []
    for _ in range(number):
        body = {"agentId": "support", "input": {"COMPANY": "Acme"}}
        made.append((await desk.client.post("/api/agent-sessions", body)).json["sessionId"])
        await desk.clock.advance(1)
    return made[::-1]


async def test_a_list_page_by_page(desk: Desk) -> None:
    expected = await sessions_of(desk, 5)
    listed: list[str] = []
    query = ""
    pages = 0
    while query is not None:
        page = (await desk.client.get(f"/api/agent-sessions?limit=2{query}")).json
        listed += [session["id"] for session in page["sessions"]]
        query = f"&before={page['next']}" if "next" in page else None
        pages += 1
    assert (listed, pages) == (expected, 3)
    whole = (await desk.client.get("/api/agent-sessions?limit=5")).json
    assert [session["id"] for session in whole["sessions"]] == expected
    assert "next" not in whole
    assert whole["sessions"][0] == {
        "id": expected[0],
        "agentId": whole["sessions"][0]["agentId"],
        "agentSlug": "support",
        "version": whole["sessions"][0]["version"],
        "format": "interactive",
        "status": "active",
        "createdAt": "2027-01-15T08:00:04.000Z",
        "updatedAt": "2027-01-15T08:00:04.000Z",
        "expiresAt": "2027-01-16T08:00:04.000Z",
        "cursor": 1,
        "waiting": False,
    }


async def test_a_list_of_some(desk: Desk) -> None:
    mine = await sessions_of(desk, 2)
    await desk.client.request("DELETE", f"/api/agent-sessions/{mine[0]}")
    agent = (await desk.client.get("/api/agents/support")).json["id"]

    async def listed(query: str) -> list[str]:
        page = (await desk.client.get(f"/api/agent-sessions?{query}")).json
        return [session["id"] for session in page["sessions"]]

    assert await listed("status=expired") == [mine[0]]
    assert await listed("status=active") == [mine[1]]
    assert set(await listed("agentId=support")) == set(mine)
    assert set(await listed(f"agentId={agent}")) == set(mine)
    assert await listed("agentId=other") == []
    await desk.client.request("DELETE", "/api/agents/support")
    assert set(await listed(f"agentId={agent}")) == set(mine)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
        "limit=",
        "status=odd",
        "status=",
        "before=x",
        "before=e30",
        "before=%00",
    ],
)
async def test_refused_lists(desk: Desk, query: str) -> None:
    answer = await desk.client.get(f"/api/agent-sessions?{query}")
    assert (answer.status, set(answer.json)) == (400, {"error", "code"})


def test_a_place_survives_its_spelling() -> None:
    for place in ((0.1, "ses_x"), (1_800_000_000.123456, "é" * 5), (-1.0, "")):
        assert read_place(write_place(*place)) == place


async def test_the_export_is_the_journal(desk: Desk) -> None:
    session = await desk.session()
    await desk.say(session)
    export = (await desk.client.get(f"/api/agent-sessions/{session}/export")).json
    kinds = [event["event"]["type"] for event in export["events"]]
    assert (kinds[0], kinds[-1]) == ("session-created", "execution-ended")
    assert export["session"]["id"] == session
    assert export["session"]["cursor"] == export["events"][-1]["cursor"]
    assert export["events"][0]["at"] == "2027-01-15T08:00:00.000Z"
