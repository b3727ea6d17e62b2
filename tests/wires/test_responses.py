"""Tells what a turn looks like to clients of OpenAI's Responses API: every byte, legs, numbers, ends."""

from functools import partial
from typing import Any

import msgspec
import pytest

from mainspring.model.errors import Failure
from mainspring.model.events import failure_event
from mainspring.model.facts import GenerationFailed
from mainspring.model.generation import Usage
from mainspring.model.rows import STUB, Row
from mainspring.model.stream_events import (
    AttemptSuperseded,
    Finish,
    PendingToolCall,
    ReasoningDelta,
    ReasoningEnded,
    ReasoningStarted,
    Source,
    TextEnded,
    TextStarted,
    ToolRequest,
    WorkerInputStart,
    WorkerResult,
    WorkerStart,
)
from tests.conftest import TESTS
from tests.wires.foreign import (
    after_results,
    events,
    everything,
    failed,
    finished_with,
    of_type,
    read,
    read_as,
    talk,
    turn,
    two_calls,
)
from tests.wires.journal import (
    Journal,
    asked,
    available,
    begun,
    block,
    block_over,
    called,
    ended,
    requested,
    said,
    settled,
    text,
    turn_with_tool,
)
from tests.wires.openai_types import check_event, check_numbers, check_response, replay, responses

GOLDEN = TESTS / "golden" / "wires"
FAILURE = Failure(
    error_type="rate_limit_error",
    message="Not now",
    retryable=True,
    source="provider",
    retry_after=2.0,
    error_class="rate_limit",
)


def shown(journal: Journal, **given: Any) -> list[dict[str, Any]]:
    """The events of a leg, each held against the package's types."""
    found = events(read(responses, journal, **given))
    for event in found:
        check_event(event)
    check_numbers(found)
    check_response(found[-1]["response"])
    return found


def outcome(journal: Journal, **given: Any) -> dict[str, Any]:
    """The response that a leg came to."""
    return dict(shown(journal, **given)[-1]["response"])


def output(response: dict[str, Any]) -> list[tuple[str, Any]]:
    """The items of a response, in short."""
    short: dict[str, Any] = {
        "message": lambda item: item["content"][0]["text"],
        "reasoning": lambda item: item["summary"][0]["text"],
        "function_call": lambda item: (item["name"], item["arguments"]),
        "mcp_call": lambda item: (
            item["name"],
            item["arguments"],
            item["output"] or item["error"]["content"],
        ),
    }
    return [(item["type"], short[item["type"]](item)) for item in response["output"]]


@pytest.mark.parametrize("journal", [talk, two_calls, everything])
def test_every_byte(golden: Any, journal: Any) -> None:
    data = read(responses, journal())
    golden(GOLDEN / f"responses-{journal.__name__.replace('_', '-')}.txt", data.decode())
    found = shown(journal())
    assert [item["id"] for item in replay(found)["output"]] == [
        item["id"] for item in found[-1]["response"]["output"]
    ]


def test_only_what_counts_is_in_the_output() -> None:
    response = outcome(everything())
    assert response["status"] == "completed"
    assert output(response) == [
        ("message", "Let me see."),
        ("mcp_call", ("octavus_reference_list", "{}", '[{"name":"a"}]')),
        ("mcp_call", ("nonsense", '{"a":1}', [{"type": "text", "text": "There is no tool 'nonsense'."}])),
        ("mcp_call", ("finder", '{"TOPIC":"springs"}', "A spring.")),
        ("message", '{"label":"good"}'),
    ]
    assert [note["url"] for note in response["output"][0]["content"][0]["annotations"]] == [
        "https://example.org/",
        "https://example.org/2",
    ]


def test_legs_are_responses_of_their_own() -> None:
    journal = turn_with_tool()
    first = outcome(journal)
    assert output(first) == [("message", "Let me look."), ("function_call", ("get-time", "{}"))]
    assert first["output"][1]["call_id"] == "c1--s1"
    assert first["usage"]["total_tokens"] == 5
    found = events(read_as(responses, journal, after_results(journal)))
    check_numbers(found)
    assert found[0]["type"] == "response.created"
    assert found[0]["response"]["created_at"] > first["created_at"]
    second = found[-1]["response"]
    assert output(second) == [("message", "It is noon.")]
    assert second["usage"]["total_tokens"] == 5


