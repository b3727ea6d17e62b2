"""Tells what the full view of a conversation holds: hidden messages, arguments and results too."""

from typing import Any

from mainspring.model.facts import SessionRestored
from mainspring.model.messages import Message, Sender
from mainspring.model.parts import FilePart, FileReference, ReasoningPart, ToolCallPart, ToolResultPart
from mainspring.model.stream_events import (
    FileAvailable,
    Source,
    TextStarted,
    TodoItem,
    TodoUpdate,
    ToolInputStarted,
    WorkerResult,
    WorkerStart,
)
from mainspring.wires.chat_messages import chat_messages
from tests.wires.journal import (
    AT,
    Journal,
    added,
    asked,
    begun,
    block,
    block_over,
    called,
    finished,
    said,
    settled,
    text,
    tool,
    turn_with_tool,
)


def draw(journal: Journal, version: int = 4) -> list[dict[str, Any]]:
    return chat_messages(journal.rows, version=version)


def test_a_turn_with_a_tool() -> None:
    call = {
        "id": "c1",
        "name": "get-time",
        "arguments": {"zone": "UTC"},
        "status": "available",
        "display": "description",
        "result": "noon",
    }
    assert draw(turn_with_tool()) == [
        {
            "id": "u1",
            "role": "user",
            "parts": [{"type": "text", "content": "What time is it?", "visible": True}],
            "createdAt": "2023-11-14T22:13:25.000Z",
            "content": "What time is it?",
        },
        {
            "id": "m1",
            "role": "assistant",
            "parts": [
                {"type": "text", "content": "Let me look.", "visible": True},
                {"type": "tool-call", "visible": True, "toolCall": call},
                {"type": "step-start", "visible": True},
                {"type": "text", "content": "It is noon.", "visible": True},
            ],
            "createdAt": "2023-11-14T22:13:30.000Z",
            "content": "Let me look.It is noon.",
            "toolCalls": [call],
        },
    ]


def test_older_clients_get_only_what_they_can_read() -> None:
    messages = draw(turn_with_tool().add(*begun(2), added("h", text("x"), visible=False)), version=2)
    assert [part["type"] for part in messages[1]["parts"]] == ["text", "tool-call", "text"]
    assert "display" not in messages[1]["parts"][1]["toolCall"]
    assert [message["visible"] for message in messages] == [True, True, False]


def test_hidden_messages_are_there_and_marked() -> None:
    journal = Journal().add(
        *begun(),
        added("u1", text("Hidden."), visible=False, sender=Sender(id="7")),
        added("s1", text("System."), role="system"),
        added("u2", text("Prompt."), ui_content="Shown.", has_ui_content=True),
        added("m1_1", text("Silent."), role="assistant", visible=False, turn_id="m1"),
        asked(),
        called("c1", "audit", display="hidden"),
        said(("x", text("Unstreamed.")), ("c1", tool("c1", "audit"))),
        settled("c1", "audit", error="No.", display="hidden"),
        *finished(),
    )
    messages = draw(journal)
    assert [(message["role"], message["content"]) for message in messages] == [
        ("user", ""),
        ("system", ""),
        ("user", "Shown."),
        ("assistant", ""),
    ]
    assert messages[0]["sender"] == {"id": "7"}
    assert messages[1]["parts"] == [{"type": "text", "content": "System.", "visible": False}]
    assert [part["visible"] for part in messages[2]["parts"]] == [False, True]
    assert [part["visible"] for part in messages[3]["parts"]] == [False, True, False, False]
    assert messages[3]["toolCalls"][0] == {
        "id": "c1",
        "name": "audit",
        "arguments": {},
        "status": "error",
        "display": "hidden",
        "error": "No.",
    }


def test_files_reasoning_and_objects() -> None:
    file = FileReference(id="f", media_type="image/png", url="u", size=3)
    journal = Journal().add(*begun(), added("u1", text("Look"), FilePart(file=file)), *block())
    journal.add(TextStarted(id="x1", response_type="Card"))
    journal.add(
        said(("r1", ReasoningPart(text="Hm.")), ("x1", text('{"a":1}')), response_type="Card"),
        said(("x2", text("{")), response_type="Card", number=2),
        *finished(),
    )
    user, agent = draw(journal)
    described = {"id": "f", "mediaType": "image/png", "url": "u", "size": 3}
    assert user["parts"][1] == {"type": "file", "file": described, "visible": True}
    assert agent["parts"][0] == {"type": "reasoning", "content": "Hm.", "visible": False}
    assert agent["parts"][1] == {
        "type": "object",
        "object": {"id": "m1_1_1", "typeName": "Card", "value": {"a": 1}},
        "visible": True,
    }
    assert agent["parts"][3] == {"type": "text", "content": "{", "visible": False}


