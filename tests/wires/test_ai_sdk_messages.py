"""Tells what the messages of a conversation look like to the AI SDK."""

from mainspring.model.messages import Sender
from mainspring.model.parts import FilePart, FileReference
from mainspring.model.stream_events import BlockStart, TextDelta, TextStarted, ToolInputStarted
from mainspring.wires.ai_sdk_messages import ai_sdk_messages
from tests.wires.foreign import everything, talk
from tests.wires.journal import Journal, added, begun, block, text, turn_with_tool

STEP = {"type": "step-start"}


def test_an_answer() -> None:
    assert ai_sdk_messages(talk().rows) == [
        {
            "id": "m1",
            "role": "assistant",
            "metadata": {"createdAt": "2023-11-14T22:13:30.000Z"},
            "parts": [STEP, {"type": "text", "text": "Good day.", "state": "done"}],
        }
    ]


def test_a_call_of_a_client_tool() -> None:
    user, answer = ai_sdk_messages(turn_with_tool().rows)
    assert user["parts"] == [{"type": "text", "text": "What time is it?", "state": "done"}]
    assert answer["parts"] == [
        STEP,
        {"type": "text", "text": "Let me look.", "state": "done"},
        {
            "type": "tool-get-time",
            "toolCallId": "c1",
            "state": "output-available",
            "input": {"zone": "UTC"},
            "title": "The time",
            "output": "noon",
        },
        STEP,
        {"type": "text", "text": "It is noon.", "state": "done"},
    ]


def test_everything_else() -> None:
    parts = ai_sdk_messages(everything().rows)[-1]["parts"]
    calls = [part for part in parts if part["type"].startswith("tool-")]
    assert [(part["type"], part["state"], part["providerExecuted"]) for part in calls] == [
        ("tool-octavus_reference_list", "output-available", True),
        ("tool-nonsense", "output-error", True),
    ]
    assert calls[1]["errorText"] == "There is no tool 'nonsense'."
    others = {part["type"]: part for part in parts if not part["type"].startswith("tool-")}
    assert others["source-url"] == {"type": "source-url", "sourceId": "src2", "url": "https://example.org/2"}
    assert others["data-worker"]["data"]["output"] == "A spring."
    assert others["data-todo"]["data"]["todos"][0]["content"] == "Look"
    assert others["data-object"]["data"] == {
        "typeName": "Verdict",
        "value": {"label": "good"},
        "status": "done",
    }
    assert others["file"] == {
        "type": "file",
        "url": "https://example.org/f.png",
        "mediaType": "image/png",
        "filename": "f.png",
    }


def test_a_turn_that_runs() -> None:
    file = FileReference(id="f", media_type="image/png", url="https://example.org/a.png")
    journal = Journal().add(
        *begun(), added("u1", text("Hi"), FilePart(file=file), sender=Sender(id="7", name="Ada")), *block()
    )
    journal.add(
        BlockStart(block_id="b9", block_name="Keep", block_type="set-resource", display="name"),
        ToolInputStarted(tool_call_id="c1", tool_name="look"),
        TextStarted(id="x1"),
    ).deltas(TextDelta(id="x1", delta="Half"))
    user, answer = ai_sdk_messages(journal.rows)
    assert user["metadata"] == {"createdAt": "2023-11-14T22:13:25.000Z", "sender": {"id": "7", "name": "Ada"}}
    assert user["parts"][0] == {"type": "file", "url": file.url, "mediaType": "image/png"}
    assert answer["parts"] == [
        STEP,
        {
            "type": "data-block",
            "id": "b9",
            "data": {"name": "Keep", "type": "set-resource", "status": "running"},
        },
        {"type": "tool-look", "toolCallId": "c1", "state": "input-streaming", "input": {}},
        {"type": "text", "text": "Half", "state": "streaming"},
    ]
