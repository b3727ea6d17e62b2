"""Tells what a turn looks like to clients of OpenAI's Chat Completions: every byte, calls, ends, the whole."""

from typing import Any

import pytest

from mainspring.model.errors import Failure
from mainspring.model.events import failure_event
from mainspring.model.rows import STUB, Row
from mainspring.model.stream_events import AttemptSuperseded, ReasoningDelta, ReasoningEnded, ReasoningStarted
from mainspring.wires.chat_completions import ChatCompletionsWriter, Completing, farewell
from tests.conftest import TESTS
from tests.wires.foreign import (
    after_results,
    events,
    everything,
    failed,
    finished_with,
    read,
    talk,
    two_calls,
)
from tests.wires.foreign import turn as first_turn
from tests.wires.journal import Journal, asked, begun, block, block_over, said, text, turn_with_tool
from tests.wires.openai_types import chat_completions, check_chunk, check_completion

GOLDEN = TESTS / "golden" / "wires"
FAILURE = Failure(error_type="provider_error", message="No", retryable=True, source="provider", code="X")


def whole(journal: Journal, **given: Any) -> dict[str, Any]:
    """The completion of a leg."""
    writer = chat_completions(first_turn(**given))
    writer.feed(journal.rows)
    assert writer.done
    completion = writer.completion()
    check_completion(completion)
    return completion


@pytest.mark.parametrize("journal", [talk, two_calls, everything])
def test_every_byte(golden: Any, journal: Any) -> None:
    data = read(chat_completions, journal())
    golden(GOLDEN / f"chat-completions-{journal.__name__.replace('_', '-')}.txt", data.decode())
    for chunk in events(data):
        check_chunk(chunk)


def test_the_pieces_are_the_whole() -> None:
    journal = Journal().add(*begun(), *block(), asked())
    journal.add(ReasoningStarted(id="r1")).deltas(ReasoningDelta(id="r1", delta="Hm."))
    journal.add(ReasoningEnded(id="r1"))
    journal.text("x1", "Good \\n ", '"day"\n', "wëll.")
    journal.add(said(("x1", text("Good day."))), *block_over(), *finished_with())
    chunks = events(read(chat_completions, journal))
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    message = whole(journal)["choices"][0]["message"]
    assert message["content"] == "".join(delta.get("content", "") for delta in deltas)
    assert message["content"] == 'Good \\n "day"\nwëll.'
    assert message["reasoning_content"] == "Hm."
    assert chunks[-1]["usage"] == whole(journal)["usage"]


def test_calls_of_the_client() -> None:
    journal = turn_with_tool()
    first = whole(journal)["choices"][0]
    assert first["finish_reason"] == "tool_calls"
    assert first["message"]["content"] == "Let me look."
    (call,) = first["message"]["tool_calls"]
    assert call == {
        "id": "c1--s1",
        "type": "function",
        "function": {"name": "get-time", "arguments": "{}"},
    }
    second = ChatCompletionsWriter(after_results(journal), Completing(id="c", model="m"))
    second.feed(journal.rows)
    assert second.completion()["choices"][0]["message"]["content"] == "It is noon."
    none = whole(two_calls())["choices"][0]["message"]
    assert none["content"] is None
    assert len(none["tool_calls"]) == 2


def test_without_usage_no_chunk_speaks_of_it() -> None:
    data = read(lambda turn: ChatCompletionsWriter(turn, Completing(id="c", model="m")), talk())
    chunks = events(data)
    assert all("usage" not in chunk and chunk["choices"] for chunk in chunks)
    assert chunks[-1]["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}


@pytest.mark.parametrize(("reason", "told"), [("length", "length"), ("content-filter", "content_filter")])
def test_an_answer_that_was_cut(reason: Any, told: str) -> None:
    journal = Journal().add(*begun(), *finished_with(reason))
    assert whole(journal)["choices"][0]["finish_reason"] == told


def test_a_cut_attempt_is_not_in_the_whole() -> None:
    journal = Journal().add(*begun(), asked())
    journal.text("x0", "Half a ")
    journal.rows.append(Row(journal.cursor + 1, journal.cursor + 1, STUB, b'{"settled":0,"part":"x0"}', 0.0))
    journal.add(AttemptSuperseded(generation_id="g1", attempt=1, parts=("x0",)))
    journal.text("x1", "Whole.")
    journal.add(*finished_with())
    assert whole(journal)["choices"][0]["message"]["content"] == "Whole."


def test_dropped_deltas_say_nothing() -> None:
    journal = Journal().add(*begun(), asked()).text("x0", "Half")
    (delta,) = [row for row in journal.rows if b"text-delta" in row.data]
    at = journal.rows.index(delta)
    journal.rows[at] = Row(delta.first, delta.last, STUB, b'{"settled":0,"part":"x0"}', delta.at)
    journal.add(*finished_with())
    assert whole(journal)["choices"][0]["message"]["content"] == ""


def test_what_failed_is_an_error_object() -> None:
    data = read(chat_completions, failed(failure_event(FAILURE)))
    error = {"message": "No", "type": "provider_error", "param": None, "code": "X"}
    assert events(data)[-1] == {"error": error}
    assert data.endswith(b"data: [DONE]\n\n")
    assert events(farewell(FAILURE)) == [{"error": error}]
