"""Owns the proof that tool calls survive `kill -9`: one id a call, results kept, nothing asked twice."""

import time
from typing import Any

import pytest

from tests.e2e.desk import Desk, calls_of, execution_of, finals, text_of
from tests.e2e.model_server import Call, Gate, Reply, said

ROME: Reply = [Call("get-weather", {"city": "Rome"})]


def result(call: dict[str, Any], value: Any = "sunny") -> dict[str, Any]:
    """A tool result as the SDK sends it."""
    return {"toolCallId": call["toolCallId"], "toolName": call["toolName"], "result": value}


def check_settled(desk: Desk, session: str, call: dict[str, Any]) -> None:
    """One question, one call with its result, one answer; the model saw the result once."""
    messages = desk.client.messages(session)
    assert text_of(messages, "user") == ["Hello"]
    (answer,) = [message for message in messages if message["role"] == "assistant"]
    tools = [part for part in answer["parts"] if part["type"] == "tool-call"]
    assert [(part["toolCallId"], part["result"]) for part in tools] == [(call["toolCallId"], "sunny")]
    assert answer["parts"][-1]["text"] == "It is sunny."
    asked = desk.asked()[-1].messages
    assert [message["content"] for message in asked if message["role"] == "tool"] == ["sunny"]


def requested(desk: Desk, session: str) -> list[dict[str, Any]]:
    """The calls of the first tool request in the journal."""
    stream = desk.client.follow(session)
    stream.until(lambda event: event.type == "tool-request")
    stream.close()
    return calls_of(stream)


def test_killed_after_the_request_was_delivered(desk: Desk) -> None:
    desk.script(ROME, said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.rest()
    (call,) = calls_of(stream)
    desk.crash()
    assert requested(desk, session) == [call]
    answer = desk.client.resume(session, execution_of(stream), [result(call)])
    assert answer.rest()[-1].data["finishReason"] == "stop"
    assert execution_of(answer) == execution_of(stream)
    check_settled(desk, session, call)
    assert len(desk.asked()) == 2


@pytest.mark.parametrize("milliseconds", [0, 3, 10, 40])
def test_killed_around_the_moment_the_request_is_written(desk: Desk, milliseconds: int) -> None:
    last = Gate()
    last.opened.set()
    desk.script([*ROME, last], ROME, said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    last.wait()
    time.sleep(milliseconds / 1000)
    desk.crash()
    stream.close()
    (call,) = requested(desk, session)
    desk.models.scripts[desk.model].clear()
    desk.script(said("It is sunny."))
    execution = next(
        event["executionId"] for event in finals_until_request(desk, session) if event["type"] == "start"
    )
    desk.client.resume(session, execution, [result(call)]).rest()
    check_settled(desk, session, call)


def finals_until_request(desk: Desk, session: str) -> list[dict[str, Any]]:
    """The journal up to its first tool request."""
    stream = desk.client.follow(session)
    stream.until(lambda event: event.type == "tool-request")
    stream.close()
    return [event.data for event in stream.seen]


def test_killed_in_the_middle_of_a_call(desk: Desk) -> None:
    gate = Gate()
    desk.script([*ROME, gate], ROME, said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    gate.wait()
    desk.crash()
    stream.close()
    (call,) = requested(desk, session)
    execution = execution_of(stream) if stream.seen else finals_until_request(desk, session)[0]["executionId"]
    desk.client.resume(session, execution, [result(call)]).rest()
    check_settled(desk, session, call)
    assert len(desk.asked()) == 3


def test_killed_after_the_results_were_accepted(desk: Desk) -> None:
    gate = Gate()
    desk.script(ROME, [gate], said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.rest()
    (call,) = calls_of(stream)
    again = desk.client.resume(session, execution_of(stream), [result(call)])
    gate.wait()
    desk.crash()
    again.close()
    whole = finals(desk, session)
    check_settled(desk, session, call)
    assert [event["type"] for event in whole].count("tool-request") == 1
    assert len(desk.asked()) == 3


def test_results_posted_again_after_the_crash(desk: Desk) -> None:
    gate = Gate()
    desk.script(ROME, [gate], said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.rest()
    (call,) = calls_of(stream)
    cut = desk.client.resume(session, execution_of(stream), [result(call)])
    gate.wait()
    desk.crash()
    cut.close()
    again = desk.client.resume(session, execution_of(stream), [result(call)]).rest()
    assert again[-1].data["finishReason"] == "stop"
    check_settled(desk, session, call)
    assert len(desk.asked()) == 3


def test_a_round_half_answered_stays_half_answered(desk: Desk) -> None:
    desk.script([*ROME, Call("get-time", {})], said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.rest()
    weather, time = calls_of(stream)
    path = f"/api/agent-sessions/{session}/trigger"
    half = {"executionId": execution_of(stream), "toolResults": [result(weather)]}
    connection, response = desk.client.open("POST", path, half)
    accepted = response.status == 200
    connection.close()
    response.close()
    desk.crash()
    assert len(desk.asked()) == 1
    rest = [result(time)] if accepted else [result(weather), result(time)]
    assert desk.client.resume(session, execution_of(stream), rest).rest()[-1].data["finishReason"] == "stop"
    tools = [message["content"] for message in desk.asked()[-1].messages if message["role"] == "tool"]
    assert tools == ["sunny", "sunny"]
