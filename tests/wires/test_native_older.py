"""Tells what clients of version 2 get: nothing they cannot read, arguments of a tool call in one piece."""

from mainspring.model.stream_events import (
    AttemptSuperseded,
    TodoUpdate,
    ToolInputDelta,
    WorkerResult,
    WorkerStart,
)
from tests.wires.journal import (
    Journal,
    available,
    begun,
    block,
    block_over,
    ended,
    finished,
    requested,
    settled,
)
from tests.wires.test_native import events, types, whole


def test_what_only_newer_clients_know_is_left_out() -> None:
    journal = Journal().add(*begun(), *block(), TodoUpdate(todos=()))
    journal.add(WorkerStart(worker_id="w", worker_slug="s"), *block(2, worker_id="w", display="title"))
    journal.text("n1", "nested", worker_id="w").call("c1", "look", "{}", worker_id="w")
    journal.add(
        available("c1", "look", worker_id="w"),
        settled("c1", ran="builtin", worker_id="w"),
        *block_over(2, worker_id="w"),
        WorkerResult(worker_id="w"),
        *block_over(),
        *finished(),
    )
    assert types(whole(journal, version=2)) == ["start", "block-start", "block-end", "finish", "[DONE]"]


def test_a_title_becomes_a_description() -> None:
    journal = Journal().add(
        *begun(), *block(display="title", description="Looks it up"), *block(2), *finished()
    )
    shown = [event for event in events(whole(journal, version=2))[:-1] if event["type"] == "block-start"]
    assert [event["display"] for event in shown] == ["description", "stream"]
    assert shown[0]["description"] == "Looks it up"


def test_arguments_come_in_one_piece() -> None:
    journal = Journal().add(*begun()).call("c1", "get-time", '{"a":', "1", "}")
    journal.add(available("c1", "get-time", a=1), requested("c1"))
    inputs = [event for event in events(whole(journal, version=2))[:-1] if "tool-input" in event["type"]]
    assert [event["type"] for event in inputs] == [
        "tool-input-start",
        "tool-input-delta",
        "tool-input-end",
        "tool-input-available",
    ]
    assert inputs[1] == {"type": "tool-input-delta", "toolCallId": "c1", "inputTextDelta": '{"a":1}'}


def test_calls_written_at_the_same_time_keep_apart() -> None:
    journal = Journal().add(*begun())
    for call_id, piece in (("c1", "[1"), ("c2", "[2"), ("c1", ",1]"), ("c2", ",2]")):
        journal.deltas(ToolInputDelta(tool_call_id=call_id, input_text_delta=piece))
    journal.add(available("c1", "look"), available("c2", "look"), *finished())
    deltas = [event for event in events(whole(journal, version=2))[:-1] if "inputTextDelta" in event]
    assert [(event["toolCallId"], event["inputTextDelta"]) for event in deltas] == [
        ("c1", "[1,1]"),
        ("c2", "[2,2]"),
    ]


def test_arguments_that_are_a_fact_come_in_one_piece_too() -> None:
    journal = Journal().add(
        *begun(),
        ToolInputDelta(tool_call_id="c1", input_text_delta="{}"),
        available("c1", "look"),
        *finished(),
    )
    expected = ["start", "tool-input-delta", "tool-input-available", "finish", "[DONE]"]
    assert types(whole(journal, version=2)) == expected
    assert types(whole(journal, version=4)) == expected


def test_arguments_of_a_call_that_was_made_anew_are_forgotten() -> None:
    journal = Journal().add(*begun())
    journal.deltas(ToolInputDelta(tool_call_id="c1", input_text_delta='{"half'))
    journal.add(AttemptSuperseded(generation_id="g", attempt=1, parts=("c1",)), available("c1", "look"))
    journal.add(*finished())
    assert types(whole(journal, version=2)) == ["start", "tool-input-available", "finish", "[DONE]"]


def test_a_member_that_only_looks_like_a_workers_is_no_workers() -> None:
    journal = Journal().add(*begun()).text("x1", 'a "workerId": in a text')
    journal.add(available("c1", "look", workerId="mine"), *block(), *finished())
    assert types(whole(journal, version=2)) == [
        "start",
        "text-start",
        "text-delta",
        "text-end",
        "tool-input-available",
        "block-start",
        "finish",
        "[DONE]",
    ]


def test_a_worker_on_its_own_reports_no_usage() -> None:
    journal = Journal().add(*begun(), finished()[0], ended())
    assert types(whole(journal, version=2, session_id="e1")) == ["start", "finish", "[DONE]"]
