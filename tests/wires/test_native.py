"""Tells what a leg of the native wire looks like, byte for byte, for clients of version 4."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from mainspring.model.errors import Failure
from mainspring.model.events import failure_event
from mainspring.model.generation import Usage
from mainspring.model.rows import STUB, Row
from mainspring.model.stream_events import AttemptSuperseded, TextDelta, WorkerResult, WorkerStart
from mainspring.wires.native import LegWriter
from tests.wires.journal import (
    Journal,
    available,
    begun,
    block,
    ended,
    finished,
    requested,
    settled,
    turn_with_tool,
)

START = (
    b'data: {"type":"start","executionId":"e1","messageId":"m1","lastMessageId":"m0","sessionId":"s1"}\n\n'
)
FIRST_LEG = (
    START + b'data: {"type":"block-start","blockId":"b1","blockName":"Respond","blockType":"next-message",'
    b'"display":"stream"}\n\n'
    b'data: {"type":"text-start","id":"x1"}\n\n'
    b'data: {"type":"text-delta","id":"x1","delta":"Let "}\n\n'
    b'data: {"type":"text-delta","id":"x1","delta":"me "}\n\n'
    b'data: {"type":"text-delta","id":"x1","delta":"look."}\n\n'
    b'data: {"type":"text-end","id":"x1"}\n\n'
    b'data: {"type":"tool-input-start","toolCallId":"c1","toolName":"get-time","title":"The time",'
    b'"display":"description"}\n\n'
    b'data: {"type":"tool-input-delta","toolCallId":"c1","inputTextDelta":"{\\"zone\\":"}\n\n'
    b'data: {"type":"tool-input-delta","toolCallId":"c1","inputTextDelta":"\\"UTC\\"}"}\n\n'
    b'data: {"type":"tool-input-end","toolCallId":"c1"}\n\n'
    b'data: {"type":"tool-input-available","toolCallId":"c1","toolName":"get-time","input":{"zone":"UTC"}}\n\n'
    b'data: {"type":"tool-request","toolCalls":[{"toolCallId":"c1","toolName":"get-time","args":{},'
    b'"source":"llm"}],"executionId":"e1"}\n\n'
    b'data: {"type":"finish","finishReason":"tool-calls","executionId":"e1"}\n\n'
    b"data: [DONE]\n\n"
)
SECOND_LEG = (
    b'data: {"type":"start","executionId":"e1","sessionId":"s1"}\n\n'
    b'data: {"type":"text-start","id":"x2"}\n\n'
    b'data: {"type":"text-delta","id":"x2","delta":"It is "}\n\n'
    b'data: {"type":"text-delta","id":"x2","delta":"noon."}\n\n'
    b'data: {"type":"text-end","id":"x2"}\n\n'
    b'data: {"type":"block-end","blockId":"b1"}\n\n'
    b'data: {"type":"finish","finishReason":"stop","executionId":"e1"}\n\n'
    b"data: [DONE]\n\n"
)


def leg(**given: Any) -> LegWriter:
    members: dict[str, Any] = {
        "execution_id": "e1",
        "session_id": "s1",
        "continuation": False,
        "version": 4,
        "after": 0,
    }
    return LegWriter(**{**members, **given})


def whole(journal: Journal, **given: Any) -> bytes:
    writer = leg(**given)
    data = writer.open() + writer.feed(journal.rows)
    assert writer.done
    return data


def events(data: bytes) -> list[Any]:
    lines = [line.removeprefix(b"data: ") for line in data.split(b"\n\n") if line]
    return [line.decode() if line == b"[DONE]" else msgspec.json.decode(line) for line in lines]


def types(data: bytes) -> list[str]:
    return [event if isinstance(event, str) else event["type"] for event in events(data)]


def request_cursor(journal: Journal) -> int:
    return next(row.last for row in journal.rows if b'"tool-request"' in row.data)


def test_the_first_leg_ends_with_the_tool_request() -> None:
    assert whole(turn_with_tool()) == FIRST_LEG


def test_a_continuation_begins_with_a_start_of_its_own_and_leaves_the_callers_result_out() -> None:
    journal = turn_with_tool()
    assert whole(journal, continuation=True, after=request_cursor(journal)) == SECOND_LEG


@given(st.data())
def test_any_batching_gives_the_same_bytes(data: st.DataObject) -> None:
    rows = turn_with_tool().rows
    cuts = sorted(data.draw(st.sets(st.integers(0, len(rows)))))
    writer = leg()
    out = writer.open()
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        # A reader may be given rows again that it has seen.
        again = data.draw(st.integers(0, begin))
        out += writer.feed(rows[again:end])
    assert out == FIRST_LEG
    assert writer.feed(rows) == b""


@given(st.integers(0, 40))
def test_a_cut_never_repeats_a_text_and_never_loses_one(cut: int) -> None:
    journal = turn_with_tool()
    after = request_cursor(journal)
    texts = "".join(event.get("delta", "") for event in events(SECOND_LEG)[:-1])
    cursor = min(after + cut, journal.cursor - 1)
    rest = whole(journal, continuation=True, after=cursor)
    heard = "".join(event.get("delta", "") for event in events(rest)[:-1])
    assert texts.endswith(heard)
    whole_row = [row for row in journal.rows if row.first > cursor and b"text-delta" in row.data]
    split_row = [row for row in journal.rows if row.first <= cursor < row.last]
    expected = "".join(
        msgspec.json.decode(line)["delta"]
        for row in (*split_row, *whole_row)
        for number, line in enumerate(row.data.split(b"\n"), row.first)
        if number > cursor
    )
    assert heard == expected


def test_what_belongs_to_another_execution_is_passed_over() -> None:
    journal = Journal().add(*begun(7), *block(7)).text("old", "Old.").add(settled("c9", ran="synthetic"))
    journal.add(*finished(7), *begun()).text("x1", "New.").add(*finished(), *begun(8)).text("later", "Later.")
    assert types(whole(journal)) == [
        "start",
        "text-start",
        "text-delta",
        "text-end",
        "finish",
        "[DONE]",
    ]


def test_a_leg_that_joins_after_the_trigger_begins_with_the_start() -> None:
    journal = Journal().add(*begun(), *finished())
    assert types(whole(journal, after=1)) == ["start", "finish", "[DONE]"]


def test_a_start_of_another_execution_begins_nothing() -> None:
    writer = leg()
    assert writer.feed(Journal().add(*begun(2)).deltas(TextDelta(id="x", delta="no")).rows) == b""
    assert not writer.done


def test_an_error_ends_the_leg() -> None:
    failure = Failure(
        error_type="provider_overloaded", message="Busy.", retryable=True, source="provider", retry_after=2.5
    )
    journal = Journal().add(*begun(), failure_event(failure), ended(outcome="failed"))
    assert whole(journal).endswith(
        b'data: {"type":"error","errorType":"provider_overloaded","message":"Busy.","retryable":true,'
        b'"source":"provider","retryAfter":2.5}\n\ndata: [DONE]\n\n'
    )


def test_an_execution_that_ends_without_a_word_still_finishes() -> None:
    journal = Journal().add(*begun(), ended(outcome="superseded"))
    assert types(whole(journal)) == ["start", "finish", "[DONE]"]


def test_outputs_of_tools_that_ran_here_are_told() -> None:
    journal = Journal().add(*begun(), *block())
    for call_id in ("c1", "c2", "c3", "c4", "c5"):
        journal.call(call_id, "octavus_todo_write", "{}")
    journal.add(
        available("c1", "octavus_todo_write"),
        settled("c1", ran="builtin"),
        settled("c2", ran="builtin", error="No."),
        settled("c3", ran="synthetic", cancelled=True),
        settled("c4", ran="synthetic", display="hidden", error="never told"),
        settled("c5", ran="worker", output={"a": 1}, worker_id="w"),
        settled("unheard", ran="builtin", output=1),
        *finished(),
    )
    outputs = [event for event in events(whole(journal))[:-1] if event["type"].startswith("tool-output")]
    assert outputs == [
        {"type": "tool-output-available", "toolCallId": "c1", "output": None},
        {"type": "tool-output-error", "toolCallId": "c2", "error": "No."},
        {"type": "tool-output-error", "toolCallId": "c3", "error": "Cancelled"},
        {"type": "tool-output-available", "toolCallId": "c5", "output": {"a": 1}, "workerId": "w"},
    ]


def test_a_call_of_an_earlier_leg_that_nobody_answered_is_closed() -> None:
    journal = Journal().add(settled("c1", ran="synthetic", error="Not answered."), *finished())
    assert types(whole(journal, continuation=True)) == ["start", "tool-output-error", "finish", "[DONE]"]


def test_a_browser_is_asked_by_a_client_tool_request() -> None:
    data = whole(Journal().add(*begun(), requested("c1")), direct=True)
    assert events(data)[1:] == [
        {
            "type": "client-tool-request",
            "executionId": "e1",
            "toolCalls": [{"toolCallId": "c1", "toolName": "get-time", "args": {}, "source": "llm"}],
        },
        {"type": "finish", "finishReason": "client-tool-calls", "executionId": "e1"},
        "[DONE]",
    ]


def test_a_worker_on_its_own_reports_its_usage() -> None:
    journal = Journal().add(
        *begun(),
        WorkerStart(worker_id="e1", worker_slug="summarizer"),
        WorkerResult(worker_id="e1", output="short"),
        finished()[0],
        ended(usage=Usage(input_tokens=5, output_tokens=7)),
    )
    data = whole(journal, session_id="e1")
    assert types(data) == ["start", "worker-start", "worker-result", "finish", "usage", "[DONE]"]
    assert events(data)[-2] == {
        "type": "usage",
        "cost": {"currency": "USD", "bandwidthFee": 0, "providerFee": 0, "totalFee": 0, "byok": True},
        "tokens": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12},
        "executionId": "e1",
    }


def test_a_retried_model_call_is_told_and_nested_events_pass() -> None:
    journal = Journal().add(*begun(), AttemptSuperseded(generation_id="g1", attempt=1, parts=("x1",)))
    journal.text("n1", "nested", worker_id="w").add(*finished())
    assert types(whole(journal)) == [
        "start",
        "attempt-superseded",
        "text-start",
        "text-delta",
        "text-end",
        "finish",
        "[DONE]",
    ]


def test_text_given_back_whole_is_sent_whole() -> None:
    # What is left of twenty deltas after retention: one line, at the end of their cursors.
    row = Row(3, 22, 1, b'{"type":"text-delta","id":"x","delta":"All of it."}', 0.0)
    writer = leg(continuation=True, after=10)
    assert writer.feed([row]) == b'data: {"type":"text-delta","id":"x","delta":"All of it."}\n\n'


def test_a_stub_by_itself_says_nothing() -> None:
    assert leg(continuation=True).feed([Row(1, 4, STUB, b"{}", 0.0)]) == b""
