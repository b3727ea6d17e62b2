"""Owns the proof that what is sent twice, too late or to the wrong place does no harm."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.desk import Desk, calls_of, execution_of, finals, text_of, types
from tests.e2e.http_client import Answer, Stream
from tests.e2e.model_server import Call, Gate, Reply, Say, said

ROME: Reply = [Call("get-weather", {"city": "Rome"})]


def waiting(desk: Desk, *calls: Call) -> tuple[str, Stream, list[dict[str, Any]]]:
    """A session that waits for the results of calls: its id, the stream so far, the calls."""
    desk.script(calls or ROME)
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.rest()
    return session, stream, calls_of(stream)


def results(calls: list[dict[str, Any]], value: Any = "sunny") -> list[dict[str, Any]]:
    """A result for each call."""
    return [
        {"toolCallId": call["toolCallId"], "toolName": call["toolName"], "result": value} for call in calls
    ]


def post(desk: Desk, session: str, execution: str, given: list[dict[str, Any]]) -> Answer:
    """Posts results that the server should refuse."""
    body = {"executionId": execution, "toolResults": given}
    return desk.client.ask("POST", f"/api/agent-sessions/{session}/trigger", body)


def check_refused(answer: Answer, *statuses: int) -> None:
    """A refusal with a flat error and a code."""
    assert answer.status in statuses, answer
    assert isinstance(answer.body["error"], str)
    assert answer.body["code"]


def test_the_same_results_one_after_the_other(desk: Desk) -> None:
    session, stream, calls = waiting(desk)
    desk.script(said("It is sunny."))
    execution = execution_of(stream)
    first = [event.data for event in desk.client.resume(session, execution, results(calls)).rest()]
    second = [event.data for event in desk.client.resume(session, execution, results(calls)).rest()]
    assert first == second
    assert first[-1]["finishReason"] == "stop"
    assert len(desk.asked()) == 2


def test_the_same_results_at_once(desk: Desk) -> None:
    session, stream, calls = waiting(desk)
    gate = Gate()
    desk.script([gate, Say(("It is sunny.",))])
    with ThreadPoolExecutor(4) as pool:
        running = [
            pool.submit(lambda: desk.client.resume(session, execution_of(stream), results(calls)).rest())
            for _ in range(4)
        ]
        gate.wait()
        gate.opened.set()
        answers = [[event.data for event in each.result()] for each in running]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][-1]["finishReason"] == "stop"
    assert len(desk.asked()) == 2


def test_another_result_for_a_call_is_refused(desk: Desk) -> None:
    session, stream, calls = waiting(desk)
    desk.script(said("It is sunny."))
    desk.client.resume(session, execution_of(stream), results(calls)).rest()
    check_refused(post(desk, session, execution_of(stream), results(calls, "rain")), 409)
    part = desk.client.messages(session)[1]["parts"][0]
    assert part["result"] == "sunny"
    assert len(desk.asked()) == 2


def test_results_for_some_calls_never_reach_the_model_with_holes(desk: Desk) -> None:
    session, stream, calls = waiting(desk, *ROME, Call("get-time", {}))  # type: ignore[arg-type]  # ROME is a call
    path = f"/api/agent-sessions/{session}/trigger"
    body = {"executionId": execution_of(stream), "toolResults": results(calls[:1])}
    connection, response = desk.client.open("POST", path, body)
    kept = response.status == 200
    if not kept:
        assert response.status == 400
        assert calls[1]["toolCallId"].encode() in response.read()
    response.close()
    connection.close()
    assert len(desk.asked()) == 1
    desk.script(said("It is sunny."))
    rest = calls[1:] if kept else calls
    desk.client.resume(session, execution_of(stream), results(rest)).rest()
    assert len(desk.asked()) == 2


def test_results_for_a_finished_execution(desk: Desk) -> None:
    desk.script(said("No tools."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.rest()
    before = desk.client.messages(session)
    given = [{"toolCallId": "made-up", "toolName": "get-weather", "result": 1}]
    check_refused(post(desk, session, execution_of(stream), given), 400, 404, 409, 410)
    assert desk.client.messages(session) == before


def test_results_for_a_superseded_execution(desk: Desk) -> None:
    session, stream, calls = waiting(desk)
    desk.script(said("Something else."))
    desk.client.trigger(session, "Never mind").rest()
    before = desk.client.messages(session)
    check_refused(post(desk, session, execution_of(stream), results(calls)), 404, 409, 410)
    assert desk.client.messages(session) == before
    assert len(desk.asked()) == 2


def test_ids_of_another_session(desk: Desk) -> None:
    one, stream, calls = waiting(desk)
    other, other_stream, other_calls = waiting(desk)
    check_refused(post(desk, one, execution_of(other_stream), results(other_calls)), 400, 404)
    check_refused(post(desk, one, execution_of(stream), results(other_calls)), 400, 404)
    unknown = post(desk, one, "no-such-execution", results(calls))
    check_refused(unknown, 400, 404)
    assert (
        unknown.body["code"] == post(desk, one, execution_of(other_stream), results(other_calls)).body["code"]
    )
    desk.script(said("One."), said("Other."))
    desk.client.resume(one, execution_of(stream), results(calls)).rest()
    desk.client.resume(other, execution_of(other_stream), results(other_calls)).rest()
    assert text_of(desk.client.messages(other), "assistant") == ["Other."]


def try_trigger(desk: Desk, session: str, text: str) -> tuple[int, Any]:
    """Triggers; the status, and the events or the error."""
    body = {"triggerName": "user-message", "input": {"USER_MESSAGE": text}}
    connection, response = desk.client.open("POST", f"/api/agent-sessions/{session}/trigger", body)
    try:
        return response.status, (response.read(), dict(response.getheaders()))
    finally:
        response.close()
        connection.close()


def test_many_triggers_at_once_run_one_at_a_time(desk: Desk) -> None:
    session = desk.session()
    for turn in range(3):
        gate = Gate()
        desk.script([gate, Say((f"Answer {turn}.",))])
        with ThreadPoolExecutor(20) as pool:
            tries = [pool.submit(try_trigger, desk, session, f"{turn}-{n}") for n in range(20)]
            gate.wait()
            refused = [each for each in tries if not_first(each)]
            gate.opened.set()
            statuses = sorted(each.result()[0] for each in tries)
        assert statuses == [200] + [429] * 19
        assert len(refused) == 19
        body, headers = next(each.result()[1] for each in refused)
        assert b'"SESSION_BUSY"' in body
        assert int({name.lower(): value for name, value in headers.items()}["retry-after"]) >= 0
    roles = [message["role"] for message in desk.client.messages(session)]
    assert roles == ["user", "assistant"] * 3
    assert len(desk.asked()) == 3


def not_first(running: Any) -> bool:
    """Whether this try was refused while the one that won is still held."""
    try:
        return running.result(timeout=8)[0] == 429
    except TimeoutError:
        return False


def test_a_start_retried_with_its_key_is_the_same_turn(desk: Desk) -> None:
    desk.script(said("Once."))
    client = desk.version("4")
    trigger = {"triggerName": "user-message", "input": {"USER_MESSAGE": "Hello"}}
    body = {"agentId": desk.agent, "idempotencyKey": "the-same", "trigger": trigger}
    first = client.stream("POST", "/api/agent-sessions/start", body)
    first.rest()
    second = client.stream("POST", "/api/agent-sessions/start", body)
    second.rest()
    session = first.headers["x-octavus-session-id"]
    assert second.headers["x-octavus-session-id"] == session
    assert text_of(client.messages(session), "user") == ["Hello"]
    assert len(desk.asked()) == 1


def test_results_from_a_side_channel_before_the_stream_was_read(desk: Desk) -> None:
    desk.script(ROME, said("It is sunny."))
    session = desk.session()
    unread = desk.client.trigger(session)
    side = desk.client.follow(session)
    side.until(lambda event: event.type == "tool-request")
    side.close()
    answer = desk.client.resume(session, execution_of(side), results(calls_of(side))).rest()
    assert answer[-1].data["finishReason"] == "stop"
    assert types(unread.rest())[-2:] == ["tool-request", "finish"]


def test_a_trigger_while_tools_are_awaited_cancels_them(desk: Desk) -> None:
    session, _, calls = waiting(desk)
    desk.script(said("All right."))
    stream = desk.client.trigger(session, "Never mind")
    assert stream.rest()[-1].data["finishReason"] == "stop"
    asked = desk.asked()[-1].messages
    (tool,) = [message for message in asked if message["role"] == "tool"]
    assert "cancel" in str(tool["content"]).lower()
    assert asked[-1] == {"role": "user", "content": "Never mind"}
    assert calls[0]["toolCallId"] in str(desk.client.messages(session))


def test_a_client_that_leaves_stops_the_turn(desk: Desk) -> None:
    desk.script([Say(("Once ", "upon ")), Gate()], said("Again."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.until(lambda event: event.type == "text-delta")
    stream.close()
    assert desk.asked()[0].gone.wait(2)
    finals(desk, session)
    assert desk.client.messages(session)[1]["status"] == "done"
    assert desk.client.trigger(session, "And now?").rest()[-1].data["finishReason"] == "stop"


@pytest.mark.parametrize("first", range(0, 14, 2))
def test_a_stop_at_any_event(desk: Desk, first: int) -> None:
    turn: Reply = [Say(("Let me ", "look.")), Call("get-weather", {"city": "Rome"}), Call("get-time", {})]
    for index in (first, first + 1):
        desk.script(turn, said("Next."))
        session = desk.session()
        stream = desk.client.trigger(session)
        for _ in zip(range(index), stream, strict=False):
            pass
        stream.close()
        again = desk.client.trigger(session, "Next")
        assert again.rest()[-1].data["finishReason"] == "stop"
        desk.models.scripts[desk.model].clear()
