"""Tells what the messages of a session look like as the items of a conversation of OpenAI."""

from typing import Any

import pytest
from openai.types.conversations import ConversationItem
from pydantic import TypeAdapter

from mainspring.model.parts import FilePart, FileReference
from mainspring.model.stream_events import ReasoningDelta, ReasoningEnded, ReasoningStarted
from mainspring.wires.conversation_items import conversation_items
from tests.wires.foreign import everything, two_calls
from tests.wires.journal import Journal, added, begun, block, block_over, finished, said, text, turn_with_tool
from tests.wires.openai_types import extras

ITEM: TypeAdapter[Any] = TypeAdapter(ConversationItem)


def items(journal: Journal) -> list[dict[str, Any]]:
    found = conversation_items(journal.rows, "ses_1")
    for item in found:
        assert extras(ITEM.validate_python(item)) == set(), item
    return found


def test_a_turn_with_a_tool() -> None:
    found = items(turn_with_tool())
    assert [item["type"] for item in found] == [
        "message",
        "message",
        "function_call",
        "function_call_output",
        "message",
    ]
    assert found[0]["content"] == [{"type": "input_text", "text": "What time is it?"}]
    assert found[2]["call_id"] == found[3]["call_id"] == "c1--ses_1"
    assert found[3]["output"] == "noon"
    assert found[4]["content"][0]["text"] == "It is noon."


def test_everything_else() -> None:
    found = items(everything())
    ran = {item["name"]: item for item in found if item["type"] == "mcp_call"}
    assert ran["octavus_reference_list"]["output"] == '[{"name":"a"}]'
    assert ran["nonsense"]["status"] == "failed"
    assert ran["finder"]["output"] == "A spring."
    texts = [item["content"][0]["text"] for item in found if item.get("role") == "assistant"]
    assert texts == ["Let me see.", '{"label":"good"}']


def test_errors_and_open_calls() -> None:
    outputs = [item["output"] for item in items(two_calls()) if item["type"] == "function_call_output"]
    assert outputs == ['{"degrees":21}']
    journal = Journal()
    journal.rows = [row for row in turn_with_tool().rows if b'"tool-settled"' not in row.data]
    assert [item["type"] for item in items(journal)].count("function_call_output") == 0


def test_files_thoughts_and_texts_aside() -> None:
    files = [
        FilePart(file=FileReference(id=kind, media_type=kind, url="https://example.org/a"))
        for kind in ("image/png", "text/plain")
    ]
    journal = Journal().add(*begun(), added("u1", *files, text("Look.")), *block(1, thread="notes"))
    journal.text("x1", "Aside.")
    journal.add(
        added("s1", text("Quiet."), role="system"), *block_over(1), *block(2), ReasoningStarted(id="r1")
    )
    journal.deltas(ReasoningDelta(id="r1", delta="Hm.")).add(ReasoningEnded(id="r1"))
    journal.text("x2", "Said.")
    journal.add(said(("x2", text("Said."))), *block_over(2), *finished())
    asked, *answers = items(journal)
    assert {part["type"] for part in asked["content"]} == {"input_image", "input_file", "input_text"}
    assert {(item["type"], item.get("phase")) for item in answers} == {
        ("message", "commentary"),
        ("reasoning", None),
        ("message", None),
    }


@pytest.mark.parametrize("journal", [everything, two_calls, turn_with_tool])
def test_ids_are_unique(journal: Any) -> None:
    ids = [item["id"] for item in items(journal())]
    assert len(ids) == len({*ids})