def test_a_call_that_is_still_open_is_asked_again() -> None:
    journal = two_calls()
    assert [name for name, _ in output(outcome(journal))] == ["function_call"] * 2
    again = events(read_as(responses, journal, after_results(journal)))[-1]["response"]
    assert output(again) == [("function_call", ("secret-audit", '{"note":"n"}'))]
    last = [row.last for row in journal.rows if b'"tool-request"' in row.data][1]
    done = events(read_as(responses, journal, turn(after=last, message_id="m1")))[-1]["response"]
    assert output(done) == [("message", "Warm.")]


@pytest.mark.parametrize("journal", [talk, two_calls, everything, turn_with_tool])
def test_a_reader_that_comes_back_has_the_rest_to_the_byte(journal: Any) -> None:
    whole = read(responses, journal())
    blocks = whole.split(b"\n\n")[:-1]
    for after in range(-1, len(blocks)):
        rest = read(partial(responses, after=after), journal())
        assert rest == b"".join(block + b"\n\n" for block in blocks[after + 1 :])


def test_deltas_that_were_dropped_keep_their_numbers() -> None:
    journal = Journal().add(*begun(), *block(), asked())
    journal.add(ReasoningStarted(id="r1")).deltas(ReasoningDelta(id="r1", delta="Hm."))
    journal.add(ReasoningEnded(id="r1"))
    journal.text("x0", "Half ", "a ", "th")
    journal.add(AttemptSuperseded(generation_id="g1", attempt=1, parts=("r1", "x0")))
    journal.text("x1", "Good ", "day ", "to you.")
    journal.add(said(("x1", text("Good day to you."))), *block_over(), *finished_with())
    live = shown(journal)
    rows: list[Row] = []
    for row in journal.rows:
        if b'"x0","delta"' in row.data:
            stub = msgspec.json.encode({"settled": 0, "part": "x0"})
            rows.append(Row(row.first, row.last, STUB, stub, row.at))
        elif b'"x1","delta"' in row.data:
            whole = b'{"type":"text-delta","id":"x1","delta":"Good day to you."}'
            rows.append(Row(row.first, row.last, row.kind, whole, row.at))
        else:
            rows.append(row)
    journal.rows = rows
    later = events(read(responses, journal))
    by_number = {event["sequence_number"]: event for event in later}
    assert by_number[live[-1]["sequence_number"]] == live[-1]
    same = [event for event in live if event == by_number.get(event["sequence_number"])]
    assert len(live) - len(same) == 3 + 3 + 3
    journal.rows.insert(0, Row(0, 0, STUB, b'{"settled":0,"part":"unknown"}', 0.0))
    assert events(read(responses, journal, begin=-1, after=-1)) == later


def test_what_failed_says_why() -> None:
    response = outcome(failed(failure_event(FAILURE)))
    assert response["status"] == "failed"
    assert response["error"] == {"code": "rate_limit_exceeded", "message": "Not now"}
    assert response["metadata"] == {
        "error_type": "rate_limit_error",
        "error_class": "rate_limit",
        "retryable": "true",
        "retry_after": "2.0",
    }
    assert output(response) == [("message", "Half a ")]
    other = failed(
        failure_event(Failure(error_type="tool_error", message="x", retryable=False, source="tool"))
    )
    assert outcome(other)["error"]["code"] == "server_error"


@pytest.mark.parametrize(
    ("reason", "told"), [("length", "max_output_tokens"), ("content-filter", "content_filter")]
)
def test_an_answer_that_was_cut(reason: Any, told: str) -> None:
    journal = Journal().add(*begun(), *finished_with(reason))
    found = shown(journal)
    assert found[-1]["type"] == "response.incomplete"
    assert found[-1]["response"]["status"] == "incomplete"
    assert found[-1]["response"]["incomplete_details"] == {"reason": told}


def test_a_stop() -> None:
    journal = Journal().add(
        *begun(),
        asked(),
        GenerationFailed(
            generation_id="g1", frame="main", failure=FAILURE, usage=Usage(input_tokens=4, output_tokens=1)
        ),
        GenerationFailed(generation_id="g2", frame="main", failure=FAILURE),
        Finish(finish_reason="stop", execution_id="e1"),
        ended(1, "stopped"),
    )
    found = shown(journal)
    assert found[-1]["type"] == "response.incomplete"
    assert found[-1]["response"]["status"] == "cancelled"
    assert found[-1]["response"]["usage"]["total_tokens"] == 5


