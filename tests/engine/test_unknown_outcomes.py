"""Unknown outcomes of tool calls: what a policy says is done when nobody knows whether a call ran."""

from __future__ import annotations

from mainspring.engine.outstanding import is_waiting, outstanding, wake_at
from mainspring.model.facts import Paused, ToolSettled
from mainspring.model.signals import (
    ApprovalAnswer,
    CallTool,
    ToolResult,
)
from mainspring.model.stream_events import (
    ErrorEvent,
    ToolApprovalRequest,
    ToolApprovalResponse,
)
from tests.engine.driver import Driver, kinds
from tests.engine.test_ledger import desk, only, resume


def test_unknown_retry_runs_the_same_call_again() -> None:
    driver = desk("{ idempotent: true }")
    call = driver.call()
    events = resume(driver)
    assert kinds(events) == ["Resumed", "ToolAttemptFailed", "ToolAttempted"]
    (effect,) = outstanding(driver.state)
    assert isinstance(effect, CallTool)
    assert (effect.call_id, effect.attempt, effect.idempotent) == (call.id, 2, True)


def test_unknown_retry_ends_some_time() -> None:
    driver = desk("{ onUnknownOutcome: retry }")
    for second in (10.0, 20.0, 30.0):
        driver.ended(at=second, error="connection lost.", unknown=True)
        driver.tick(second + 9.0)
    driver.ended(at=40.0, error="connection lost.", unknown=True)
    assert driver.results_of() == [(None, "connection lost. It may have run or not.")]


def test_a_call_that_runs_elsewhere_goes_on_after_a_resumption() -> None:
    driver = desk()
    assert kinds(resume(driver, driver.call().id)) == ["Resumed"]
    driver.ended(at=60.0, output=1)
    assert driver.results_of() == [(1, None)]


def test_unknown_ask_waits_for_a_person_who_has_it_run_again() -> None:
    driver = desk("{ approvalTimeout: 1h }")
    asked = only(resume(driver), ToolApprovalRequest)
    assert (asked.kind, asked.expires_at, asked.tool_name) == ("unknown-outcome", 3650.0, "pay")
    assert asked.reason == "The server ended while the call ran."
    assert is_waiting(driver.state)
    assert isinstance(driver.events[-1], Paused)
    driver.approve(ApprovalAnswer(approval_id=asked.approval_id, allow=True), at=60.0)
    assert driver.call().attempt == 2
    driver.ended(at=61.0, output="paid")
    assert driver.results_of() == [("paid", None)]


def test_unknown_ask_may_be_told_to_leave_it() -> None:
    driver = desk()
    resume(driver)
    driver.approve(ApprovalAnswer(approval_id=driver.approval(), allow=False, message="It was paid."))
    ((_, error),) = driver.results_of()
    assert error is not None
    assert error.startswith("The server ended while the call ran. It may have run or not. A person decided")
    assert error.endswith("They say: It was paid.")


def test_unknown_ask_takes_a_late_result() -> None:
    driver = desk()
    resume(driver)
    call = driver.call().id
    events = driver.results(ToolResult(tool_call_id=call, result="paid"))
    response = only(events, ToolApprovalResponse)
    assert (response.approved, response.cause) == (False, "answered")
    assert only(events, ToolSettled).ran == "box"
    assert driver.results_of() == [("paid", None)]


def test_unknown_ask_ends_when_nobody_says_anything() -> None:
    driver = desk("{ approvalTimeout: 10 }")
    resume(driver)
    assert wake_at(driver.state) == 60.0
    driver.tick(60.0)
    (_, error) = driver.results_of()[0]
    assert error is not None
    assert error.endswith("It may have run or not. Nobody said in time what to do.")


def test_unknown_fail_tells_the_model() -> None:
    driver = desk("{ onUnknownOutcome: fail }")
    resume(driver)
    assert driver.results_of() == [(None, "The server ended while the call ran. It may have run or not.")]


def probed() -> Driver:
    driver = desk("{ onUnknownOutcome: probe }")
    driver.ended(error="connection lost.", unknown=True)
    (effect,) = outstanding(driver.state)
    assert isinstance(effect, CallTool)
    assert (effect.probe, effect.attempt) == (True, 2)
    return driver


def test_unknown_probe_takes_what_the_box_knows() -> None:
    driver = probed()
    driver.ended(output="paid")
    assert driver.results_of() == [("paid", None)]


def test_unknown_probe_runs_a_call_that_did_not_run() -> None:
    driver = probed()
    driver.ended(error="never heard of it", retryable=True)
    (effect,) = outstanding(driver.state)
    assert isinstance(effect, CallTool)
    assert (effect.probe, effect.attempt) == (False, 3)
    assert driver.call().tries == 2


def test_unknown_probe_asks_a_person_if_the_box_cannot_tell() -> None:
    driver = probed()
    assert only(driver.ended(error="who knows", unknown=True), ToolApprovalRequest).reason == "who knows"


def test_a_probe_that_is_cut_is_made_again() -> None:
    driver = probed()
    resume(driver)
    (effect,) = outstanding(driver.state)
    assert isinstance(effect, CallTool)
    assert (effect.probe, effect.attempt) == (True, 3)


def test_a_call_that_is_cut_again_and_again_ends_the_execution() -> None:
    driver = desk("{ idempotent: true }")
    for _ in range(3):
        resume(driver)
    assert only(resume(driver), ErrorEvent).code == "EXECUTION_INTERRUPTED"
    assert outstanding(driver.state) == ()
