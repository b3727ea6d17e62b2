"""Owns the proof of expiry and restore, to the letter of the SDK's documentation."""

from typing import Any

from tests.e2e.desk import Desk, text_of
from tests.e2e.model_server import Call, Say, said
from tests.interop.conftest import Node, Played

FIRST = [
    Say(("Looking.",)),
    Call("get-weather", {"city": "Rome"}),
    Call("get-time", {}),
    Call("secret-audit", {"note": "n"}),
]

LEFT_BY_A_STOP = {
    "id": "from-the-browser",
    "role": "assistant",
    "status": "done",
    "createdAt": "2026-01-02T03:04:05.000Z",
    "parts": [
        {"type": "text", "text": "One mo", "status": "streaming"},
        {
            "type": "tool-call",
            "toolCallId": "left",
            "toolName": "get-time",
            "args": {},
            "status": "cancelled",
        },
    ],
}
ASKED_BEFORE_IT = {
    "id": "asked-before",
    "role": "user",
    "status": "done",
    "createdAt": "2026-01-02T03:04:00.000Z",
    "parts": [{"type": "text", "text": "Quick, the time!", "status": "done"}],
}
EMPTY = {**LEFT_BY_A_STOP, "id": "empty", "parts": []}


def play(node: Node, desk: Desk, **given: Any) -> Played:
    desk.script(FIRST, said("Warm."), said("Warmer."))
    return node.play("restore", desk, **given)


def test_an_active_session_is_not_restored(node: Node, desk: Desk) -> None:
    result = play(node, desk).result
    expected = {"sessionId": result["sessionId"], "restored": False}
    assert result["early"] == expected
    assert result["twice"] == expected


def test_an_expired_session_says_so_and_refuses_turns(node: Node, desk: Desk) -> None:
    result = play(node, desk).result
    assert result["cleared"] == {"sessionId": result["sessionId"], "cleared": True}
    assert set(result["expired"]) == {"sessionId", "agentId", "status", "createdAt"}
    assert result["expired"]["status"] == "expired"
    assert result["expiredState"] == result["expired"]
    assert [event["errorType"] for event in result["refused"]] == ["not_found_error"]


def test_what_was_stored_is_there_again(node: Node, desk: Desk) -> None:
    result = play(node, desk).result
    assert result["restored"] == {"sessionId": result["sessionId"], "restored": True}
    assert result["back"]["messages"] == result["stored"]
    assert [message["id"] for message in result["messages"][:2]] == [each["id"] for each in result["stored"]]
    assert text_of(result["messages"], "user") == ["How is Rome?", "And Paris?"]
    assert text_of(result["messages"], "assistant") == ["Looking.Warm.", "Warmer."]


def test_the_model_sees_the_history_with_every_call_answered(node: Node, desk: Desk) -> None:
    play(node, desk)
    asked = desk.asked()[-1].messages
    assert asked[0] == {"role": "system", "content": "You work for After."}
    assert asked[1] == {"role": "user", "content": "How is Rome?"}
    assert asked[-2]["role"] == "assistant"
    assert asked[-1] == {"role": "user", "content": "And Paris?"}
    called = [call["function"]["name"] for message in asked for call in message.get("tool_calls") or []]
    assert called[:2] == ["get-weather", "get-time"]
    answers = [str(message["content"]) for message in asked if message["role"] == "tool"]
    assert '"degrees":21' in answers[0].replace(" ", "")
    assert "no clock" in answers[1]


def test_leftovers_of_a_stop_are_repaired(node: Node, desk: Desk) -> None:
    result = play(node, desk, more=[ASKED_BEFORE_IT, LEFT_BY_A_STOP, EMPTY]).result
    asked = desk.asked()[-1].messages
    words = [str(message.get("content")) for message in asked]
    assert "Quick, the time!" in words
    assert sum(message["role"] == "tool" for message in asked) == 3
    assert (
        "cancel"
        in next(
            word
            for word, message in zip(words, asked, strict=True)
            if message.get("tool_call_id") and "cancel" in word.lower()
        ).lower()
    )
    statuses = [part.get("status") for message in result["back"]["messages"] for part in message["parts"]]
    assert "cancelled" not in statuses


def test_bad_restores_are_refused(node: Node, desk: Desk) -> None:
    result = play(node, desk).result
    assert result["unknown"]["status"] == 404
    assert result["malformed"]["status"] == 400 or result["malformed"]["name"] == "ApiError"
