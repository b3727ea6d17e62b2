"""Tells what a turn looks like on the AG-UI wire: every byte, legs, replays, ends."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.model.errors import Failure
from mainspring.model.events import failure_event
from mainspring.model.stream_events import (
    BlockEnd,
    Finish,
    PendingToolCall,
    TextEnded,
    TextStarted,
    ToolInputDelta,
    ToolInputEnded,
    ToolInputStarted,
    ToolRequest,
    WorkerResult,
    WorkerStart,
)
from mainspring.wires.ag_ui import AgUiWriter, farewell
from mainspring.wires.ag_ui_runs import Recall, Run
from mainspring.wires.turns import Turn
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
    finished,
    requested,
    settled,
)

GOLDEN = TESTS / "golden" / "wires"
FAILURE = Failure(error_type="provider_error", message="Not now", retryable=True, source="provider")


def writer(given_turn: Turn) -> AgUiWriter:
    return AgUiWriter(given_turn, Run(thread_id="t1", run_id="r1"))


def types(data: bytes) -> list[str]:
    return [event["type"] for event in events(data)]


def balance(shown: list[dict[str, Any]]) -> None:
    """What opens closes, once."""
    for opens, closes, name in (
        ("TEXT_MESSAGE_START", "TEXT_MESSAGE_END", "messageId"),
        ("TOOL_CALL_START", "TOOL_CALL_END", "toolCallId"),
        ("REASONING_START", "REASONING_END", "messageId"),
        ("STEP_STARTED", "STEP_FINISHED", "stepName"),
    ):
        opened = sorted(event[name] for event in of_type(shown, opens))
        assert opened == sorted(event[name] for event in of_type(shown, closes))
    subagents = of_type(shown, "SUBAGENT_FINISHED") + of_type(shown, "SUBAGENT_ERROR")
    assert len(of_type(shown, "SUBAGENT_STARTED")) == len(subagents)


@pytest.mark.parametrize("journal", [talk, two_calls, everything])
def test_every_byte(golden: Any, journal: Any) -> None:
    data = read(writer, journal())
    golden(GOLDEN / f"ag-ui-{journal.__name__.replace('_', '-')}.txt", data.decode())
    balance(events(data))


def test_a_run_that_asks_names_the_calls() -> None:
    shown = events(read(writer, two_calls()))
    assert shown[-1] == {
        "type": "RUN_FINISHED",
        "threadId": "t1",
        "runId": "r1",
        "outcome": {"type": "success", "pendingToolCallIds": ["c1", "c2"]},
    }
    args = [event["delta"] for event in of_type(shown, "TOOL_CALL_ARGS") if event["toolCallId"] == "c2"]
    assert args == ['{"note":"n"}']


def test_the_next_run_goes_on() -> None:
    journal = two_calls()
    again = read_as(writer, journal, after_results(journal))
    assert types(again) == ["RUN_STARTED", "RUN_FINISHED"]
    assert events(again)[-1]["outcome"]["pendingToolCallIds"] == ["c2"]
    second = [row.last for row in journal.rows if b'"tool-request"' in row.data][1]
    rest = read_as(writer, journal, turn(after=second, message_id="m1"))
    assert types(rest) == [
        "RUN_STARTED",
        "STEP_STARTED",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "ACTIVITY_DELTA",
        "STEP_FINISHED",
        "RUN_FINISHED",
    ]


def test_a_replay_has_the_results_of_the_client_too() -> None:
    shown = events(read(writer, two_calls(), settled=frozenset(("c1", "c2"))))
    balance(shown)
    assert [(event["content"], event.get("metadata")) for event in of_type(shown, "TOOL_CALL_RESULT")] == [
        ('{"degrees":21}', None),
        ("No paper.", {"error": "No paper."}),
    ]
    assert len(of_type(shown, "RUN_FINISHED")) == 1


def test_a_worker_that_waits_is_suspended_and_goes_on_in_the_next_run() -> None:
    call = PendingToolCall(tool_call_id="c1", tool_name="look", args={}, source="llm", worker_id="w1")
    journal = Journal().add(
        *begun(),
        WorkerStart(worker_id="w1", worker_slug="finder", description="Finds"),
        asked(1, frame="w1", thread="work"),
        asked(2, frame="hidden-worker", thread="work"),
        called("c1", "look", frame="w1"),
        ToolRequest(tool_calls=(call,), execution_id="e1"),
        settled("c1", "look", output=1, worker_id="w1", display="hidden"),
        asked(3, frame="w1", thread="work"),
        WorkerResult(worker_id="w1", output="Found"),
        WorkerResult(worker_id="never-began", error="No input"),
        *finished_with(),
    )
    first = events(read(writer, journal))
    balance(first)
    assert of_type(first, "SUBAGENT_FINISHED")[0]["outcome"] == {"type": "suspended"}
    second = events(read_as(writer, journal, after_results(journal)))
    balance(second)
    assert second[1] == {
        "type": "SUBAGENT_STARTED",
        "name": "finder",
        "description": "Finds",
        "subagentRunId": "w1",
    }
    assert of_type(second, "SUBAGENT_FINISHED")[0]["result"] == "Found"


def test_workers_that_do_not_succeed() -> None:
    journal = Journal().add(
        *begun(),
        WorkerStart(worker_id="w1", worker_slug="a", input={"A": 1}),
        WorkerResult(worker_id="w1", error="No."),
        WorkerStart(worker_id="w2", worker_slug="b"),
        WorkerResult(worker_id="w2", error="Stopped.", cancelled=True),
        WorkerStart(worker_id="w3", worker_slug="c"),
        WorkerResult(worker_id="w3"),
        *finished(),
    )
    shown = events(read(writer, journal))
    assert [(event["message"], event["code"]) for event in of_type(shown, "SUBAGENT_ERROR")] == [
        ("No.", "worker_error"),
        ("Stopped.", "cancelled"),
    ]
    assert shown[1]["metadata"] == {"input": {"A": 1}}
    assert "result" not in of_type(shown, "SUBAGENT_FINISHED")[0]


def test_a_failure_is_a_run_error() -> None:
    shown = events(read(writer, failed(failure_event(FAILURE))))
    assert shown[-1] == {
        "type": "RUN_ERROR",
        "message": "Not now",
        "code": "provider_error",
        "metadata": {"errorType": "provider_error", "retryable": True, "source": "provider"},
    }
    assert events(farewell(FAILURE)) == shown[-1:]


def test_a_stopped_run_is_cancelled() -> None:
    journal = Journal().add(*begun(), asked())
    journal.call("c1", "look", '{"a')
    journal.add(called("c1", "look"), settled("c1", "look", ran="synthetic", cancelled=True))
    journal.add(Finish(finish_reason="stop", execution_id="e1"), ended(1, "stopped"))
    shown = events(read(writer, journal))
    balance(shown)
    assert of_type(shown, "TOOL_CALL_RESULT")[0]["content"] == "Cancelled"
    assert shown[-1]["outcome"] == {"type": "cancelled"}


@pytest.mark.parametrize("reason", ["length", "content-filter"])
def test_other_reasons_stand_in_the_metadata(reason: Any) -> None:
    shown = events(read(writer, Journal().add(*begun(), *finished_with(reason))))
    assert shown[-1]["metadata"] == {"finishReason": reason}
    assert shown[-1]["usage"][0]["totalTokens"] == 5


def test_texts_beside_the_talk_and_blocks() -> None:
    journal = Journal().add(*begun(), *block(1, output_to_chat=False), asked())
    journal.text("x1", "Muted.").add(*block_over(1), *block(2, thread="notes", description="Notes"))
    journal.text("x2", "Aside.").add(BlockEnd(block_id="b2", summary="Noted"), *block(3, display="hidden"))
    journal.text("x3", "Loud.").add(*block_over(3), *finished())
    shown = events(read(writer, journal))
    assert [event["messageId"] for event in of_type(shown, "TEXT_MESSAGE_CONTENT")] == ["x2", "x3"]
    assert of_type(shown, "TEXT_MESSAGE_START")[0]["metadata"] == {"thread": "notes"}
    assert of_type(shown, "ACTIVITY_DELTA")[-1]["patch"][1] == {
        "op": "add",
        "path": "/summary",
        "value": "Noted",
    }
    assert [event["messageId"] for event in of_type(shown, "ACTIVITY_SNAPSHOT")] == ["b1", "b2"]


def test_an_object_that_is_no_json_is_only_text() -> None:
    journal = Journal().add(*begun(), TextStarted(id="o1", response_type="Verdict"), TextEnded(id="o1"))
    assert of_type(events(read(writer, journal.add(*finished()))), "CUSTOM") == []


def test_a_call_that_no_model_wrote() -> None:
    journal = Journal().add(
        *begun(),
        ToolInputStarted(tool_call_id="c1", tool_name="look", display="description"),
        ToolInputDelta(tool_call_id="c1", input_text_delta='{"a":1}'),
        ToolInputEnded(tool_call_id="c1"),
        available("c1", "look", a=1),
        available("c9", "unseen"),
        requested("c1"),
    )
    shown = events(read(writer, journal))
    assert [event["delta"] for event in of_type(shown, "TOOL_CALL_ARGS")] == ['{"a":1}']


def test_a_reader_that_returns_begins_with_the_messages() -> None:
    history: tuple[Any, ...] = ({"id": "u1", "role": "user", "content": "Hi"},)
    run = Run(thread_id="t1", run_id="r2", parent_run_id="r1", history=history)
    shown = events(read(lambda given_turn: AgUiWriter(given_turn, run), talk()))
    assert shown[0]["parentRunId"] == "r1"
    assert shown[1] == {"type": "MESSAGES_SNAPSHOT", "messages": list(history)}
    recall = Recall(run, "s1")
    assert types(recall.open()) == ["RUN_STARTED", "MESSAGES_SNAPSHOT", "RUN_FINISHED"]
    assert recall.done
    assert recall.feed(()) == b""


@given(st.data())
def test_any_batching_gives_the_same_bytes(data: st.DataObject) -> None:
    rows = everything().rows
    cuts = sorted(data.draw(st.sets(st.integers(0, len(rows)))))
    reader = writer(turn())
    out = reader.open()
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        out += reader.feed(rows[data.draw(st.integers(0, begin)) : end])
    assert out == read(writer, everything())
