"""Owns the proof that the order rules can fail: a good turn passes, each way to break a client is found."""

from typing import Any

import pytest

from tests.interop.leg_rules import complaints

Event = dict[str, Any]

START = {"type": "start", "executionId": "e"}
BLOCK = {
    "type": "block-start",
    "blockId": "b",
    "blockName": "R",
    "blockType": "next-message",
    "display": "stream",
}
UNBLOCK = {"type": "block-end", "blockId": "b"}
TEXT = [
    {"type": "text-start", "id": "t"},
    {"type": "text-delta", "id": "t", "delta": "x"},
    {"type": "text-end", "id": "t"},
]
CALL = [
    {"type": "tool-input-start", "toolCallId": "c", "toolName": "n"},
    {"type": "tool-input-delta", "toolCallId": "c", "inputTextDelta": "{}"},
    {"type": "tool-input-end", "toolCallId": "c"},
    {"type": "tool-input-available", "toolCallId": "c", "toolName": "n", "input": {}},
]
REQUEST = {"type": "tool-request", "toolCalls": [{"toolCallId": "c", "toolName": "n", "args": {}}]}
PAUSE = {"type": "finish", "finishReason": "tool-calls"}
FINISH = {"type": "finish", "finishReason": "stop"}
ERROR = {
    "type": "error",
    "errorType": "internal_error",
    "message": "m",
    "retryable": False,
    "source": "platform",
}
RESULTS = {"executionId": "e", "toolResults": [{"toolCallId": "c", "result": 1}]}


def leg(*events: Event, request: Event | None = None, done: bool = True) -> Event:
    return {"request": request or {}, "events": list(events), "done": done}


def test_a_good_turn_passes() -> None:
    first = leg(START, BLOCK, *TEXT, *CALL, REQUEST, PAUSE)
    text = [{**event, "id": "u"} for event in TEXT]
    second = leg(START, *text, UNBLOCK, FINISH, request=RESULTS)
    assert complaints([first, second, leg({**START, "executionId": "f"}, FINISH)]) == []


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ([], "empty leg"),
        ([FINISH], "one start"),
        ([START, START, FINISH], "one start"),
        ([START], "one finish or error"),
        ([START, ERROR, FINISH], "one finish or error"),
        ([{"type": "start"}, FINISH], "no execution id"),
        ([START, PAUSE], "0 tool requests"),
        ([START, BLOCK, *CALL, REQUEST, FINISH], "1 tool requests and a finish stop"),
        ([START, BLOCK, *CALL, REQUEST, REQUEST, PAUSE], "right before the finish"),
        ([START, {**REQUEST, "toolCalls": []}, PAUSE], "empty tool request"),
        ([START, {**FINISH, "finishReason": "done"}], "finish reason done"),
        ([START, {**FINISH, "executionId": None}], "null for the absent"),
        ([START, BLOCK, FINISH], "left open at the finish: ['b']"),
        ([START, BLOCK, ERROR], "left open at the error"),
        ([START, BLOCK, {**BLOCK, "blockId": "c"}, UNBLOCK, FINISH], "opens inside"),
        ([START, BLOCK, UNBLOCK, BLOCK, UNBLOCK, FINISH], "opens twice"),
        ([START, UNBLOCK, FINISH], "not open"),
        ([START, *TEXT, FINISH], "outside a block"),
        ([START, BLOCK, TEXT[0], {**TEXT[0], "id": "u"}, UNBLOCK, FINISH], "is open, or used again"),
        ([START, BLOCK, *TEXT, *TEXT, UNBLOCK, FINISH], "used again"),
        ([START, BLOCK, TEXT[1], UNBLOCK, FINISH], "open is None"),
        ([START, BLOCK, CALL[0], CALL[3], UNBLOCK, FINISH], "after tool-input-start"),
        ([START, BLOCK, *CALL, UNBLOCK, FINISH], "left open at the finish: ['c']"),
    ],
)
def test_a_broken_leg_is_found(events: list[Event], complaint: str) -> None:
    found = complaints([leg(*events)])
    assert any(complaint in text for text in found), found


def test_broken_frames_of_turns_are_found() -> None:
    first = leg(START, BLOCK, *CALL, REQUEST, PAUSE)
    second = leg({**START, "executionId": "f"}, UNBLOCK, FINISH, request=RESULTS)
    assert any("new execution id" in text for text in complaints([first, second]))
    assert complaints([leg(START, FINISH, done=False)]) == ["no [DONE]"]
