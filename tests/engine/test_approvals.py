"""Approvals: a call waits, un-run, until a person allows, changes or denies it, or nobody does in time."""

from __future__ import annotations

from typing import Any

import pytest

from mainspring.engine.outstanding import is_waiting, outstanding, wake_at
from mainspring.engine.policies import holds, why_asked
from mainspring.model.errors import Conflict, InvalidRequest, NotFound
from mainspring.model.facts import Paused, ToolSettled, VariableSet
from mainspring.model.parts import ToolCallPart
from mainspring.model.program import ArgumentCondition, Policy
from mainspring.model.session import Approval, Call
from mainspring.model.signals import ApprovalAnswer, ExpireSignal, ResultsSignal, StopSignal, ToolResult
from mainspring.model.stream_events import (
    ErrorEvent,
    Finish,
    ToolApprovalRequest,
    ToolApprovalResponse,
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
  tools: [pay, look]
"""
PAY = ("pay", {"amount": 500})
SMALL = ("pay", {"amount": 5})


def desk(policy: str = "{ approval: always }", *calls: Any, boxed: tuple[str, ...] = ()) -> Driver:
    driver = Driver(PROTOCOL.format(policy=policy), boxed=boxed)
    driver.trigger()
    driver.answer("", *(calls or (PAY,)))
    return driver


def all_of(events: list[Any], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def allow(driver: Driver, number: int = 0, **more: Any) -> ApprovalAnswer:
    return ApprovalAnswer(approval_id=driver.approval(number), allow=True, **more)


def deny(driver: Driver, number: int = 0, **more: Any) -> ApprovalAnswer:
    return ApprovalAnswer(approval_id=driver.approval(number), allow=False, **more)


def test_a_call_waits_for_a_person_before_anybody_runs_it() -> None:
    for boxed in ((), ("pay",)):
        driver = desk(boxed=boxed)
        (asked,) = all_of(driver.events, ToolApprovalRequest)
        assert (asked.tool_name, asked.input, asked.kind) == ("pay", {"amount": 500}, "approval")
        assert asked.expires_at is None
        assert isinstance(driver.events[-1], Paused)
        assert not all_of(driver.events, ToolRequest)
        assert outstanding(driver.state) == ()
        assert is_waiting(driver.state)
        assert wake_at(driver.state) is None


def test_allowed_it_runs() -> None:
    driver = desk(boxed=("pay",))
    events = driver.approve(allow(driver, by="ada"))
    assert kinds(events) == ["ToolApprovalResponse", "ToolAttempted"]
    driver = desk()
    events = driver.approve(allow(driver))
    assert kinds(events) == ["ToolApprovalResponse", "ToolRequest"]
    driver.results(ToolResult(tool_call_id=driver.call().id, result="paid"))
    assert driver.results_of() == [("paid", None)]


def test_denied_the_model_is_told_why() -> None:
    driver = desk()
    events = driver.approve(deny(driver, message="Too much."))
    (settled,) = all_of(events, ToolSettled)
    assert settled.ran == "synthetic"
    assert driver.results_of() == [(None, "Not run: a person denied this call. They say: Too much.")]
    driver = desk()
    driver.approve(deny(driver))
    assert driver.results_of() == [(None, "Not run: a person denied this call.")]


def test_changed_arguments_are_what_runs_and_what_the_model_sees() -> None:
    driver = desk(boxed=("pay",))
    (response,) = all_of(driver.approve(allow(driver, args={"amount": 50})), ToolApprovalResponse)
    assert response.input == {"amount": 50}
    assert driver.call().args == {"amount": 50}
    messages = driver.state.scopes["main"].threads["main"].messages
    (part,) = [part for message in messages for part in message.parts if isinstance(part, ToolCallPart)]
    assert part.args == {"amount": 50}


def test_changed_arguments_have_to_fit() -> None:
    driver = desk()
    before = driver.state
    with pytest.raises(InvalidRequest, match=r"args\.amount: expected a number"):
        driver.approve(allow(driver, args={"amount": "x"}))
    with pytest.raises(InvalidRequest, match="no arguments to change"):
        driver.approve(deny(driver, args={"amount": 1}))
    assert driver.state == before


def test_arguments_of_a_call_that_may_have_run_cannot_change() -> None:
    driver = desk("{}", boxed=("pay",))
    driver.ended(error="lost.", unknown=True)
    with pytest.raises(InvalidRequest, match="cannot change now"):
        driver.approve(allow(driver, args={"amount": 1}))


def test_only_some_calls_need_a_person() -> None:
    driver = desk("{ approval: amount > 100 }", SMALL, PAY, "look")
    (asked,) = all_of(driver.events, ToolApprovalRequest)
    assert (asked.input, asked.reason) == ({"amount": 500}, "amount > 100")
    (request,) = all_of(driver.events, ToolRequest)
    assert [call.args for call in request.tool_calls] == [{"amount": 5}, {}]


def test_parallel_requests_are_answered_in_any_order() -> None:
    driver = desk("{ approval: always }", PAY, PAY, SMALL)
    driver.approve(deny(driver, 1, message="no"))
    assert isinstance(driver.events[-1], Paused)
    driver.approve(allow(driver, 1))
    driver.approve(allow(driver, 0))
    first, third = driver.open_calls()
    driver.results(ToolResult(tool_call_id=third, result=3), ToolResult(tool_call_id=first, result=1))
    assert [error is None for _, error in driver.results_of()] == [True, False, True]
    assert [output for output, _ in driver.results_of()] == [1, None, 3]


def test_several_may_be_answered_at_once() -> None:
    driver = desk("{ approval: always }", PAY, PAY)
    driver.approve(deny(driver, 0), deny(driver, 1))
    assert len(driver.results_of()) == 2


def test_results_and_answers_may_come_together() -> None:
    driver = desk("{ approval: amount > 100 }", SMALL, PAY)
    answer = deny(driver)
    result = ToolResult(tool_call_id=driver.open_calls()[0], result=1)
    signal = ResultsSignal(execution_id="exe_T1", results=(result,), approvals=(answer,), at=5.0)
    assert kinds(driver.signal(signal))[-1] == "GenerationStarted"
    assert driver.signal(signal) == []


def test_the_end_of_one_answer_may_make_the_next_one_late() -> None:
    """A duplicate in one request is one answer."""
    driver = desk()
    answer = deny(driver)
    assert len(all_of(driver.approve(answer, answer), ToolApprovalResponse)) == 1


def test_the_same_answer_again_is_the_same() -> None:
    driver = desk()
    answer = deny(driver, message="no")
    driver.approve(answer)
    assert driver.approve(answer) == []
    with pytest.raises(Conflict, match="another answer"):
        driver.approve(ApprovalAnswer(approval_id=answer.approval_id, allow=True))
    with pytest.raises(NotFound):
        driver.approve(ApprovalAnswer(approval_id="apr_x", allow=True))


def test_answers_are_known_after_the_execution() -> None:
    driver = desk()
    answer = deny(driver)
    driver.approve(answer)
    driver.answer("All right.")
    assert driver.state.execution is None
    assert driver.approve(answer) == []
    again = ResultsSignal(execution_id="exe_T1", approvals=(answer,), at=9.0)
    assert driver.signal(again) == []
    with pytest.raises(Conflict, match="is over"):
        driver.signal(
            ResultsSignal(
                execution_id="exe_T1",
                approvals=(ApprovalAnswer(approval_id=answer.approval_id, allow=True),),
                at=9.0,
            )
        )
    with pytest.raises(NotFound):
        driver.approve(ApprovalAnswer(approval_id="apr_x", allow=True))


def test_nobody_brings_the_result_of_a_call_that_is_not_allowed() -> None:
    driver = desk()
    with pytest.raises(Conflict, match="waits for approval"):
        driver.results(ToolResult(tool_call_id=driver.call().id, result=1))


def test_an_empty_request_reads_that_it_still_waits() -> None:
    driver = desk()
    assert kinds(driver.results()) == ["Paused"]


def test_nobody_answers_in_time() -> None:
    driver = desk("{ approval: always, approvalTimeout: 5m }")
    (asked,) = all_of(driver.events, ToolApprovalRequest)
    assert asked.expires_at == wake_at(driver.state) == 303.0
    answer = allow(driver)
    assert driver.tick(302.0) == []
    (response,) = all_of(driver.tick(303.0), ToolApprovalResponse)
    assert (response.approved, response.cause) == (False, "expired")
    assert driver.results_of() == [(None, "Not run: nobody allowed this call in time.")]
    with pytest.raises(Conflict, match="closed before an answer came"):
        driver.approve(answer)


def test_a_new_message_supersedes_what_is_asked() -> None:
    driver = desk()
    answer = allow(driver)
    events = driver.trigger("Never mind.")
    (response,) = all_of(events, ToolApprovalResponse)
    assert response.cause == "superseded"
    assert driver.results_of() == [(None, "The call was cancelled.")]
    with pytest.raises(NotFound):
        driver.approve(answer)


def test_a_stop_and_an_expiry_close_what_is_asked() -> None:
    for signal in (StopSignal(at=9.0), ExpireSignal(at=9.0)):
        driver = desk()
        events = driver.signal(signal)
        (response,) = all_of(events, ToolApprovalResponse)
        assert response.cause == "stopped"
        assert all_of(events, Finish)


def test_a_block_waits_for_a_person_too() -> None:
    driver = Driver(
        """
tools:
  pay: { description: Pay, policy: { approval: always } }
handlers:
  user-message:
    Pay: { block: tool-call, tool: pay, output: PAID }
triggers: { user-message: {} }
variables: { PAID: { type: unknown } }
agent: { model: scripted/model, system: system }
"""
    )
    driver.trigger(given={})
    events = driver.approve(deny(driver))
    (variable,) = all_of(events, VariableSet)
    assert variable.value == {"error": "Not run: a person denied this call."}
    assert all_of(events, Finish)


def test_a_call_of_a_block_may_be_changed() -> None:
    driver = Driver(
        """
tools:
  pay: { description: Pay, parameters: { amount: { type: number } }, policy: { approval: always } }
handlers:
  user-message:
    Pay: { block: tool-call, tool: pay, input: { amount: 3 } }
triggers: { user-message: {} }
agent: { model: scripted/model, system: system }
"""
    )
    driver.trigger(given={})
    (request,) = all_of(driver.approve(allow(driver, args={"amount": 2})), ToolRequest)
    assert request.tool_calls[0].args == {"amount": 2}


def test_a_worker_that_ends_leaves_no_question_open() -> None:
    driver = desk("{ approval: always }", PAY, boxed=("pay",))
    events = driver.signal(StopSignal(at=9.0))
    assert not all_of(events, ErrorEvent)
    assert Approval(id="apr").kind == "approval"
    assert Call(id="c", frame="f", tool="t", args={}, source="llm", block_index=0).approval is None


# ---- conditions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "literal", "true", "false"),
    [
        ("truthy", "", [1, "x", True, [0]], [0, "", "0", "false", False, None]),
        ("falsy", "", [0, "", None], [1, "x"]),
        ("equals", "x", ["x"], ["y", None, 1, {}]),
        ("equals", "", ["", None], ["x"]),
        ("equals", "true", [True, "true"], [False, 1]),
        ("equals", 5.0, [5, 5.0], ["5", None, True, 6]),
        ("differs", "x", ["y", None], ["x"]),
        ("above", 5.0, [6, "6", [1], True], [5, 4, None]),
        ("at-least", 5.0, [5, 6, {}], [4.9, None]),
        ("below", 5.0, [4, "4"], [5, None]),
        ("at-most", 5.0, [5, 4], [5.1, None]),
    ],
)
def test_conditions(operator: Any, literal: Any, true: list[Any], false: list[Any]) -> None:
    condition = ArgumentCondition(path=("a", "b"), operator=operator, literal=literal)
    assert [value for value in true if not holds(condition, {"a": {"b": value}})] == []
    assert [value for value in false if holds(condition, {"a": {"b": value}})] == []


def test_what_is_not_there_is_nothing() -> None:
    condition = ArgumentCondition(path=("a", "b"), operator="truthy")
    assert not holds(condition, {"a": 3})
    assert not holds(condition, {})


def test_one_condition_is_enough() -> None:
    high = ArgumentCondition(path=("amount",), operator="above", literal=100.0, source="amount > 100")
    new = ArgumentCondition(path=("new",), operator="truthy", source="new")
    policy = Policy(approval="when", conditions=(high, new))
    assert why_asked(policy, {"amount": 5}) is None
    assert why_asked(policy, {"amount": 500}) == "amount > 100"
    assert why_asked(policy, {"amount": 500, "new": True}) == "amount > 100 and new"
    assert why_asked(Policy(conditions=(high,)), {"amount": 500}) is None
    assert why_asked(Policy(approval="always"), {}) == "every call of this tool needs approval"
