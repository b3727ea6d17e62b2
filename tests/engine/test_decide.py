"""Given a journal, when a signal comes, then this decision: refusals, repetitions, late news."""

from __future__ import annotations

import pytest

from mainspring.engine.evolve import evolve, fold
from mainspring.engine.outstanding import is_waiting, outstanding
from mainspring.model.errors import Conflict, Failure, InvalidRequest, NotFound, SessionBusy
from mainspring.model.facts import ExecutionEnded, GenerationSettled, ThreadStarted, ToolSettled
from mainspring.model.generation import Usage
from mainspring.model.parts import TextPart, ToolResultPart
from mainspring.model.signals import (
    AnswerSignal,
    Complete,
    ExpireSignal,
    FailedSignal,
    ResumeSignal,
    StopSignal,
    ToolResult,
)
from mainspring.model.stream_events import ErrorEvent, Finish, ToolRequest
from tests.engine.driver import Driver, kinds

FAILURE = Failure(error_type="provider_error", message="gone", retryable=True, source="provider")


def failed(driver: Driver, *, attempt: int = 1, generation: str = "gen_1_0_1_1") -> list[str]:
    signal = FailedSignal(generation_id=generation, attempt=attempt, failure=FAILURE, at=3.0)
    return kinds(driver.signal(signal))


def test_an_unknown_trigger_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidRequest, match='there is no trigger "nope"; triggers: user-message'):
        Driver().trigger(trigger="nope")


def test_a_trigger_without_its_input_is_refused() -> None:
    driver = Driver()
    with pytest.raises(InvalidRequest, match="USER_MESSAGE"):
        driver.trigger(given={})
    assert driver.state.execution is None


def test_a_trigger_while_a_model_call_runs_is_busy() -> None:
    driver = Driver()
    driver.trigger()
    with pytest.raises(SessionBusy):
        driver.trigger()


def test_a_rollback_to_an_unknown_message_is_refused() -> None:
    driver = Driver()
    with pytest.raises(InvalidRequest, match="there is no message 'msg_X'"):
        driver.trigger(rollback=True, rollback_after="msg_X")


def test_an_expired_session_takes_no_trigger() -> None:
    driver = Driver()
    driver.signal(ExpireSignal(at=5.0))
    with pytest.raises(NotFound) as caught:
        driver.trigger()
    assert caught.value.code == "SESSION_EXPIRED"
    assert driver.signal(ExpireSignal(at=6.0)) == []


def test_expiring_ends_what_runs() -> None:
    driver = Driver()
    driver.trigger()
    events = driver.signal(ExpireSignal(at=5.0, cleared=True))
    assert kinds(events)[-3:] == ["Finish", "ExecutionEnded", "SessionExpired"]
    assert outstanding(driver.state) == ()


def test_outstanding_is_the_model_call_until_it_settles() -> None:
    driver = Driver()
    assert outstanding(driver.state) == ()
    driver.trigger()
    assert outstanding(driver.state) == (
        Complete(generation_id="gen_1_0_1_1", attempt=1, frame="main", thread="main"),
    )
    assert not is_waiting(driver.state)
    driver.answer("", "look")
    assert outstanding(driver.state) == ()
    assert is_waiting(driver.state)


def test_results_come_one_by_one_in_any_order() -> None:
    driver = Driver()
    driver.trigger()
    driver.answer("", "look", "find")
    first, second = driver.open_calls()
    events = driver.results(ToolResult(tool_call_id=second, result=2))
    request = events[-1]
    assert isinstance(request, ToolRequest)
    assert [call.tool_call_id for call in request.tool_calls] == [first]
    assert "GenerationStarted" in kinds(driver.results(ToolResult(tool_call_id=first, result=1)))
    results = driver.state.scopes["main"].threads["main"].messages[-1]
    assert [part.output for part in results.parts if isinstance(part, ToolResultPart)] == [1, 2]


def test_the_same_result_again_changes_nothing() -> None:
    driver = Driver()
    driver.trigger()
    driver.answer("", "look")
    result = ToolResult(tool_call_id=driver.open_calls()[0], result={"a": 1, "b": 2})
    driver.results(result)
    assert driver.results(ToolResult(tool_call_id=result.tool_call_id, result={"b": 2, "a": 1})) == []
    driver.answer("Done")
    assert driver.results(result) == []


def test_a_call_is_settled_once_even_within_one_request() -> None:
    driver = Driver()
    driver.trigger()
    driver.answer("", "look")
    result = ToolResult(tool_call_id=driver.open_calls()[0], result=1)
    events = driver.results(result, result)
    assert sum(isinstance(event, ToolSettled) for event in events) == 1


def test_another_result_for_the_same_call_is_a_conflict() -> None:
    driver = Driver()
    driver.trigger()
    driver.answer("", "look", "find")
    call = driver.open_calls()[0]
    driver.results(ToolResult(tool_call_id=call, result=1))
    with pytest.raises(Conflict, match="another result"):
        driver.results(ToolResult(tool_call_id=call, result=2))


def test_a_result_for_a_strange_call_is_not_found() -> None:
    driver = Driver()
    driver.trigger()
    driver.answer("", "look")
    with pytest.raises(NotFound, match="call_x"):
        driver.results(ToolResult(tool_call_id="call_x"))


def test_results_for_a_strange_execution_are_not_found() -> None:
    driver = Driver()
    with pytest.raises(NotFound, match="exe_x"):
        driver.results(ToolResult(tool_call_id="call_x"), execution="exe_x")


@pytest.mark.parametrize("results", [(), (ToolResult(tool_call_id="call_x"),)])
def test_results_after_the_end_are_told_so(results: tuple[ToolResult, ...]) -> None:
    driver = Driver()
    driver.trigger()
    driver.answer("Done")
    with pytest.raises(Conflict, match=r"over \(finished\)"):
        driver.results(*results)


