"""Tells what a user interface loads: the same as it saw live, under the rules for reloading."""

from typing import Any

from mainspring.model.events import decode_event
from mainspring.model.messages import Sender
from mainspring.model.parts import FilePart, FileReference, ReasoningPart
from mainspring.model.stream_events import (
    AttemptSuperseded,
    FileAvailable,
    ReasoningDelta,
    ReasoningEnded,
    ReasoningStarted,
    Source,
    TextDelta,
    TextEnded,
    TextStarted,
    TodoItem,
    TodoUpdate,
    ToolInputStarted,
)
from mainspring.wires.ui_messages import iso, ui_messages
from tests.wires.journal import (
    AT,
    Journal,
    added,
    asked,
    available,
    begun,
    block,
    block_over,
    called,
    ended,
    finished,
    requested,
    said,
    settled,
    text,
    tool,
    turn_with_tool,
)

STEP = {"type": "step-start"}


def done(value: str, **more: str) -> dict[str, Any]:
    return {"type": "text", "text": value, "status": "done", **more}


def draw(journal: Journal, version: int = 4) -> list[dict[str, Any]]:
    return ui_messages(journal.rows, version=version)


def parts(journal: Journal, version: int = 4) -> list[dict[str, Any]]:
    """The parts of the one assistant message."""
    (message,) = [message for message in draw(journal, version) if message["role"] == "assistant"]
    return message["parts"]


def facts_only(journal: Journal) -> Journal:
    journal.rows = [row for row in journal.rows if row.kind == 0]
    return journal


def a_call(display: Any, name: str = "look", **given: Any) -> Journal:
    """A turn with one settled call; `given` goes to its result."""
    journal = Journal().add(*begun(), *block()).call("c1", name, "{}", title="Looks", display=display)
    journal.add(called("c1", name, display=display, args={"a": 1}), available("c1", name, a=1))
    return journal.add(settled("c1", name, display=display, **given), *block_over(), *finished())


def test_a_turn_is_a_message_of_the_user_and_one_of_the_agent() -> None:
    assert draw(turn_with_tool()) == [
        {
            "id": "u1",
            "role": "user",
            "parts": [done("What time is it?")],
            "status": "done",
            "createdAt": "2023-11-14T22:13:25.000Z",
        },
        {
            "id": "m1",
            "role": "assistant",
            "parts": [
                done("Let me look."),
                {
                    "type": "tool-call",
                    "toolCallId": "c1",
                    "toolName": "get-time",
                    "displayName": "The time",
                    "args": {"zone": "UTC"},
                    "status": "done",
                    "display": "description",
                },
                STEP,
                done("It is noon."),
            ],
            "status": "done",
            "createdAt": "2023-11-14T22:13:30.000Z",
        },
    ]


def test_facts_alone_give_the_same() -> None:
    assert draw(facts_only(turn_with_tool())) == draw(turn_with_tool())


def test_decoded_events_give_the_same() -> None:
    journal = turn_with_tool()
    events = [decode_event(line) for row in journal.rows for line in row.data.split(b"\n")]
    assert ui_messages(events, version=4) == draw(journal)


def test_older_clients_get_only_what_they_can_read() -> None:
    journal = turn_with_tool()
    journal.add(*begun(2), *block(2, block_type="serialize-thread"), TodoUpdate(todos=()))
    journal.call("c2", "look", "{}").add(settled("c2", cancelled=True, ran="synthetic"))
    journal.add(ended(2, outcome="stopped"))
    messages = draw(journal, version=2)
    assert [part["type"] for part in messages[1]["parts"]] == ["text", "tool-call", "text"]
    assert "display" not in messages[1]["parts"][1]
    assert messages[2]["parts"] == [
        {
            "type": "operation",
            "operationId": "b2",
            "name": "Respond",
            "operationType": "serialize-thread",
            "status": "done",
        },
        {
            "type": "tool-call",
            "toolCallId": "c2",
            "toolName": "look",
            "args": {},
            "status": "error",
            "error": "Cancelled",
        },
    ]
    assert [part["status"] for part in draw(journal)[2]["parts"]] == ["cancelled", "done", "cancelled"]


def test_the_display_of_a_tool_decides_what_is_kept() -> None:
    assert "result" not in parts(a_call("description", output=1))[0]
    assert "result" not in parts(a_call("name", output=1))[0]
    assert parts(a_call("stream", output=None))[0]["result"] is None
    titled = parts(a_call("title", output=1))[0]
    assert (titled["args"], titled["displayName"], "result" in titled) == ({}, "Looks", False)
    assert draw(a_call("stream", output=1), version=2)[0]["parts"][0]["result"] == 1


