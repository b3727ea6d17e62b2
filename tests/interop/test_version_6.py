"""Owns the proof that requests in the shape of the 6.4.0 SDK work: start, logs, workers, clear, rollback, sender."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.agents import WORKER
from tests.e2e.desk import Desk, calls_of, execution_of, text_of, types
from tests.e2e.http_client import Stream
from tests.e2e.model_server import Call, Reply, Say, said
from tests.interop.leg_rules import complaints

ROME: Reply = [Call("get-weather", {"city": "Rome"})]
TRIGGER = {"triggerName": "user-message", "input": {"USER_MESSAGE": "Hello"}}
Make = Callable[..., Desk]


@pytest.fixture
def desk(make_desk: Make) -> Desk:
    """The agent `CHAT`, and a client that says it is a 6.x one."""
    return make_desk(version="4")


def leg(stream: Stream, request: dict[str, Any]) -> dict[str, Any]:
    """A stream read to its end, as the rules want it."""
    events = [event.data for event in stream.rest()]
    assert not stream.broken
    return {"request": request, "events": events, "done": stream.done}


def results(stream: Stream, value: Any) -> list[dict[str, Any]]:
    """A result for each call of a stream."""
    return [
        {"toolCallId": call["toolCallId"], "toolName": call["toolName"], "result": value}
        for call in calls_of(stream)
    ]


def test_start_creates_and_triggers(desk: Desk) -> None:
    desk.script(ROME, said("Warm."))
    body = {"agentId": desk.agent, "idempotencyKey": f"key-{desk.agent}", "trigger": TRIGGER}
    first = desk.client.stream("POST", "/api/agent-sessions/start", body)
    one = leg(first, {})
    session = first.headers["x-octavus-session-id"]
    assert first.seen[0].data["sessionId"] == session
    again = {**TRIGGER, "executionId": execution_of(first), "toolResults": results(first, {"degrees": 21})}
    second = desk.client.stream("POST", f"/api/agent-sessions/{session}/trigger", again)
    assert complaints([one, leg(second, again)]) == []
    assert text_of(desk.client.messages(session), "user") == ["Hello"]
    assert text_of(desk.client.messages(session), "assistant") == ["Warm."]


def test_a_continuation_ignores_what_it_repeats(desk: Desk) -> None:
    desk.script(said("One."), ROME, said("Two."))
    session = desk.session()
    desk.client.trigger(session).rest()
    stream = desk.client.trigger(session, "Weather?", rollbackAfterMessageId=None, sender={"name": "Ada"})
    stream.rest()
    assert text_of(desk.client.messages(session), "user") == ["Weather?"]
    again = {
        **TRIGGER,
        "rollbackAfterMessageId": None,
        "sender": {"name": "Bob"},
        "executionId": execution_of(stream),
        "toolResults": results(stream, "warm"),
    }
    desk.client.stream("POST", f"/api/agent-sessions/{session}/trigger", again).rest()
    messages = desk.client.messages(session)
    assert text_of(messages, "user") == ["Weather?"]
    assert messages[0]["sender"] == {"name": "Ada"}
    assert text_of(messages, "assistant") == ["Two."]


def test_rollback_keeps_up_to_a_message(desk: Desk) -> None:
    desk.script(said("One."), said("Two."), said("Three."))
    session = desk.session()
    assert "lastMessageId" not in desk.client.trigger(session, "First").rest()[0].data
    kept = desk.client.messages(session)[-1]["id"]
    start = desk.client.trigger(session, "Second").rest()[0].data
    assert start["lastMessageId"] == kept
    desk.client.trigger(session, "Second again", rollbackAfterMessageId=kept).rest()
    assert text_of(desk.client.messages(session), "user") == ["First", "Second again"]
    words = [message["content"] for message in desk.asked()[-1].messages[1:]]
    assert words == ["First", "One.", "Second again"]


def test_clear_expires_and_says_so_twice(desk: Desk) -> None:
    desk.script(said("One."))
    session = desk.session()
    desk.client.trigger(session).rest()
    path = f"/api/agent-sessions/{session}"
    assert desk.client.ask("DELETE", path).body == {"sessionId": session, "cleared": True}
    again = desk.client.ask("DELETE", path)
    assert (again.status, again.body["sessionId"], type(again.body["cleared"])) == (200, session, bool)
    for read in (path, f"{path}?format=ui", f"{path}/logs"):
        answer = desk.client.ask("GET", read)
        assert answer.status == 200
        assert answer.body["status"] == "expired"
        assert set(answer.body) == {"sessionId", "agentId", "status", "createdAt"}
    assert desk.client.ask("DELETE", "/api/agent-sessions/no-such-session").status == 404


def test_logs_tell_the_turn(desk: Desk) -> None:
    desk.script(ROME, said("Warm."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.rest()
    desk.client.resume(session, execution_of(stream), results(stream, "warm")).rest()
    answer = desk.client.ask("GET", f"/api/agent-sessions/{session}/logs").body
    assert answer["sessionId"] == session
    entries = answer["entries"]
    assert all({"id", "timestamp", "type"} <= entry.keys() for entry in entries)
    assert len({entry["id"] for entry in entries}) == len(entries) == answer.get("total", len(entries))
    kinds = [entry["type"] for entry in entries]
    assert {"trigger", "message", "tool-result"} <= set(kinds)
    assert kinds[0] == "trigger"
    short = desk.client.ask("GET", f"/api/agent-sessions/{session}/logs?excludeModelRequests=true").body
    assert "model-request" not in {entry["type"] for entry in short["entries"]}


def test_a_worker_runs_its_steps_and_its_tools(make_desk: Make) -> None:
    desk = make_desk(WORKER, version="4")
    desk.script([Say(("Reading.",)), Call("fetch-page", {"url": "a"})], said("Short."))
    path = f"/api/agents/{desk.agent}/execute"
    body = {"type": "start", "input": {"TOPIC": "springs"}}
    first = desk.client.stream("POST", path, body)
    one = leg(first, {})
    execution = execution_of(first)
    again = {"type": "continue", "executionId": execution, "toolResults": results(first, "long page")}
    second = desk.client.stream("POST", path, again)
    two = leg(second, again)
    assert complaints([one, two]) == []
    assert types(first.seen)[:2] == ["start", "worker-start"]
    assert "worker-start" not in types(second.seen)
    assert types(second.seen)[-3:] == ["worker-result", "finish", "usage"]
    result = next(event.data for event in second.seen if event.type == "worker-result")
    assert result["output"] == "Short."
    assert result["workerId"] == execution == first.seen[1].data["workerId"]
    usage = second.seen[-1].data
    assert usage["tokens"]["totalTokens"] > 0
    assert usage["cost"]["byok"] is True
    assert [asked.wrong for asked in desk.asked()] == [[], []]
    assert desk.asked()[0].messages == [
        {"role": "system", "content": "You summarise."},
        {"role": "user", "content": "About springs."},
    ]


def test_a_worker_that_fails_says_why(make_desk: Make) -> None:
    from tests.e2e.model_server import Refuse
    from tests.interop.test_failures import NO_MONEY

    desk = make_desk(WORKER, version="4")
    desk.script([Refuse(429, NO_MONEY)])
    path = f"/api/agents/{desk.agent}/execute"
    events = desk.client.stream("POST", path, {"type": "start", "input": {"TOPIC": "x"}}).rest()
    error = next(event.data for event in events if event.type == "error")
    assert error["errorType"] == "quota_exceeded_error"
    assert not [event for event in events if event.type == "finish"]


def test_refused_workers(desk: Desk, make_desk: Make) -> None:
    worker = make_desk(WORKER, version="4")
    start = {"type": "start", "input": {"TOPIC": "x"}}
    assert desk.client.ask("POST", f"/api/agents/{desk.agent}/execute", start).status == 400
    assert desk.client.ask("POST", "/api/agents/no-such-agent/execute", start).status == 404
    answer = desk.client.ask("POST", f"/api/agents/{worker.agent}/execute", {"type": "start", "input": {}})
    assert answer.status == 400
    assert "TOPIC" in answer.body["error"]


def test_dynamic_tools_are_offered(desk: Desk) -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
        "additionalProperties": False,
    }
    tool = {"name": "files__read", "description": "Reads a file", "inputSchema": schema}
    desk.script(said("Fine."))
    session = desk.session()
    desk.client.trigger(session, dynamicToolSchemas=[tool]).rest()
    desk.script(said("Fine."))
    desk.client.trigger(session, dynamicToolSchemas=[]).rest()
    assert all(asked.wrong == [] for asked in desk.asked())
    names = {offered["function"]["name"] for offered in desk.asked()[0].body["tools"]}
    assert "files__read" not in names, "the namespace is not declared by the protocol"


def test_what_only_newer_clients_can_read_is_kept_from_older_ones(make_desk: Make) -> None:
    desk = make_desk()
    desk.script(ROME, said("Never mind."))
    session = desk.session()
    desk.client.trigger(session).rest()
    desk.client.trigger(session, "Never mind").rest()
    parts = [part for message in desk.client.messages(session) for part in message["parts"]]
    assert {part["type"] for part in parts} <= {"text", "tool-call"}
    assert "cancelled" not in {part.get("status") for part in parts}
    newer = [part for message in desk.version("4").messages(session) for part in message["parts"]]
    assert "cancelled" in {part.get("status") for part in newer}


def test_uploads_get_absolute_addresses(desk: Desk) -> None:
    session = desk.session()
    asked = {"filename": "a.txt", "mediaType": "text/plain", "size": 3}
    answer = desk.client.ask("POST", "/api/files/upload-urls", {"sessionId": session, "files": [asked]})
    if answer.status == 200:
        (file,) = answer.body["files"]
        assert file["uploadUrl"].startswith("http")
        assert file["downloadUrl"].startswith("http")
    else:
        assert isinstance(answer.body["error"], str)
        assert answer.body["code"]
