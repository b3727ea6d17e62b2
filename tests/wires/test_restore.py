"""Tells how stored conversations come back: leftovers closed, calls answered, everything else refused by place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.model.errors import InvalidRequest, TooLarge
from mainspring.model.messages import Message, Sender
from mainspring.model.parts import FilePart, FileReference, ToolCallPart, ToolResultPart
from mainspring.wires.restore import FAILED, MAX_BYTES, MAX_MESSAGES, NOT_KEPT, restore
from mainspring.wires.restore_parts import MAX_PARTS
from tests.wires.journal import text

DATE = "2026-01-02T03:04:05.678Z"
AT = 1767323045.678


def message(*parts: Any, role: str = "assistant", **given: Any) -> dict[str, Any]:
    return {"id": "a1", "role": role, "parts": list(parts), "status": "done", "createdAt": DATE, **given}


def a_text(value: str, **given: Any) -> dict[str, Any]:
    return {"type": "text", "text": value, "status": "done", **given}


def a_call(status: str = "done", call_id: str = "c1", **given: Any) -> dict[str, Any]:
    return {
        "type": "tool-call",
        "toolCallId": call_id,
        "toolName": "look",
        "args": {"a": 1},
        "status": status,
        **given,
    }


def shown(*messages: dict[str, Any]) -> list[dict[str, Any]]:
    return list(restore(messages, at=5.0).ui_messages)


def model_view(*messages: dict[str, Any]) -> list[Message]:
    return list(restore(messages, at=5.0).messages)


def results(*parts: Any) -> list[ToolResultPart]:
    return [
        part for one in model_view(message(*parts)) for part in one.parts if isinstance(part, ToolResultPart)
    ]


def test_a_conversation_comes_back_as_it_was() -> None:
    stored = [
        message(a_text("Hi."), role="user", id="u1", sender={"name": "Ada"}),
        message(a_text("Look."), a_call(result=5, display="stream"), {"type": "step-start"}, a_text("Five.")),
    ]
    assert shown(*stored) == stored
    assert model_view(*stored) == [
        Message(id="u1", role="user", parts=(text("Hi."),), at=AT, turn_id="u1", sender=Sender(name="Ada")),
        Message(
            id="a1_1",
            role="assistant",
            parts=(text("Look."), ToolCallPart(call_id="c1", tool="look", args={"a": 1})),
            at=AT,
            turn_id="a1",
        ),
        Message(
            id="a1_1_results",
            role="tool",
            parts=(ToolResultPart(call_id="c1", tool="look", output=5),),
            at=AT,
            turn_id="a1",
        ),
        Message(id="a1_2", role="assistant", parts=(text("Five."),), at=AT, turn_id="a1"),
    ]


def test_without_boundaries_what_follows_a_call_is_the_next_round() -> None:
    view = model_view(message(a_call(), a_call(call_id="c2"), a_text("Then."), a_call(call_id="c3")))
    assert [one.role for one in view] == ["assistant", "tool", "assistant", "tool"]
    assert [len(one.parts) for one in view] == [2, 2, 2, 1]


def test_every_call_has_one_result() -> None:
    assert results(a_call(result=None))[0] == ToolResultPart(call_id="c1", tool="look", output=None)
    assert results(a_call())[0].output == NOT_KEPT
    assert results(a_call("error", error="No."))[0].error == "No."
    assert results(a_call("error"))[0].error == FAILED
    for status in ("pending", "running", "cancelled"):
        assert results(a_call(status))[0].error == "Cancelled"


def test_what_was_going_on_is_over() -> None:
    stored = message(
        a_text("Half", status="streaming"),
        a_call("running"),
        {"type": "operation", "operationId": "b", "name": "n", "operationType": "t", "status": "running"},
        {"type": "object", "id": "o", "typeName": "Card", "partial": {"a": 1}, "status": "streaming"},
        status="streaming",
    )
    (back,) = shown(stored)
    assert back["status"] == "done"
    assert [part["status"] for part in back["parts"]] == ["done", "cancelled", "cancelled", "done"]
    assert back["parts"][3]["partial"] == {"a": 1}


def test_arguments_that_are_no_object_are_left_empty() -> None:
    assert shown(message(a_call(args=1)))[0]["parts"][0]["args"] == {}
    assert shown(message({**a_call(), "args": None}))[0]["parts"][0]["args"] == {}


def test_reasoning_is_shown_but_not_told_to_the_model() -> None:
    stored = message(
        {"type": "reasoning", "text": "Hm.", "status": "done", "providerMetadata": {"x": {"signature": "s"}}}
    )
    assert shown(stored)[0]["parts"] == [{"type": "reasoning", "text": "Hm.", "status": "done"}]
    assert model_view(stored) == []


def test_parts_of_other_threads_are_shown_but_not_told_to_the_model() -> None:
    stored = message(a_text("Aside.", thread="side"), a_text("Aloud.", thread="main"))
    assert shown(stored)[0]["parts"] == [a_text("Aside.", thread="side"), a_text("Aloud.")]
    assert [one.text for one in model_view(stored)] == ["Aloud."]


def test_every_documented_part_is_taken() -> None:
    inside = [a_text("Inside."), a_call()]
    parts = [
        {"type": "source", "sourceType": "url", "id": "s", "url": "u", "title": "t"},
        {
            "type": "source",
            "sourceType": "document",
            "id": "s",
            "mediaType": "m",
            "title": "t",
            "filename": "f",
        },
        {
            "type": "file",
            "id": "f",
            "mediaType": "m",
            "url": "u",
            "filename": "n",
            "size": 3,
            "toolCallId": "c",
        },
        {"type": "file", "id": "f", "mediaType": "m", "url": "u"},
        {"type": "object", "id": "o", "typeName": "Card", "status": "error", "error": "e", "object": None},
        {"type": "todo", "todos": [{"id": "1", "content": "c", "status": "pending"}], "status": "done"},
        {"type": "step-start"},
        {
            "type": "worker",
            "workerId": "w",
            "workerSlug": "digger",
            "description": "d",
            "parts": inside,
            "status": "error",
            "error": "e",
            "input": {"Q": 1},
            "output": 5,
        },
        {"type": "worker", "workerId": "w", "workerSlug": "digger", "parts": [], "status": "done"},
    ]
    stored = message(*parts)
    assert shown(stored)[0]["parts"] == parts
    assert model_view(stored) == []


def test_unknown_parts_and_members_are_left_out() -> None:
    stored = message(
        {"type": "hologram", "data": 1},
        a_text("Hi.", approval=True),
        {
            "type": "worker",
            "workerId": "w",
            "workerSlug": "s",
            "status": "done",
            "parts": [{"type": "worker", "workerId": "v", "workerSlug": "s", "status": "done", "parts": []}],
        },
        tools=["rm"],
        variables={"A": 1},
    )
    (back,) = shown(stored)
    assert set(back) == {"id", "role", "parts", "status", "createdAt"}
    assert back["parts"] == [
        a_text("Hi."),
        {"type": "worker", "workerId": "w", "workerSlug": "s", "parts": [], "status": "done"},
    ]


def test_what_a_user_sent_reaches_the_model() -> None:
    file = {"type": "file", "id": "f", "mediaType": "m", "url": "u", "size": 3}
    card = {"type": "object", "id": "o", "typeName": "form", "object": {"a": 1}, "status": "done"}
    (told,) = model_view(message(file, card, a_text("Hi."), a_text(""), role="user"))
    reference = FileReference(id="f", media_type="m", url="u", size=3)
    assert told.parts == (FilePart(file=reference), text('{"a":1}'), text("Hi."))
    empty = {**card, "object": None}
    assert model_view(message(empty, role="user")) == []


def test_ids_that_no_provider_takes_are_replaced_for_the_model() -> None:
    view = model_view(message(a_call(call_id="über 1"), a_call(call_id="x" * 65)))
    called = [part.call_id for part in view[0].parts if isinstance(part, ToolCallPart)]
    answered = [part.call_id for part in view[1].parts if isinstance(part, ToolResultPart)]
    assert called == answered == ["call_restored_1", "call_restored_2"]


@pytest.mark.parametrize(
    ("given_date", "expected"),
    [
        (None, "1970-01-01T00:00:05.000Z"),
        ("2026-01-02T05:04:05.678+02:00", DATE),
        ("2026-01-02T03:04:05.678", DATE),
        (1767323045678, DATE),
    ],
)
def test_dates_of_every_kind(given_date: Any, expected: str) -> None:
    assert shown(message(createdAt=given_date))[0]["createdAt"] == expected


def test_what_has_no_status_is_done() -> None:
    stored = message({"type": "text", "text": "Hi."})
    del stored["status"]
    assert shown(stored)[0] == message(a_text("Hi."))


def test_messages_without_parts_are_kept_for_their_ids() -> None:
    assert [one["id"] for one in shown(message())] == ["a1"]
    assert model_view(message()) == []


@pytest.mark.parametrize(
    ("stored", "refusal"),
    [
        (5, "messages[0] must be an object"),
        (message(id=""), "messages[0].id must not be empty"),
        (message(id="x" * 257), "messages[0].id is longer than 256 characters"),
        (message(role="system"), "messages[0].role must be one of user, assistant"),
        (message(role="tool"), "messages[0].role must be one of user, assistant"),
        (message(status="odd"), "messages[0].status must be one of streaming, done"),
        (message(createdAt="soon"), "messages[0].createdAt must be an ISO 8601 date"),
        (message(createdAt=True), "messages[0].createdAt must be a string"),
        (message(createdAt=1e300), "messages[0].createdAt must be an ISO 8601 date"),
        ({**message(), "parts": None}, "messages[0].parts must be an array"),
        (message(5), "messages[0].parts[0] must be an object"),
        (message({"text": "x"}), "messages[0].parts[0].type must be a string"),
        (message({"type": "text"}), "messages[0].parts[0].text must be a string"),
        (message(a_text("x", status="odd")), "messages[0].parts[0].status must be one of streaming, done"),
        (message(a_text("x"), a_call(call_id=5)), "messages[0].parts[1].toolCallId must be a string"),  # type: ignore[arg-type]  # that is the point
        (message(a_call(toolName="rm -rf")), "messages[0].parts[0].toolName must be a tool's name"),
        (message(a_call(), a_call()), "messages[0] repeats the tool call c1"),
        (
            message(a_call(), role="user"),
            "messages[0].parts[0].type is tool-call, which no user's message has",
        ),
        (message(sender=5), "messages[0].sender must be an object"),
        (
            message({"type": "worker", "workerId": "w", "workerSlug": "s", "parts": [{"type": "text"}]}),
            "messages[0].parts[0].parts[0].text must be a string",
        ),
    ],
)
def test_malformed_messages_are_refused_by_place(stored: Any, refusal: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        restore([stored], at=0.0)
    assert refused.value.message == refusal


def test_an_id_stands_for_one_message() -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[1\]\.id repeats a1"):
        restore([message(), message()], at=0.0)


def test_bombs_are_refused() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidRequest, match=r"messages\[0\] is nested deeper than 64 levels"):
        restore([message(a_call(args=deep))], at=0.0)
    with pytest.raises(TooLarge, match=f"{MAX_MESSAGES + 1} elements"):
        restore([None] * (MAX_MESSAGES + 1), at=0.0)
    with pytest.raises(TooLarge, match="parts has"):
        restore([message(*[a_text("x")] * (MAX_PARTS + 1))], at=0.0)
    with pytest.raises(TooLarge, match="bytes"):
        restore([message(a_text("x" * MAX_BYTES))], at=0.0)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["text", "tool-call", "user", "done", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "role", "parts", "type", "text", "status", "toolCallId", "toolName", "args"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(st.lists(json_values, max_size=3))
def test_nothing_a_stranger_sends_raises_anything_else_or_leaves_a_call_open(stored: list[Any]) -> None:
    try:
        view = restore(stored, at=0.0).messages
    except InvalidRequest:
        return
    assert all(one.role in {"user", "assistant", "tool"} for one in view)
    for index, one in enumerate(view):
        calls = [part.call_id for part in one.parts if isinstance(part, ToolCallPart)]
        if calls:
            assert [
                part.call_id for part in view[index + 1].parts if isinstance(part, ToolResultPart)
            ] == calls
