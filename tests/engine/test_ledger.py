"""The ledger of tool calls: attempts of tool boxes, retries, deadlines, wrong calls."""

from __future__ import annotations

from typing import Any

import pytest

from mainspring.engine.evolve import evolve
from mainspring.engine.outstanding import is_waiting, outstanding, wake_at
from mainspring.model.errors import Conflict, NotFound, SessionBusy
from mainspring.model.facts import ToolAttempted, ToolAttemptFailed, ToolDeadlineSet, ToolSettled
from mainspring.model.signals import (
    ApprovalAnswer,
    AttemptSignal,
    CallTool,
    ResumeSignal,
    StopSignal,
    ToolResult,
)
from mainspring.model.stream_events import (
    ErrorEvent,
    ToolApprovalRequest,
    ToolRequest,
)
from tests.engine.driver import Driver, kinds

PROTOCOL = """
tools:
  pay:
    description: Pay
    parameters:
      amount: {{ type: number }}
    policy: {policy}
  look: {{ description: Look }}
agent:
  model: scripted/model
  system: system
  agentic: true
  maxSteps: 20
  tools: [pay, look]
"""
PAY = ("pay", {"amount": 5})


def desk(policy: str = "{}", *calls: Any, boxed: tuple[str, ...] = ("pay",)) -> Driver:
    """A session whose model has called `pay` (or `calls`)."""
    driver = Driver(PROTOCOL.format(policy=policy), boxed=boxed)
    driver.trigger()
    driver.answer("", *(calls or (PAY,)))
    return driver


def only(events: list[Any], kind: type) -> Any:
    """The one event of a kind."""
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


def resume(driver: Driver, *alive: str) -> list[Any]:
    return driver.signal(ResumeSignal(attempt="a", at=50.0, alive=alive))


# ---- an attempt ---------------------------------------------------------------------------------------------


def test_a_box_is_asked_once_the_call_is_in_the_ledger() -> None:
    driver = desk()
    call = driver.call()
    assert outstanding(driver.state) == (
        CallTool(call_id=call.id, attempt=1, tool="pay", args={"amount": 5}, deadline=303.0),
    )
    assert not is_waiting(driver.state)
    assert wake_at(driver.state) == 303.0
    assert not any(isinstance(event, ToolRequest) for event in driver.events)
    with pytest.raises(SessionBusy):
        driver.trigger("And?")


def test_a_result_goes_to_the_model() -> None:
    driver = desk()
    events = driver.ended(output={"paid": True})
    assert only(events, ToolSettled).ran == "box"
    assert kinds(events)[-1] == "GenerationStarted"
    assert driver.results_of() == [({"paid": True}, None)]
    assert driver.signal(AttemptSignal(call_id="call_x", attempt=1, at=5.0)) == []
    assert wake_at(driver.state) is None


def test_an_error_is_the_result_whatever_the_retries_are() -> None:
    driver = desk("{ retries: 3 }")
    driver.ended(error="no such account")
    assert driver.results_of() == [(None, "no such account")]


def test_news_of_an_attempt_that_is_over_changes_nothing() -> None:
    driver = desk("{ retries: 3 }")
    call = driver.call()
    driver.ended(error="busy", retryable=True)
    assert driver.signal(AttemptSignal(call_id=call.id, attempt=1, at=4.0, output=1)) == []
    driver.tick(5.0)
    assert driver.signal(AttemptSignal(call_id=call.id, attempt=1, at=5.0, output=1)) == []
    assert driver.call().attempt == 2


def test_nobody_else_brings_the_result_of_a_boxed_call() -> None:
    driver = desk()
    with pytest.raises(Conflict, match="tool box"):
        driver.results(ToolResult(tool_call_id=driver.call().id, result=1))
    assert AttemptSignal(call_id="call_x", attempt=1, at=5.0).output is None


def test_calls_of_the_caller_are_asked_for_when_no_box_runs_any_more() -> None:
    driver = desk("{}", PAY, "look")
    assert not any(isinstance(event, ToolRequest) for event in driver.events)
    request = only(driver.ended(output=1), ToolRequest)
    assert [call.tool_name for call in request.tool_calls] == ["look"]


