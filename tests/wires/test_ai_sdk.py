"""Tells what a turn looks like to the AI SDK: every chunk in its order, in legs and in replays."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.model.errors import Failure
from mainspring.model.events import failure_event
from mainspring.model.rows import STUB, Row
from mainspring.model.stream_events import (
    BlockEnd,
    Finish,
    TextEnded,
    TextStarted,
    ToolInputDelta,
    ToolInputEnded,
    ToolInputStarted,
    WorkerResult,
    WorkerStart,
)
from mainspring.wires.ai_sdk import AiSdkWriter, farewell
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
    ended,
    finished,
    requested,
    settled,
)

GOLDEN = TESTS / "golden" / "wires"
START = {
    "type": "start",
    "messageId": "m1",
    "messageMetadata": {"sessionId": "s1", "executionId": "e1"},
}
BLOCK = {"name": "Respond", "type": "next-message", "display": "stream"}
RUNNING = {"type": "data-block", "id": "b1", "data": {**BLOCK, "status": "running"}}
OVER = {"type": "data-block", "id": "b1", "data": {**BLOCK, "status": "done"}}
USED = {"usage": {"inputTokens": 3, "outputTokens": 2}}
FINISH = {"type": "finish", "finishReason": "stop", "messageMetadata": USED}
FAILURE = Failure(
    error_type="provider_error",
    message="Not now",
    retryable=True,
    source="provider",
    retry_after=3,
)


def types(data: bytes) -> list[str]:
    return [event["type"] for event in events(data)]


def test_a_turn_of_text() -> None:
    data = read(AiSdkWriter, talk())
    assert data.endswith(b"data: [DONE]\n\n")
    assert events(data) == [
        START,
        RUNNING,
        {"type": "start-step"},
        {"type": "text-start", "id": "x1"},
        {"type": "text-delta", "id": "x1", "delta": "Good "},
        {"type": "text-delta", "id": "x1", "delta": "day."},
        {"type": "text-end", "id": "x1"},
        OVER,
        {"type": "finish-step"},
        FINISH,
    ]


def test_a_client_runs_a_tool_only_when_it_is_asked() -> None:
    assert events(read(AiSdkWriter, two_calls()))[2:] == [
        {"type": "start-step"},
        {
            "type": "tool-input-start",
            "toolCallId": "c1",
            "toolName": "get-weather",
            "title": "Looks",
            "toolMetadata": {"display": "stream"},
        },
        {"type": "tool-input-delta", "toolCallId": "c1", "inputTextDelta": '{"city":'},
        {"type": "tool-input-delta", "toolCallId": "c1", "inputTextDelta": '"Rome"}'},
        {
            "type": "tool-input-available",
            "toolCallId": "c1",
            "toolName": "get-weather",
            "input": {"city": "Rome"},
        },
        {
            "type": "tool-input-available",
            "toolCallId": "c2",
            "toolName": "secret-audit",
            "input": {"note": "n"},
            "toolMetadata": {"display": "hidden"},
        },
        {"type": "finish-step"},
        {"type": "finish", "finishReason": "tool-calls"},
    ]


def test_a_continuation_goes_on_with_the_same_message_and_asks_for_nothing_twice() -> None:
    journal = two_calls()
    again = [START, {"type": "finish-step"}, {"type": "finish", "finishReason": "tool-calls"}]
    assert events(read_as(AiSdkWriter, journal, after_results(journal))) == again
    second = [row.last for row in journal.rows if b'"tool-request"' in row.data][1]
    rest = read_as(AiSdkWriter, journal, turn(after=second, message_id="m1"))
    assert types(rest) == [
        "start",
        "finish-step",
        "start-step",
        "text-start",
        "text-delta",
        "text-end",
        "data-block",
        "finish-step",
        "finish",
    ]
    assert of_type(events(rest), "data-block") == [OVER]


def test_a_replay_of_a_waiting_turn_runs_no_tool_a_second_time() -> None:
    journal = two_calls()
    shown = events(read(AiSdkWriter, journal, settled=frozenset(("c1",))))
    assert [
        (event["type"], event["toolCallId"])
        for event in shown
        if event["type"].startswith("tool-") and "delta" not in event["type"]
    ] == [
        ("tool-input-start", "c1"),
        ("tool-input-available", "c2"),
        ("tool-output-available", "c1"),
    ]
    assert shown[-1] == {"type": "finish", "finishReason": "tool-calls"}


def test_a_replay_shows_every_call_with_its_input_and_output() -> None:
    shown = events(read(AiSdkWriter, two_calls(), settled=frozenset(("c1", "c2"))))
    of_c2 = [event for event in shown if event.get("toolCallId") == "c2"]
    assert of_c2 == [
        {
            "type": "tool-input-start",
            "toolCallId": "c2",
            "toolName": "secret-audit",
            "toolMetadata": {"display": "hidden"},
        },
        {"type": "tool-input-delta", "toolCallId": "c2", "inputTextDelta": '{"note":"n"}'},
        {"type": "tool-output-error", "toolCallId": "c2", "errorText": "No paper."},
    ]
    assert of_type(shown, "tool-input-available") == []
    assert of_type(shown, "tool-output-available") == [
        {"type": "tool-output-available", "toolCallId": "c1", "output": {"degrees": 21}}
    ]
    assert shown[-1] == FINISH


@pytest.mark.parametrize("journal", [talk, two_calls, everything])
def test_every_byte(golden: Any, journal: Any) -> None:
    data = read(AiSdkWriter, journal())
    golden(GOLDEN / f"ai-sdk-{journal.__name__.replace('_', '-')}.txt", data.decode())


def test_what_mainspring_answers_itself_is_not_the_clients_to_run() -> None:
    shown = events(read(AiSdkWriter, everything()))
    calls = [event for event in shown if event.get("toolCallId") in ("c1", "c2")]
    assert [
        (event["type"], event["toolCallId"], event.get("providerExecuted"))
        for event in calls
        if not event["type"].endswith("-delta")
    ] == [
        ("tool-input-start", "c1", True),
        ("tool-input-start", "c2", None),
        ("tool-input-available", "c1", True),
        ("tool-output-available", "c1", True),
        ("tool-input-error", "c2", True),
    ]


def test_what_stands_beside_text() -> None:
    shown = events(read(AiSdkWriter, everything()))
    workers = [event["data"] for event in of_type(shown, "data-worker")]
    assert [worker["status"] for worker in workers] == ["running", "running", "running", "done"]
    assert workers[-1] == {
        "workerId": "wrk_1",
        "workerSlug": "finder",
        "description": "Finds",
        "input": {"TOPIC": "springs"},
        "output": "A spring.",
        "status": "done",
    }
    assert {event["id"] for event in of_type(shown, "data-worker")} == {"wrk_1"}
    assert [event["id"] for event in of_type(shown, "data-todo")] == ["todo", "todo_wrk_1"]
    assert of_type(shown, "data-todo")[0]["data"] == {
        "todos": [{"id": "1", "content": "Look", "status": "in_progress"}]
    }
    assert of_type(shown, "data-object") == [
        {"type": "data-object", "id": "o1", "data": {"typeName": "Verdict", "status": "streaming"}},
        {
            "type": "data-object",
            "id": "o1",
            "data": {"typeName": "Verdict", "value": {"label": "good"}, "status": "done"},
        },
    ]
    assert of_type(shown, "data-object-delta") == [
        {
            "type": "data-object-delta",
            "data": {"id": "o1", "delta": '{"label":"good"}'},
            "transient": True,
        }
    ]
    assert of_type(shown, "data-resource") == [
        {"type": "data-resource", "id": "MOOD", "data": {"name": "MOOD", "value": {"is": "good"}}}
    ]
    assert of_type(shown, "file") == [
        {
            "type": "file",
            "url": "https://example.org/f.png",
            "mediaType": "image/png",
            "providerMetadata": {"mainspring": {"id": "f1", "filename": "f.png"}},
        }
    ]
    assert of_type(shown, "source-url") == [
        {"type": "source-url", "sourceId": "src1", "url": "https://example.org/", "title": "Example"},
        {"type": "source-url", "sourceId": "src2", "url": "https://example.org/2"},
    ]


def test_a_failure_tells_its_class() -> None:
    shown = events(read(AiSdkWriter, failed(failure_event(FAILURE))))
    told = {
        "errorType": "provider_error",
        "message": "Not now",
        "retryable": True,
        "source": "provider",
        "retryAfter": 3.0,
    }
    assert shown[-3:-1] == [{"type": "finish-step"}, {"type": "data-error", "data": told, "transient": True}]
    assert shown[-1]["type"] == "error"
    assert msgspec.json.decode(shown[-1]["errorText"]) == told
    assert events(farewell(FAILURE)) == shown[-2:]


@pytest.mark.parametrize("reason", ["length", "content-filter", "other"])
def test_other_reasons_to_end(reason: Any) -> None:
    journal = Journal().add(*begun(), *finished_with(reason))
    assert events(read(AiSdkWriter, journal))[-1] == {**FINISH, "finishReason": reason}


@pytest.mark.parametrize("outcome", ["stopped", "superseded"])
def test_a_stopped_turn_is_aborted(outcome: Any) -> None:
    journal = Journal().add(*begun(), asked())
    journal.text("x1", "Half")
    journal.add(Finish(finish_reason="stop", execution_id="e1"), ended(1, outcome))
    shown = events(read(AiSdkWriter, journal))
    assert shown[-2] == {"type": "abort", "reason": outcome}
    assert shown[-1]["finishReason"] == "interrupted"


def test_a_call_left_open_by_a_stop_is_an_error_on_the_leg_that_follows_it() -> None:
    journal = two_calls()
    second = [row for row in journal.rows if b'"tool-request"' in row.data][1]
    journal.rows = [row for row in journal.rows if row.last <= second.last]
    journal.add(settled("c2", "secret-audit", ran="synthetic", cancelled=True, display="hidden"))
    journal.add(Finish(finish_reason="stop", execution_id="e1"), ended(1, "superseded"))
    shown = events(read_as(AiSdkWriter, journal, turn(after=second.last, message_id="m1")))
    assert {"type": "tool-output-error", "toolCallId": "c2", "errorText": "Cancelled"} in shown


def test_texts_beside_the_talk() -> None:
    journal = Journal().add(*begun(), *block(1, output_to_chat=False), asked())
    journal.text("x1", "Muted.").add(*block_over(1), *block(2, thread="notes", description="Notes"))
    journal.text("x2", "Aside.").add(*block_over(2), *block(3, display="hidden"))
    journal.text("x3", "Loud.").add(*block_over(3), *finished())
    shown = events(read(AiSdkWriter, journal))
    assert [event["id"] for event in of_type(shown, "text-delta")] == ["x2", "x3"]
    assert of_type(shown, "text-start")[0]["providerMetadata"] == {"mainspring": {"thread": "notes"}}
    blocks = of_type(shown, "data-block")
    assert [event["id"] for event in blocks] == ["b1", "b1", "b2", "b2"]
    assert blocks[2]["data"] == {**BLOCK, "description": "Notes", "thread": "notes", "status": "running"}


def test_an_object_that_is_no_json_is_told_as_it_is() -> None:
    journal = Journal().add(*begun(), TextStarted(id="o1", response_type="Verdict"))
    journal.add(TextEnded(id="o1"), *finished())
    shown = of_type(events(read(AiSdkWriter, journal)), "data-object")
    assert shown[-1]["data"] == {"typeName": "Verdict", "text": "", "status": "error"}


def test_a_text_beside_an_open_object_stays_a_text() -> None:
    journal = Journal().add(*begun(), TextStarted(id="o1", response_type="Verdict"))
    journal.text("x1", "Plain.").add(TextEnded(id="o1"), *finished())
    shown = events(read(AiSdkWriter, journal))
    assert [event["delta"] for event in of_type(shown, "text-delta")] == ["Plain."]


def test_a_worker_that_fails_and_one_that_is_stopped() -> None:
    journal = Journal().add(
        *begun(),
        WorkerStart(worker_id="w1", worker_slug="a"),
        WorkerResult(worker_id="w1", error="No."),
        WorkerStart(worker_id="w2", worker_slug="b"),
        WorkerResult(worker_id="w2", error="Stopped.", cancelled=True),
        *finished(),
    )
    workers = [event["data"] for event in of_type(events(read(AiSdkWriter, journal)), "data-worker")]
    assert [(worker["status"], worker.get("error")) for worker in workers] == [
        ("running", None),
        ("error", "No."),
        ("running", None),
        ("cancelled", "Stopped."),
    ]


def test_another_execution_and_dropped_deltas_are_passed_over() -> None:
    journal = Journal().add(*begun(7)).text("old", "Old.").add(*finished(7))
    for row in talk().rows:
        first, last = journal.cursor + 1, journal.cursor + 1 + row.last - row.first
        journal.rows.append(Row(first, last, row.kind, row.data, row.at))
        journal.rows.append(Row(last + 1, last + 1, STUB, b"{}", row.at))
    assert read(AiSdkWriter, journal) == read(AiSdkWriter, talk())


@given(st.data())
def test_any_batching_gives_the_same_bytes(data: st.DataObject) -> None:
    rows = everything().rows
    cuts = sorted(data.draw(st.sets(st.integers(0, len(rows)))))
    writer = AiSdkWriter(turn())
    out = writer.open()
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        out += writer.feed(rows[data.draw(st.integers(0, begin)) : end])
    assert out == read(AiSdkWriter, everything())


def test_a_call_that_no_model_wrote() -> None:
    journal = Journal().add(
        *begun(),
        ToolInputStarted(tool_call_id="c1", tool_name="look", display="description"),
        ToolInputDelta(tool_call_id="c1", input_text_delta='{"a":1}'),
        ToolInputEnded(tool_call_id="c1"),
        available("c1", "look", a=1),
        requested("c1"),
        settled("c1", "look", output=2),
        BlockEnd(block_id="b1", summary="Looked"),
        *block(2),
        BlockEnd(block_id="b2", summary="Looked"),
        *finished(),
    )
    shown = events(read(AiSdkWriter, journal, settled=frozenset(("c1",))))
    assert len(of_type(shown, "tool-input-delta")) == 1
    assert [event["data"].get("summary") for event in of_type(shown, "data-block")] == [None, "Looked"]
