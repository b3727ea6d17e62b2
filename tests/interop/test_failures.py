"""Owns the proof of what the SDK sees when things go wrong: refusals, provider failures, busy sessions, stops."""

from typing import Any

from tests.e2e.desk import Desk, text_of
from tests.e2e.model_server import Call, Cut, Frame, Gate, Refuse, Reply, Say, said
from tests.interop.conftest import Node
from tests.interop.test_server_sdk import of_type, roles, text

RATE_LIMITED = {"error": {"message": "Slow down", "type": "requests", "code": "rate_limit_exceeded"}}
NO_MONEY = {"error": {"message": "No quota left", "type": "insufficient_quota", "code": "insufficient_quota"}}
BAD_KEY = {
    "error": {"message": "Incorrect API key", "type": "invalid_request_error", "code": "invalid_api_key"}
}
BROKEN = {"error": {"message": "The server had an error", "type": "server_error", "code": None}}
IN_STREAM = Frame('data: {"error": {"message": "Overheated", "type": "server_error", "code": null}}\n\n')


def told(error: dict[str, Any]) -> tuple[Any, ...]:
    """The members of a thrown error that tell what it is."""
    return error["name"], error["status"]


def test_refused_requests(node: Node, desk: Desk) -> None:
    result = node.play("refusals", desk, narrowKey=desk.server.keys["agents",]).result
    assert told(result["unknownAgent"]) == ("ApiError", 404)
    assert told(result["unknownAgentRead"]) == ("ApiError", 404)
    assert told(result["unknownSession"]) == ("ApiError", 404)
    assert told(result["wrongKey"]) == ("ApiError", 401)
    assert told(result["noKey"]) == ("ApiError", 401)
    assert told(result["narrowKey"]) == ("ApiError", 403)
    for name in ("unknownAgent", "wrongKey", "narrowKey", "unknownSession"):
        assert result[name]["code"]
        assert "Request failed" not in result[name]["message"]


def test_refused_streams(node: Node, desk: Desk) -> None:
    result = node.play("refusals", desk, narrowKey=desk.server.keys["agents",]).result
    expected = {
        "wrongKeyStream": {"authentication_error"},
        "unknownSessionStream": {"not_found_error"},
        "unknownTrigger": {"validation_error", "not_found_error"},
        "missingInput": {"validation_error"},
        "unknownExecution": {"not_found_error", "validation_error", "unknown_error"},
    }
    for name, allowed in expected.items():
        (event,) = result[name]
        assert (event["type"], event["errorType"] in allowed) == ("error", True), (name, event)
        assert event["source"] == "platform"
    assert result["afterwards"] == []
    assert desk.asked() == []


def failed_turn(node: Node, desk: Desk, *replies: Reply) -> tuple[dict[str, Any], dict[str, Any]]:
    """The error event of a turn that fails so; then the session must still work."""
    desk.script(*replies, said("Back again."))
    result = node.play("provider_failures", desk, turns=["Try", "Try again"]).result
    failed, worked = result["turns"]
    assert failed[-1]["type"] == "error", failed
    assert text(worked) == "Back again."
    assert roles(result["messages"])[-2:] == ["user", "assistant"]
    return failed[-1], result


def test_a_rate_limit_that_outlasts_the_retries(node: Node, desk: Desk) -> None:
    error, _ = failed_turn(node, desk, *[[Refuse(429, RATE_LIMITED, (("retry-after", "3600"),))]])
    assert (error["errorType"], error["retryable"], error["source"]) == ("rate_limit_error", True, "provider")
    assert error["retryAfter"] == 3600
    assert error["code"] == "OPENAI_429"
    assert (error["provider"]["name"], error["provider"]["statusCode"]) == ("openai", 429)


def test_a_short_rate_limit_is_not_seen(node: Node, desk: Desk) -> None:
    desk.script([Refuse(429, RATE_LIMITED, (("retry-after", "0"),))], said("At last."))
    (turn,) = node.play("provider_failures", desk, turns=["Try"]).result["turns"]
    assert text(turn) == "At last."
    assert not of_type(turn, "error")


def test_no_quota_and_no_key_are_not_retried(node: Node, desk: Desk) -> None:
    error, _ = failed_turn(node, desk, [Refuse(429, NO_MONEY)])
    assert (error["errorType"], error["retryable"]) == ("quota_exceeded_error", False)
    error, _ = failed_turn(node, desk, [Refuse(401, BAD_KEY)])
    assert (error["errorType"], error["retryable"]) == ("authentication_error", False)
    assert len(desk.asked()) == 4


def test_a_failure_in_the_middle_keeps_what_was_said(node: Node, desk: Desk) -> None:
    error, result = failed_turn(node, desk, [Say(("Half a ",)), IN_STREAM])
    assert (error["retryable"], error["source"]) == (True, "provider")
    assert text(result["turns"][0]) == "Half a "
    assert len(desk.asked()) == 2


def test_a_cut_in_the_middle_is_one_error(node: Node, desk: Desk) -> None:
    error, result = failed_turn(node, desk, [Say(("Half a ", "sent")), Cut()])
    assert (error["errorType"], error["retryable"]) == ("provider_error", True)
    assert text(result["turns"][0]) == "Half a sent"


def test_a_cut_in_a_tool_call_runs_nothing(node: Node, desk: Desk) -> None:
    error, result = failed_turn(node, desk, [Call("get-weather", '{"city": "Ro'), Cut()])
    assert error["source"] == "provider"
    assert not of_type(result["turns"][0], "tool-output-available")
    assert not [message for message in desk.asked()[-1].messages if message["role"] == "tool"]


def test_a_busy_session_says_so_and_a_stop_frees_it(node: Node, desk: Desk) -> None:
    gate = Gate()
    desk.script([Say(("Well...",)), gate], said("Now."))
    result = node.play("busy", desk).result
    (refused,) = result["second"]
    assert (refused["errorType"], refused["retryable"], refused["source"]) == (
        "rate_limit_error",
        True,
        "platform",
    )
    assert desk.asked()[0].gone.wait(5)
    assert text(result["after"]) == "Now."
    assert text_of(result["messages"], "user") == ["Take your time", "Now?"]
    assert text_of(result["messages"], "assistant") == ["Well...", "Now."]


def test_stops_leave_a_valid_history(node: Node, desk: Desk) -> None:
    desk.script(
        [Say(("Once ", "upon")), Gate()],
        [Call("get-weather", {"city": "Rome"})],
        said("As you like."),
    )
    result = node.play("stop", desk).result
    assert desk.asked()[0].gone.wait(5)
    assert result["text"][-1] == {"type": "finish", "finishReason": "stop"}
    assert result["tool"][-1] == {"type": "finish", "finishReason": "stop"}
    assert text(result["next"]) == "As you like."
    assert text_of(result["messages"], "user") == ["Tell me a story", "And the weather?", "Never mind"]
    assert text_of(result["messages"], "assistant")[0].startswith("Once ")
    assert all(message["status"] == "done" for message in result["messages"])
    last = desk.asked()[-1].messages
    assert "cancel" in next(str(message["content"]) for message in last if message["role"] == "tool").lower()