# ---- retries ------------------------------------------------------------------------------------------------


def test_what_may_be_tried_again_is_after_a_wait_that_doubles() -> None:
    driver = desk("{ retries: { max: 2, backoff: 10 } }")
    first = only(driver.ended(error="busy", retryable=True), ToolAttemptFailed)
    assert (first.retry_at, first.unknown) == (14.0, False)
    assert is_waiting(driver.state)
    assert wake_at(driver.state) == 14.0
    with pytest.raises(SessionBusy):
        driver.trigger("And?")
    assert driver.tick(13.9) == []
    assert only(driver.tick(14.0), ToolAttempted).attempt == 2
    assert only(driver.ended(at=15.0, error="busy", retryable=True), ToolAttemptFailed).retry_at == 35.0
    driver.tick(40.0)
    driver.ended(at=41.0, error="still busy", retryable=True)
    assert driver.results_of() == [(None, "still busy")]


def test_a_tool_may_ask_for_a_longer_wait_but_not_for_ever() -> None:
    driver = desk("{ retries: 9 }")
    assert only(driver.ended(error="x", retryable=True, retry_after=60), ToolAttemptFailed).retry_at == 64.0
    driver.tick(64.0)
    failed = only(driver.ended(at=70.0, error="x", retryable=True, retry_after=1e9), ToolAttemptFailed)
    assert failed.retry_at == 3670.0


def test_a_tool_that_says_nothing_still_has_an_error() -> None:
    driver = desk()
    driver.ended(retryable=True)
    assert driver.results_of() == [(None, "The tool did not say what went wrong.")]


# ---- deadlines ----------------------------------------------------------------------------------------------


def test_an_attempt_that_takes_too_long_is_given_up() -> None:
    driver = desk("{ timeout: 30s, retries: 3 }")
    call = driver.call()
    assert wake_at(driver.state) == 33.0
    assert driver.tick(32.9) == []
    settled = only(driver.tick(33.0), ToolSettled)
    assert (settled.ran, settled.error) == ("synthetic", "No result came in time. It may have run or not.")
    assert driver.signal(AttemptSignal(call_id=call.id, attempt=1, at=40.0, output=1)) == []


def test_an_idempotent_call_that_takes_too_long_is_tried_again() -> None:
    driver = desk("{ timeout: 30s, retries: 1, idempotent: true }")
    failed = only(driver.tick(33.0), ToolAttemptFailed)
    assert (failed.retry_at, failed.unknown) == (34.0, True)
    driver.tick(34.0)
    assert driver.call().deadline == 64.0
    driver.tick(64.0)
    assert driver.results_of()[0][1] is not None


def test_a_caller_has_until_the_timeout_after_it_was_first_asked() -> None:
    driver = desk("{ timeout: 1m }", PAY, boxed=())
    assert only(driver.events, ToolDeadlineSet).deadline == 63.0
    call = driver.call().id
    assert is_waiting(driver.state)
    assert wake_at(driver.state) == 63.0
    driver.results()
    assert driver.call().deadline == 63.0
    driver.tick(63.0)
    assert driver.results_of() == [(None, "No result came in time. It may have run or not.")]
    with pytest.raises(Conflict, match="another result"):
        driver.results(ToolResult(tool_call_id=call, result=1))


def test_a_caller_without_a_timeout_is_waited_for() -> None:
    driver = desk("{}", PAY, boxed=())
    assert wake_at(driver.state) is None
    assert driver.tick(1e9) == []


def test_time_that_passes_without_an_execution_changes_nothing() -> None:
    driver = Driver()
    assert wake_at(driver.state) is None
    assert driver.tick(1e9) == []


def test_several_that_are_over_at_once_are_all_given_up() -> None:
    driver = desk("{ timeout: 30s }", PAY, PAY)
    events = driver.tick(100.0)
    assert sum(isinstance(event, ToolSettled) for event in events) == 2
    assert kinds(events)[-1] == "GenerationStarted"


# ---- bounds -------------------------------------------------------------------------------------------------