def test_what_stands_in_no_message_of_the_thread_follows() -> None:
    journal = Journal().add(*begun(), *block(block_type="set-resource"), *block_over())
    journal.add(
        Source(source_type="url", id="s1", url="https://a.example"),
        FileAvailable(id="f1", media_type="image/png", url="u"),
        TodoUpdate(todos=(TodoItem(id="1", content="Look", status="pending"),)),
        WorkerStart(worker_id="w", worker_slug="digger", input={"a": 1}),
    )
    journal.text("n1", "Inside.", worker_id="w").call("c9", "dig", "{}", worker_id="w", title="Digs")
    journal.add(settled("c9", "dig", cancelled=True), WorkerResult(worker_id="w", error="x", cancelled=True))
    journal.add(said(("x1", text("Done."))), *finished())
    (message,) = draw(journal)
    operation = {"id": "b1", "name": "Respond", "operationType": "set-resource"}
    dig = {"id": "c9", "name": "dig", "arguments": {}, "status": "error", "description": "Digs"}
    assert message["parts"][1:] == [
        {"type": "operation", "visible": True, "operation": operation},
        {
            "type": "source",
            "visible": True,
            "source": {"sourceType": "url", "id": "s1", "url": "https://a.example"},
        },
        {"type": "file", "visible": True, "file": {"id": "f1", "mediaType": "image/png", "url": "u"}},
        {
            "type": "todo",
            "visible": True,
            "todo": {"todos": [{"id": "1", "content": "Look", "status": "pending"}]},
        },
        {
            "type": "worker",
            "visible": True,
            "worker": {
                "workerId": "w",
                "workerSlug": "digger",
                "input": {"a": 1},
                "error": "x",
                "nestedParts": [
                    {"type": "text", "visible": True, "content": "Inside."},
                    {"type": "tool-call", "visible": True, "toolCall": dig},
                ],
                "cancelled": True,
            },
        },
    ]
    assert [part["type"] for part in draw(journal, version=2)[0]["parts"]] == ["text", "source", "file"]


def test_a_turn_that_has_settled_nothing_shows_what_has_come() -> None:
    journal = Journal().add(*begun(), *block(thread="side"), TextStarted(id="x1", response_type="Card"))
    journal.add(TextStarted(id="x2"), ToolInputStarted(tool_call_id="c1", tool_name="look"))
    (message,) = draw(journal)
    assert message["parts"] == [
        {
            "type": "object",
            "visible": True,
            "thread": "side",
            "object": {"id": "x1", "typeName": "Card", "value": None},
        },
        {"type": "text", "visible": True, "thread": "side", "content": ""},
        {
            "type": "tool-call",
            "visible": True,
            "thread": "side",
            "toolCall": {"id": "c1", "name": "look", "arguments": {}, "status": "pending"},
        },
    ]


def test_a_worker_that_succeeded_has_its_output() -> None:
    journal = Journal().add(*begun(), WorkerStart(worker_id="w", worker_slug="digger"))
    worker = draw(journal.add(WorkerResult(worker_id="w", output="gold"), *finished()))[0]["parts"][0][
        "worker"
    ]
    assert worker == {"workerId": "w", "workerSlug": "digger", "output": "gold", "nestedParts": []}


def test_a_call_that_waits_is_pending() -> None:
    journal = Journal().add(*begun(), said(("c1", tool("c1", "look"))))
    assert draw(journal)[0]["toolCalls"][0]["status"] == "pending"


def test_a_restored_conversation() -> None:
    shown = {
        "id": "a1",
        "role": "assistant",
        "parts": [{"type": "text", "text": "Hi.", "status": "done"}],
        "status": "done",
        "createdAt": "2026-01-02T03:04:05.678Z",
    }
    messages = (
        Message(
            id="a1_1",
            role="assistant",
            parts=(text("Hi."), ToolCallPart(call_id="c1", tool="look", args={})),
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
    )
    journal = Journal().add(
        SessionRestored(
            version="v",
            input={},
            variables={},
            resources={},
            ui_messages=(shown, {**shown, "id": "a2"}),
            messages=messages,
            at=AT,
        )
    )
    first, second = draw(journal)
    assert first["content"] == "Hi."
    assert first["toolCalls"] == [
        {"id": "c1", "name": "look", "arguments": {}, "status": "available", "result": 5}
    ]
    assert second["parts"] == [{"type": "text", "visible": True, "content": "Hi."}]