def test_a_failed_call_keeps_its_error_and_a_cancelled_one_says_so() -> None:
    failed = parts(a_call("name", error="No."))[0]
    assert (failed["status"], failed["error"]) == ("error", "No.")
    cancelled = parts(a_call("name", error="The call was cancelled.", cancelled=True, ran="synthetic"))[0]
    assert cancelled["status"] == "cancelled"
    assert "error" not in cancelled


def test_a_call_nobody_announced_shows_nothing() -> None:
    journal = Journal().add(*begun(), *block(), called("c1", "audit", display="hidden"), settled("c1"))
    assert draw(journal.add(*finished())) == []
    journal = Journal().add(
        *begun(), *block(), called("c1", "look", display="title"), available("c1", "look", a=1)
    )
    assert parts(journal.add(settled("c1")))[0]["args"] == {}


def test_an_open_turn_shows_what_has_come_so_far() -> None:
    journal = Journal().add(*begun(), *block(), asked(), TextStarted(id="x1"))
    journal.deltas(TextDelta(id="x1", delta="So "), TextDelta(id="x1", delta="far"))
    (message,) = draw(journal)
    assert message["status"] == "streaming"
    assert message["parts"] == [{"type": "text", "text": "So far", "status": "streaming"}]
    assert message["createdAt"] == iso(AT + 1)
    journal.add(TextEnded(id="x1")).call("c1", "look", '{"a"')
    assert [part["status"] for part in parts(journal)] == ["done", "pending"]
    journal.add(available("c1", "look", a=1), requested("c1"))
    assert parts(journal)[1] == {
        "type": "tool-call",
        "toolCallId": "c1",
        "toolName": "look",
        "args": {"a": 1},
        "status": "running",
    }


def test_reasoning_sources_and_files_stand_in_their_order() -> None:
    journal = Journal().add(*begun(), *block(), ReasoningStarted(id="r1"))
    journal.deltas(ReasoningDelta(id="r1", delta="Hm")).add(ReasoningEnded(id="r1"))
    journal.add(
        Source(source_type="url", id="s1", url="https://a.example", title="A"),
        Source(source_type="url", id="s2", url="https://b.example"),
        FileAvailable(id="f1", media_type="image/png", url="https://c.example", tool_call_id="c9"),
        said(("r1", ReasoningPart(text="Hm."))),
        *finished(),
    )
    assert parts(journal) == [
        {"type": "reasoning", "text": "Hm.", "status": "done"},
        {"type": "source", "sourceType": "url", "id": "s1", "url": "https://a.example", "title": "A"},
        {"type": "source", "sourceType": "url", "id": "s2", "url": "https://b.example"},
        {
            "type": "file",
            "id": "f1",
            "mediaType": "image/png",
            "url": "https://c.example",
            "toolCallId": "c9",
        },
    ]


def test_a_typed_answer_is_an_object() -> None:
    def answer(*said_so_far: str, settles: str | None = None) -> dict[str, Any]:
        journal = Journal().add(*begun(), *block(), TextStarted(id="x1", response_type="Card"))
        journal.deltas(*(TextDelta(id="x1", delta=piece) for piece in said_so_far))
        if settles is not None:
            journal.add(TextEnded(id="x1"), said(("x1", text(settles))), *finished())
        return parts(journal)[0]

    assert answer('{"a"', ":1}", settles='{"a":1}') == {
        "type": "object",
        "id": "x1",
        "typeName": "Card",
        "status": "done",
        "object": {"a": 1},
    }
    assert answer('{"a"') == {"type": "object", "id": "x1", "typeName": "Card", "status": "streaming"}
    assert answer('{"a"', settles='{"a"') == {
        "type": "object",
        "id": "x1",
        "typeName": "Card",
        "status": "error",
        "error": "Failed to parse response as JSON",
    }


def test_text_for_a_variable_alone_is_not_shown() -> None:
    journal = Journal().add(*begun(), *block(output_to_chat=False)).text("x1", "secret")
    journal.add(said(("x1", text("secret")), visible=False), *block_over(), *finished())
    assert draw(journal) == []


def test_parts_of_a_named_thread_carry_its_name_and_its_messages_are_left_out() -> None:
    journal = Journal().add(*begun(), added("h1", text("For the side."), thread="side"))
    journal.add(*block(thread="side", output_to_chat=False), asked(thread="side")).text("x1", "Aside.")
    journal.add(said(("x1", text("Aside.")), thread="side"), *block_over())
    journal.add(*block(2, thread="main")).text("x2", "Aloud.")
    journal.add(said(("x2", text("Aloud.")), number=2), *block_over(2), *finished())
    assert parts(journal) == [done("Aside.", thread="side"), done("Aloud.")]
    assert len(draw(journal)) == 1