def test_results_after_a_stop_are_told_so() -> None:
    driver = Driver()
    driver.trigger()
    driver.answer("", "look")
    call = driver.open_calls()[0]
    driver.signal(StopSignal(at=5.0))
    with pytest.raises(Conflict, match=r"over \(stopped\)"):
        driver.results(ToolResult(tool_call_id=call, result=1))


def test_news_of_an_older_attempt_is_dropped() -> None:
    driver = Driver()
    driver.trigger()
    driver.signal(ResumeSignal(attempt="A", at=3.0))
    assert driver.answer("Late", attempt=1) == []
    assert failed(driver) == []
    assert "GenerationSettled" in kinds(driver.answer("Now", attempt=2))
    late = AnswerSignal(
        generation_id="gen_1_0_1_1",
        attempt=2,
        parts=(),
        part_ids=(),
        reason="stop",
        usage=Usage(),
        model="scripted/model",
        at=4.0,
    )
    assert driver.signal(late) == []


def test_a_failure_without_output_leaves_no_message() -> None:
    driver = Driver()
    driver.trigger()
    assert failed(driver) == ["GenerationFailed", "BlockEnd", "BlockDone", "ErrorEvent", "ExecutionEnded"]
    assert len(driver.state.scopes["main"].threads["main"].messages) == 1


def test_a_failure_counts_what_it_cost() -> None:
    driver = Driver()
    driver.trigger()
    signal = FailedSignal(
        generation_id="gen_1_0_1_1", attempt=1, failure=FAILURE, at=3.0, usage=Usage(input_tokens=7)
    )
    ended = driver.signal(signal)[-1]
    assert isinstance(ended, ExecutionEnded)
    assert ended.usage.input_tokens == 7


def test_a_failure_after_output_keeps_it_out_of_the_models_view() -> None:
    driver = Driver()
    driver.trigger()
    signal = FailedSignal(
        generation_id="gen_1_0_1_1",
        attempt=1,
        failure=FAILURE,
        at=3.0,
        parts=(TextPart(text="Half"), TextPart(text="")),
        part_ids=("p1", "p2"),
    )
    events = driver.signal(signal)
    settled = events[0]
    assert isinstance(settled, GenerationSettled)
    assert settled.interrupted
    assert settled.message.incomplete
    assert settled.part_ids == ("p1",)
    assert isinstance(events[-2], ErrorEvent)


@pytest.mark.parametrize(
    ("reason", "told"),
    [("stop", "stop"), ("length", "length"), ("content-filter", "content-filter"), ("other", "other")],
)
def test_the_stream_says_why_it_ended(reason: str, told: str) -> None:
    driver = Driver()
    driver.trigger()
    finish = driver.answer("Text", reason=reason)[-2]  # type: ignore[arg-type]  # parametrized literal
    assert isinstance(finish, Finish)
    assert finish.finish_reason == told


def test_an_execution_that_never_gets_on_is_given_up() -> None:
    driver = Driver()
    driver.trigger()
    for _ in range(3):
        driver.signal(ResumeSignal(attempt="A", at=3.0))
    events = driver.signal(ResumeSignal(attempt="A", at=3.0))
    error = events[-2]
    assert isinstance(error, ErrorEvent)
    assert error.code == "EXECUTION_INTERRUPTED"
    assert driver.state.execution is None


def test_progress_forgives_earlier_interruptions() -> None:
    driver = Driver()
    driver.trigger()
    for _ in range(3):
        driver.signal(ResumeSignal(attempt="A", at=3.0))
    driver.answer("", "look", attempt=4)
    driver.results(ToolResult(tool_call_id=driver.open_calls()[0], result=1))
    driver.signal(ResumeSignal(attempt="A", at=3.0))
    assert driver.state.execution is not None


def test_a_resume_closes_what_was_open() -> None:
    driver = Driver()
    driver.trigger()
    parts = (
        ("t", "text", True),
        ("r", "reasoning", False),
        ("c", "tool", False),
        ("w", "worker", False),
        ("x", "text", False),
    )
    events = driver.signal(ResumeSignal(attempt="A", at=3.0, open_parts={"gen_1_0_1_1": parts}))
    assert kinds(events) == [
        "Resumed",
        "ReasoningEnded",
        "ToolInputEnded",
        "WorkerResult",
        "TextEnded",
        "AttemptSuperseded",
    ]


def test_signals_for_an_idle_session_do_nothing() -> None:
    driver = Driver()
    assert driver.signal(StopSignal(at=2.0)) == []
    assert driver.signal(ResumeSignal(attempt="A", at=2.0)) == []


def test_a_trigger_may_move_the_session_to_another_version() -> None:
    driver = Driver()
    other = Driver("agent: { model: scripted/other, system: system }")
    driver.library = type(driver.library)(programs={**driver.library.programs, **other.library.programs})
    events = driver.trigger(version=other.state.version)
    assert kinds(events)[0] == "VersionChanged"
    started = next(event for event in events if isinstance(event, ThreadStarted))
    assert started.settings["model"] == "scripted/other"


def test_schemas_of_the_caller_are_kept_for_the_execution() -> None:
    driver = Driver()
    driver.trigger(tool_schemas=({"name": "x"},))
    assert driver.state.execution is not None
    assert driver.state.execution.tool_schemas == ({"name": "x"},)


def test_a_journal_begins_with_its_creation() -> None:
    driver = Driver()
    with pytest.raises(ValueError, match="begins with session-created"):
        fold([Finish(finish_reason="stop", execution_id="e")])
    with pytest.raises(ValueError, match="not open"):
        evolve(driver.state, ToolRequest(tool_calls=(), execution_id="e"))