def test_no_more_calls_run_at_once_than_allowed() -> None:
    driver = desk("{ concurrency: 2 }", PAY, PAY, PAY)
    assert [driver.call(number).running for number in range(3)] == [True, True, False]
    events = driver.ended(0, output=1)
    assert kinds(events) == ["ToolSettled", "ToolAttempted"]
    driver.ended(0, output=2)
    driver.ended(0, output=3)
    assert driver.results_of() == [(1, None), (2, None), (3, None)]


def test_a_stop_ends_what_runs() -> None:
    driver = desk("{ concurrency: 1 }", PAY, PAY)
    driver.signal(StopSignal(at=9.0))
    assert outstanding(driver.state) == ()
    assert driver.results_of() == [(None, "The call was cancelled.")] * 2


# ---- wrong calls --------------------------------------------------------------------------------------------


def test_wrong_arguments_go_back_to_the_model_which_mends_them() -> None:
    driver = desk("{}", ("pay", {"amount": "much"}))
    (_, error) = driver.results_of()[0]
    assert error == 'The arguments do not fit: amount: expected a number, got the string "much".'
    driver.answer("", PAY)
    driver.ended(output="paid")
    assert driver.results_of()[1] == ("paid", None)


def test_the_same_wrong_call_three_times_in_a_row_is_the_end() -> None:
    driver = desk("{}", ("pay", {}))
    driver.answer("", ("pay", {}), ("pay", {}))
    error = only(driver.answer("", ("pay", {})), ErrorEvent)
    assert error.code == "REPEATED_TOOL_FAILURE"
    assert "3 times in a row" in error.message
    assert "amount: is required" in error.message
    assert error.tool.name == "pay"


def test_other_mistakes_and_right_calls_begin_the_count_anew() -> None:
    driver = desk("{}", ("pay", {}))
    driver.answer("", ("pay", {}))
    driver.answer("", ("pay", {"amount": "x"}))
    driver.answer("", ("pay", {}))
    driver.answer("", ("pay", {}), PAY)
    driver.ended(output="paid")
    driver.answer("", ("pay", {}))
    driver.answer("", "weather")
    assert driver.state.execution is not None


def test_a_call_that_is_not_there_is_not_taken() -> None:
    driver = desk()
    with pytest.raises(NotFound):
        driver.results(ToolResult(tool_call_id="call_nowhere", result=1))


# ---- workers ------------------------------------------------------------------------------------------------

PARENT = """
tools:
  pay:
    description: Pay
    policy: { approval: always }
workers:
  clerk: { tools: { transfer: pay } }
agent:
  model: scripted/model
  system: system
  agentic: true
  workers: [clerk]
"""
CLERK = """
tools:
  transfer: { description: Transfer }
  note: { description: Note }
steps:
  Begin: { block: start-thread, thread: t, model: scripted/model, system: system, tools: [transfer, note] }
  Say: { block: next-message, thread: t }
"""


def test_a_worker_that_borrows_a_tool_is_bound_by_its_policy() -> None:
    driver = Driver(PARENT, boxed=("pay",), clerk=CLERK)
    driver.trigger()
    driver.answer("", "clerk")
    asked = only(driver.answer("", "transfer"), ToolApprovalRequest)
    assert asked.tool_name == "pay"
    assert asked.worker_id is not None
    driver.approve(ApprovalAnswer(approval_id=asked.approval_id, allow=True))
    (effect,) = outstanding(driver.state)
    assert isinstance(effect, CallTool)
    assert effect.tool == "pay"


def test_a_tool_of_the_worker_itself_is_asked_for_by_its_own_name() -> None:
    driver = Driver(PARENT, clerk=CLERK)
    driver.trigger()
    driver.answer("", "clerk")
    request = only(driver.answer("", "note"), ToolRequest)
    assert request.tool_calls[0].tool_name == "note"


# ---- what cannot be -----------------------------------------------------------------------------------------


def test_a_journal_that_attempts_an_unknown_call_is_refused() -> None:
    driver = desk()
    with pytest.raises(ValueError, match="which is not open"):
        evolve(driver.state, ToolAttempted(call_id="call_x", attempt=1))
