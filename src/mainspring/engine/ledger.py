"""Owns the way of an entered call to its result: attempts, retries, unknown outcomes, answers of people, deadlines."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from mainspring.engine.approvals import ask_person, close_approval, find_approval, record_answer
from mainspring.engine.interpreter import guarded
from mainspring.engine.lenses import open_calls, running_calls
from mainspring.engine.policies import attempt_deadline, call_policy, delay_before, may_retry
from mainspring.engine.rounds import Outcome, Ran, advance_call, settle_call
from mainspring.engine.turn import Turn
from mainspring.model.facts import ToolAttempted, ToolAttemptFailed
from mainspring.model.session import Call
from mainspring.model.signals import ApprovalAnswer, AttemptSignal

CUT = "The server ended while the call ran."
MAY_HAVE_RUN = "It may have run or not."
Choice = Literal["retry", "ask", "fail", "probe"]


def start_attempts(turn: Turn) -> None:
    """Has tool boxes begin every call that is free to: allowed, not waiting for a retry, within its concurrency."""
    execution = turn.state.execution
    for call in [] if execution is None else open_calls(execution):
        if call.runs == "box" and _is_free(turn, call):
            policy = call_policy(turn, call)
            turn.emit(
                ToolAttempted(
                    call_id=call.id,
                    attempt=call.attempt + 1,
                    deadline=attempt_deadline(policy, turn.at),
                    probe=call.probe,
                )
            )


def _is_free(turn: Turn, call: Call) -> bool:
    if call.running or call.approval is not None or (call.retry_at or 0.0) > turn.at:
        return False
    most = call_policy(turn, call).concurrency
    tool = call.asked_as or call.tool
    running = (one for one in running_calls(turn.execution) if (one.asked_as or one.tool) == tool)
    return most is None or sum(1 for _ in running) < most


def _each(turn: Turn, calls: list[Call], action: Callable[[Turn, Call], None]) -> None:
    """Does something to open calls. A frame moves on only after all its calls, so none ends the others."""
    for call in calls:
        guarded(turn, call.frame, partial(action, turn, call))


def _settle(turn: Turn, call: Call, outcome: Outcome, *, ran: Ran) -> None:
    """Gives a call its result and moves on what waited for it."""
    settle_call(turn, call.id, outcome, ran=ran)
    advance_call(turn, call.id)


# ---- attempts -----------------------------------------------------------------------------------------------


def attempt_ended(turn: Turn, signal: AttemptSignal) -> None:
    """A tool box has come to the end of an attempt; news of one that is over already changes nothing."""
    execution = turn.state.execution
    call = None if execution is None else execution.calls.get(signal.call_id)
    if call is None or call.settled or not call.running or call.attempt != signal.attempt:
        return
    guarded(turn, call.frame, partial(_take_end, turn, call, signal))


def _take_end(turn: Turn, call: Call, signal: AttemptSignal) -> None:
    policy = call_policy(turn, call)
    error = signal.error or "The tool did not say what went wrong."
    if signal.unknown:
        # A probe that cannot tell leaves it to a person.
        choice: Choice = "ask" if call.probe else policy.unknown
        delay = delay_before(policy, call.tries, signal.retry_after)
        _outcome_unknown(turn, call, error, choice=choice, retry_at=turn.at + delay)
    elif signal.error is None and not signal.retryable:
        _settle(turn, call, Outcome(output=signal.output, files=signal.files), ran="box")
    elif call.probe and signal.retryable:
        _try_again(turn, call, error, at=turn.at)
    elif signal.retryable and may_retry(policy, call, unknown=False):
        _try_again(turn, call, error, at=turn.at + delay_before(policy, call.tries, signal.retry_after))
    else:
        _settle(turn, call, Outcome(error=error, files=signal.files), ran="box")


def _try_again(turn: Turn, call: Call, error: str, *, at: float, unknown: bool = False) -> None:
    turn.emit(
        ToolAttemptFailed(call_id=call.id, attempt=call.attempt, error=error, retry_at=at, unknown=unknown)
    )


def _outcome_unknown(turn: Turn, call: Call, error: str, *, choice: Choice, retry_at: float) -> None:
    """Nobody knows whether an attempt ran."""
    if choice == "retry" and may_retry(call_policy(turn, call), call, unknown=True):
        _try_again(turn, call, error, at=retry_at, unknown=True)
    elif choice == "probe":
        turn.emit(
            ToolAttemptFailed(
                call_id=call.id,
                attempt=call.attempt,
                error=error,
                retry_at=turn.at,
                unknown=True,
                probe=True,
            )
        )
    elif choice == "ask":
        turn.emit(ToolAttemptFailed(call_id=call.id, attempt=call.attempt, error=error, unknown=True))
        ask_person(turn, turn.execution.calls[call.id], kind="unknown-outcome", reason=error)
    else:
        _settle(turn, call, Outcome(error=f"{error} {MAY_HAVE_RUN}"), ran="synthetic")


def attempts_cut(turn: Turn, alive: tuple[str, ...]) -> None:
    """The process that ran these calls is gone, but for those that are `alive` outside it."""
    _each(turn, [call for call in running_calls(turn.execution) if call.id not in alive], _cut)


def _cut(turn: Turn, call: Call) -> None:
    _outcome_unknown(turn, call, CUT, choice=call_policy(turn, call).unknown, retry_at=turn.at)


# ---- people -------------------------------------------------------------------------------------------------


def take_answers(turn: Turn, answers: tuple[ApprovalAnswer, ...]) -> None:
    """People have answered: what they allow is free to run, what they deny has its result."""
    for answer in answers:
        found = find_approval(turn.state, answer.approval_id)
        if found is not None:
            guarded(turn, found[0].frame, partial(_take_answer, turn, found[0], answer))


def _take_answer(turn: Turn, call: Call, answer: ApprovalAnswer) -> None:
    record_answer(turn, call, answer)
    if answer.allow:
        return
    said = "" if answer.message is None else f" They say: {answer.message}"
    if call.approval is not None and call.approval.kind == "unknown-outcome":
        error = f"{call.approval.reason} {MAY_HAVE_RUN} A person decided not to run it again.{said}"
    else:
        error = f"Not run: a person denied this call.{said}"
    _settle(turn, call, Outcome(error=error), ran="synthetic")


# ---- time ---------------------------------------------------------------------------------------------------


def time_passed(turn: Turn) -> None:
    """Gives up what is over its time. Retries that are due begin by themselves at the end of every decision."""
    execution = turn.state.execution
    _each(turn, [] if execution is None else open_calls(execution), _give_up_if_due)


def _give_up_if_due(turn: Turn, call: Call) -> None:
    if call.approval is not None:
        if call.approval.expires_at is not None and call.approval.expires_at <= turn.at:
            _approval_expired(turn, call)
    elif call.deadline is not None and call.deadline <= turn.at:
        _timed_out(turn, call)


def _approval_expired(turn: Turn, call: Call) -> None:
    reason = "" if call.approval is None else call.approval.reason or ""
    unknown = call.approval is not None and call.approval.kind == "unknown-outcome"
    close_approval(turn, call, "expired")
    error = (
        f"{reason} {MAY_HAVE_RUN} Nobody said in time what to do."
        if unknown
        else "Not run: nobody allowed this call in time."
    )
    _settle(turn, call, Outcome(error=error), ran="synthetic")


def _timed_out(turn: Turn, call: Call) -> None:
    policy = call_policy(turn, call)
    error = f"No result came in time. {MAY_HAVE_RUN}"
    if call.runs == "box" and policy.idempotent and may_retry(policy, call, unknown=False):
        _try_again(turn, call, error, at=turn.at + delay_before(policy, call.tries, None), unknown=True)
    else:
        _settle(turn, call, Outcome(error=error), ran="synthetic")