def test_blocks_that_work_on_the_session_are_operations() -> None:
    journal = Journal().add(*begun(), *block(block_type="set-resource", description="Saving", display="name"))
    assert parts(journal)[0]["status"] == "running"
    journal.add(
        *block_over(), *block(2, block_type="set-resource", display="hidden"), *block_over(2), *finished()
    )
    assert parts(journal) == [
        {
            "type": "operation",
            "operationId": "b1",
            "name": "Saving",
            "operationType": "set-resource",
            "status": "done",
        }
    ]


def test_a_todo_list_is_one_part_with_its_last_state() -> None:
    first = TodoItem(id="1", content="Look", status="pending")
    journal = Journal().add(*begun(), TodoUpdate(todos=(first,)))
    journal.add(TodoUpdate(todos=(TodoItem(id="1", content="Look", status="completed"),)), *finished())
    assert parts(journal) == [
        {
            "type": "todo",
            "todos": [{"id": "1", "content": "Look", "status": "completed"}],
            "status": "done",
        }
    ]


def test_an_attempt_that_was_made_anew_is_forgotten() -> None:
    journal = Journal().add(*begun(), *block(), asked()).text("x0", "First.")
    journal.add(said(("x0", text("First."))), asked(2)).text("x1", "Half").call("c1", "look", "{")
    journal.add(AttemptSuperseded(generation_id="g2", attempt=1, parts=("x1", "c1", "unknown")))
    assert parts(journal) == [done("First.")]
    journal.text("x2", "Whole.").add(said(("x2", text("Whole.")), number=2), *finished())
    assert parts(journal) == [done("First."), STEP, done("Whole.")]


def test_a_stop_keeps_what_was_said_and_drops_what_never_came() -> None:
    journal = Journal().add(*begun(), *block(), TextStarted(id="x1"), TextStarted(id="x2"))
    journal.add(said(("x1", text("Half")), interrupted=True), ended(outcome="stopped"))
    assert parts(journal) == [done("Half")]


def test_deltas_without_a_settled_part_are_kept_at_the_end() -> None:
    journal = Journal().add(*begun(), TextStarted(id="x1")).deltas(TextDelta(id="x1", delta="Half"))
    assert parts(journal.add(ended(outcome="failed"))) == [done("Half")]


def test_messages_of_the_user() -> None:
    file = FileReference(id="f", media_type="image/png", url="u")
    journal = Journal().add(
        *begun(),
        added("u1", text("Look"), FilePart(file=file), sender=Sender(name="Ada")),
        added("u2", text("raw prompt"), ui_content="Nice words", has_ui_content=True),
        added("u3", text("raw"), ui_content={"type": "form", "a": 1}, has_ui_content=True),
        added("u4", text("raw"), ui_content={"type": 7}, has_ui_content=True),
        added("u5", text("raw"), ui_content=[1], has_ui_content=True),
        added("u6", text("raw"), ui_content=None, has_ui_content=True),
        added("u7", text("hidden"), visible=False),
        added("u8", text("system"), role="system"),
        added("m1_1", text("Welcome."), role="assistant", turn_id="m1"),
        added("m1_2", text("silent"), role="assistant", turn_id="m1", visible=False),
        *finished(),
    )
    messages = draw(journal)
    assert [message["id"] for message in messages] == ["u1", "u2", "u3", "u4", "u5", "m1"]
    assert messages[0]["parts"] == [
        {"type": "file", "id": "f", "mediaType": "image/png", "url": "u"},
        done("Look"),
    ]
    assert messages[0]["sender"] == {"name": "Ada"}
    assert "sender" not in draw(journal, version=2)[0]
    assert messages[1]["parts"] == [done("Nice words")]
    assert messages[2]["parts"] == [
        {
            "type": "object",
            "id": "u3_content",
            "typeName": "form",
            "object": {"type": "form", "a": 1},
            "status": "done",
        }
    ]
    assert messages[3]["parts"][0]["typeName"] == "object"
    assert messages[4]["parts"] == [done("[1]")]
    assert messages[5]["parts"] == [done("Welcome.")]


def test_a_failed_call_of_no_tool_that_began_twice_is_one_part() -> None:
    journal = Journal().add(*begun(), ToolInputStarted(tool_call_id="c1", tool_name="look"))
    journal.add(ToolInputStarted(tool_call_id="c1", tool_name="look"), said(("c1", tool("c1", "look"))))
    assert len(parts(journal)) == 1