def test_how_it_stands_while_it_goes_on() -> None:
    journal = talk()
    writer = responses(turn())
    cut = next(index for index, row in enumerate(journal.rows) if b"text-delta" in row.data)
    writer.feed(journal.rows[: cut + 1])
    standing = writer.response()
    check_response(standing)
    assert (standing["status"], standing["usage"]) == ("in_progress", None)
    assert [item["status"] for item in standing["output"]] == ["in_progress"]
    assert output(standing) == [("message", "Good day.")]
    writer.feed(journal.rows[: cut + 2])
    assert [item["status"] for item in writer.response()["output"]] == ["completed"]


def test_texts_beside_the_main_thread_and_hidden_ones() -> None:
    journal = Journal().add(*begun(), *block(1, thread="notes"))
    journal.text("x1", "Aside.")
    journal.add(*block_over(1), *block(2, output_to_chat=False))
    journal.text("x2", "Hidden.")
    journal.add(*block_over(2), *block(3))
    journal.text("x3", "Said.")
    journal.add(
        ReasoningStarted(id="r1"),
        ReasoningEnded(id="r1"),
        Source(source_type="url", id="s", url="https://example.org/"),
    )
    response = outcome(journal.add(*block_over(3), *finished_with()))
    assert output(response) == [("message", "Aside."), ("message", "Said."), ("reasoning", "")]
    assert [item.get("phase") for item in response["output"]] == ["commentary", None, None]
    (note,) = response["output"][1]["content"][0]["annotations"]
    assert (note["start_index"], note["title"]) == (5, "https://example.org/")


def test_what_a_worker_says_is_its_own() -> None:
    journal = Journal().add(
        *begun(), WorkerStart(worker_id="w1", worker_slug="finder"), *block(9, worker_id="w1")
    )
    journal.text("x1", "Inside.", worker_id="w1")
    journal.add(
        ReasoningStarted(id="r1", worker_id="w1"),
        available("c0", "octavus_x", worker_id="w1"),
        Source(source_type="url", id="s", url="https://example.org/", worker_id="w1"),
        Source(source_type="url", id="s", url="https://example.org/"),
        *block_over(9, worker_id="w1"),
        WorkerResult(worker_id="w1", error="No."),
        WorkerInputStart(worker_id="w2", worker_slug="finder"),
        AttemptSuperseded(generation_id="g1", attempt=1, parts=("w2",)),
        WorkerResult(worker_id="w2", output="void"),
        *finished_with(),
    )
    assert output(outcome(journal)) == [("mcp_call", ("finder", "{}", [{"type": "text", "text": "No."}]))]


def test_a_worker_that_ends_in_a_later_leg_is_shown_there() -> None:
    call = PendingToolCall(tool_call_id="c1", tool_name="look", args={}, source="llm", worker_id="w1")
    journal = Journal().add(
        *begun(),
        asked(),
        TextStarted(id="x0"),
        TextEnded(id="x0"),
        ReasoningStarted(id="r0"),
        ReasoningEnded(id="r0"),
        Source(source_type="url", id="s", url="https://example.org/"),
        WorkerStart(worker_id="w0", worker_slug="early"),
        WorkerResult(worker_id="w0", output=1),
        available("c0", "octavus_x"),
        settled("c0", "octavus_x", ran="builtin", output=1),
        said(("x0", text(""))),
        WorkerStart(worker_id="w1", worker_slug="finder", input={"A": 1}),
        ToolRequest(tool_calls=(call,), execution_id="e1"),
        settled("c1", "look", output=1, worker_id="w1"),
        WorkerResult(worker_id="w1", output={"found": True}),
        *finished_with(),
    )
    later = events(read_as(responses, journal, after_results(journal)))[-1]["response"]
    assert output(later) == [("mcp_call", ("finder", '{"A":1}', '{"found":true}'))]
    assert later["usage"]["total_tokens"] == 0


def test_a_call_that_was_cut_is_cancelled() -> None:
    journal = Journal().add(*begun(), called("c1", "octavus_x"), available("c1", "octavus_x"))
    journal.add(settled("c1", "octavus_x", ran="builtin", cancelled=True), *finished_with())
    assert output(outcome(journal))[0][1][2] == [{"type": "text", "text": "Cancelled"}]


def test_the_end_of_a_stream_before_that_of_the_turn() -> None:
    writer = responses(turn())
    data = writer.feed(talk().rows[:4]) + writer.farewell(FAILURE)
    found = events(data)
    check_numbers(found)
    check_event(found[-1])
    assert of_type(found, "error")[0]["message"] == "Not now"


def test_rows_of_other_turns_are_not_its_own() -> None:
    journal = Journal().add(*begun(7), requested("c9", number=7))
    assert responses(turn()).feed(journal.rows) == b""
