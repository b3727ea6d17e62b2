"""Owns the proof of the wire itself: framing, headers, order, and the ten ways to break a client unnoticed."""

import time
from collections.abc import Callable

from tests.e2e.agents import BLOCKS, PLAIN
from tests.e2e.desk import Desk, calls_of, execution_of, types
from tests.e2e.http_client import Stream
from tests.e2e.model_server import Call, Gate, Reply, Say, Think, said
from tests.interop.leg_rules import complaints, rebuilt
from tests.interop.test_version_6 import leg, results

Make = Callable[..., Desk]
BUSY_TURN: Reply = [
    Think(("Hm, ", "let me see.")),
    Say(("I ", "look.")),
    Call("get-weather", {"city": "Rome", "days": [1, 2]}),
    Call("secret-audit", {"note": "x"}),
]


def raw(stream: Stream) -> bytes:
    """The bytes of a stream."""
    data = stream.response.read()
    stream.close()
    return data


def test_headers_and_start_come_before_any_work(desk: Desk) -> None:
    gate = Gate()
    desk.script([gate, Say(("Done.",))])
    session = desk.session()
    began = time.monotonic()
    stream = desk.client.trigger(session)
    stream.until(lambda event: event.type == "start")
    assert time.monotonic() - began < 5
    gate.wait()
    gate.opened.set()
    stream.rest()
    assert stream.headers["cache-control"] == "no-cache"
    assert stream.headers["x-accel-buffering"] == "no"


def test_the_bytes_are_what_line_readers_expect(desk: Desk) -> None:
    desk.script(said("Ünïcödé 🌍\u2028 \r\n x"))
    data = raw(desk.client.trigger(desk.session()))
    assert data.endswith(b"data: [DONE]\n\n")
    assert b"\r\n" not in data
    for line in data.decode().split("\n"):
        assert line == "" or line.startswith((":", "id: ", "data: "))
    assert "Ünïcödé 🌍" in data.decode()


def check_turn(desk: Desk) -> list[Stream]:
    """A turn with reasoning, text, visible and hidden tools keeps every rule; its legs."""
    desk.script(BUSY_TURN, [Call("get-time", {})], [Think(("Ah.",)), Say(("It is ", "warm."))])
    session = desk.session()
    streams = [desk.client.trigger(session)]
    legs = [leg(streams[0], {})]
    while calls_of(streams[-1]):
        body = {"executionId": execution_of(streams[-1]), "toolResults": results(streams[-1], None)}
        streams.append(desk.client.stream("POST", f"/api/agent-sessions/{session}/trigger", body))
        legs.append(leg(streams[-1], body))
    assert len(legs) == 3
    assert complaints(legs) == []
    assert all(text.startswith("{") for _, text in rebuilt(legs))
    return streams


def test_a_turn_of_many_parts_keeps_every_rule(desk: Desk) -> None:
    streams = check_turn(desk)
    assert [call["toolName"] for call in calls_of(streams[0])] == ["get-weather", "secret-audit"]
    started = [event.data["toolName"] for event in streams[0].seen if event.type == "tool-input-start"]
    assert started == ["get-weather"], "a hidden tool is asked for, and not shown"
    assert "reasoning-delta" in types(streams[0].seen)


def test_a_turn_for_newer_clients_keeps_every_rule(make_desk: Make) -> None:
    check_turn(make_desk(version="4"))


def test_arguments_reach_older_clients_in_one_piece(desk: Desk) -> None:
    desk.script(BUSY_TURN)
    events = desk.client.trigger(desk.session()).rest()
    deltas = [event for event in events if event.type == "tool-input-delta"]
    assert len(deltas) == 1


def test_a_block_that_waits_stays_open(make_desk: Make) -> None:
    desk = make_desk(BLOCKS)
    desk.script(said("Cold."))
    session = desk.session()
    first = desk.client.trigger(session, "Oslo")
    one = leg(first, {})
    body = {"executionId": execution_of(first), "toolResults": results(first, {"degrees": 1})}
    body["toolResults"][0] |= {key: calls_of(first)[0][key] for key in ("outputVariable", "blockIndex")}
    second = desk.client.stream("POST", f"/api/agent-sessions/{session}/trigger", body)
    assert complaints([one, leg(second, body)]) == []
    (call,) = calls_of(first)
    assert (call["source"], call["outputVariable"]) == ("block", "WEATHER")
    updates = [event.data for event in second.seen if event.type == "resource-update"]
    assert [(update["name"], update["value"]) for update in updates] == [("LAST_WEATHER", {"degrees": 1})]


def test_a_result_of_nothing_is_a_success(desk: Desk) -> None:
    desk.script([Call("get-weather", {"city": "Rome"})], said("Fine."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.rest()
    (call,) = calls_of(stream)
    given = [{"toolCallId": call["toolCallId"], "toolName": call["toolName"]}]
    desk.client.resume(session, execution_of(stream), given).rest()
    (tool,) = [message for message in desk.asked()[-1].messages if message["role"] == "tool"]
    assert "error" not in str(tool["content"]).lower()


def test_an_empty_list_of_results_is_a_plain_trigger(make_desk: Make) -> None:
    desk = make_desk(PLAIN)
    desk.script(said("Fine."))
    events = desk.client.trigger(desk.session(), toolResults=[]).rest()
    assert events[-1].data["finishReason"] == "stop"


def test_errors_are_flat_and_json(desk: Desk) -> None:
    session = desk.session()
    asked = [
        ("GET", "/api/agents/no-such-agent", None, 404),
        ("POST", "/api/agent-sessions", {"agentId": 7}, 400),
        ("POST", "/api/agent-sessions", {"agentId": "no-such-agent"}, 404),
        ("POST", f"/api/agent-sessions/{session}/restore", {"messages": "all"}, 400),
        ("POST", f"/api/agent-sessions/{session}/trigger", {"triggerName": 1}, 400),
        ("POST", f"/api/agent-sessions/{session}/trigger", {"executionId": "x", "toolResults": [{}]}, 400),
        ("PUT", "/api/agents", {}, 405),
        ("GET", "/api/no-such-thing", None, 404),
    ]
    for method, path, body, status in asked:
        answer = desk.client.ask(method, path, body)
        assert answer.status == status, (path, answer)
        assert answer.headers["content-type"].startswith("application/json")
        assert isinstance(answer.body["error"], str)
        assert isinstance(answer.body["code"], str)
        assert None not in answer.body.values()


def test_nothing_absent_is_null(desk: Desk) -> None:
    def nulls(value: object, path: str = "") -> list[str]:
        if isinstance(value, dict):
            return [found for key, each in value.items() for found in nulls(each, f"{path}.{key}")]
        if isinstance(value, list):
            return [found for each in value for found in nulls(each, path)]
        return [path] if value is None else []

    desk.script([Call("ask-user", {"question": "?"})], said("Fine."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.rest()
    desk.client.resume(session, execution_of(stream), results(stream, "x")).rest()
    for path in (f"/api/agent-sessions/{session}", f"/api/agent-sessions/{session}?format=ui"):
        assert nulls(desk.client.ask("GET", path).body) == []
    assert nulls([event.data for event in stream.seen]) == []
    listed = set(nulls(desk.client.ask("GET", "/api/agents").body))
    assert listed <= {".agents.description"}
