"""Owns decide: what a signal means for a session, as events; the one door that every transition passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from mainspring.engine.approvals import answer_digest, close_approval, is_fresh
from mainspring.engine.blocks.next_message import answered
from mainspring.engine.brought import check_brought
from mainspring.engine.endings import CANCELLED, Partial, fail_frame, stop_execution
from mainspring.engine.evolve import MAIN_THREAD, kept_messages
from mainspring.engine.evolve_ledger import result_digest
from mainspring.engine.inputs import check_values
from mainspring.engine.interpreter import guarded, run
from mainspring.engine.ledger import attempt_ended, attempts_cut, start_attempts, take_answers, time_passed
from mainspring.engine.lenses import find_generation, is_under_way, running_generations
from mainspring.engine.recovery import explained, recover
from mainspring.engine.rounds import Outcome, advance_call, request_calls, settle_call
from mainspring.engine.turn import Library, Turn
from mainspring.model.errors import Conflict, Failure, InvalidRequest, NotFound, SessionBusy
from mainspring.model.facts import (
    GenerationFailed,
    Resumed,
    RolledBack,
    SessionExpired,
    ToolSchemasGiven,
    Triggered,
    VersionChanged,
)
from mainspring.model.generation import Usage
from mainspring.model.program import Program
from mainspring.model.session import Call, State
from mainspring.model.signals import (
    AnswerSignal,
    ApprovalSignal,
    AttemptSignal,
    Decision,
    ExpireSignal,
    FailedSignal,
    ResultsSignal,
    ResumeSignal,
    Signal,
    StopSignal,
    TickSignal,
    ToolResult,
    TriggerSignal,
)
from mainspring.model.stream_events import (
    AttemptSuperseded,
    ReasoningEnded,
    Start,
    TextEnded,
    ToolInputEnded,
    WorkerResult,
    WorkerStart,
)

RESUMPTIONS_WITHOUT_PROGRESS = 3


def decide(library: Library, state: State, signal: Signal) -> Decision:
    """The events a signal leads to; none if it is out of date.

    Raises `NotFound`, `Conflict`, `SessionBusy` or `InvalidRequest` for what a caller must not ask.
    """
    turn = Turn(library, state, at=signal.at)
    _DECIDERS[type(signal)](turn, signal)
    run(turn)
    start_attempts(turn)
    request_calls(turn, again=isinstance(signal, ResultsSignal) and bool(turn.events or _is_empty(signal)))
    return Decision(events=tuple(turn.events), state=turn.state)


def _is_empty(signal: ResultsSignal) -> bool:
    return not signal.results and not signal.approvals


# ---- trigger ------------------------------------------------------------------------------------------------


def _trigger(turn: Turn, signal: TriggerSignal) -> None:
    state = turn.state
    if state.status == "expired":
        raise NotFound("The session has expired.", code="SESSION_EXPIRED")
    program = turn.library.programs[signal.version or state.version]
    given = _trigger_input(program, signal)
    check_brought(signal.tool_schemas)
    if state.execution is not None:
        if is_under_way(state.execution):
            raise SessionBusy("Another execution runs in this session.")
        stop_execution(turn, {}, superseded=True)
    if signal.version is not None and signal.version != state.version:
        turn.emit(VersionChanged(version=signal.version))
    if signal.rollback:
        _check_rollback(turn.state, signal.rollback_after)
        turn.emit(RolledBack(after_message_id=signal.rollback_after))
    last_message_id = turn.state.last_message_id
    turn.emit(
        Triggered(
            execution_id=signal.execution_id,
            token=signal.token,
            trigger=signal.trigger,
            input=given,
            at=signal.at,
            sender=signal.sender,
            key=signal.key,
        )
    )
    turn.emit(
        Start(
            execution_id=signal.execution_id,
            message_id=turn.execution.message_id,
            last_message_id=last_message_id,
            session_id=state.session_id,
        )
    )
    if signal.tool_schemas:
        turn.emit(ToolSchemasGiven(tools=signal.tool_schemas))
    if state.format == "worker":
        turn.emit(
            WorkerStart(
                worker_id=turn.execution.root,
                worker_slug=program.slug,
                description=program.description,
                input=turn.scope(turn.execution.root).input,
            )
        )
    turn.ready.append(turn.execution.root)


def _trigger_input(program: Program, signal: TriggerSignal) -> dict[str, Any]:
    if program.format == "worker":
        return {}
    trigger = program.triggers.get(signal.trigger)
    if trigger is None:
        known = ", ".join(program.triggers) or "none"
        raise InvalidRequest(f'triggerName: there is no trigger "{signal.trigger}"; triggers: {known}')
    values, problems = check_values(program, trigger.input, signal.input, where="input")
    if problems:
        raise InvalidRequest("; ".join(problems))
    return values


def _check_rollback(state: State, after: str | None) -> None:
    thread = state.scopes[state.root].threads.get(MAIN_THREAD)
    if kept_messages(() if thread is None else thread.messages, after) is None:
        raise InvalidRequest(
            f"rollbackAfterMessageId: there is no message {after!r} in this session", code="UNKNOWN_MESSAGE"
        )


# ---- tool results and approvals -----------------------------------------------------------------------------


def _results(turn: Turn, signal: ResultsSignal) -> None:
    state = turn.state
    execution = state.execution
    if execution is None or execution.id != signal.execution_id:
        _refuse_late(state, signal)
        return
    fresh = [result for result in signal.results if _is_fresh(state, result)]
    answers = tuple(answer for answer in signal.approvals if is_fresh(turn, answer))
    if fresh and signal.tool_schemas not in (None, execution.tool_schemas):
        check_brought(signal.tool_schemas or ())
        turn.emit(ToolSchemasGiven(tools=signal.tool_schemas or ()))
    for result in fresh:
        _settle_result(turn, result)
    for call_id in dict.fromkeys(result.tool_call_id for result in fresh):
        execution = turn.state.execution
        if execution is not None and call_id in execution.calls:
            frame_id = execution.calls[call_id].frame
            guarded(turn, frame_id, partial(advance_call, turn, call_id))
    take_answers(turn, answers)


def _approvals(turn: Turn, signal: ApprovalSignal) -> None:
    take_answers(turn, tuple(answer for answer in signal.approvals if is_fresh(turn, answer)))


def _refuse_late(state: State, signal: ResultsSignal) -> None:
    """The same results again after the end are fine; anything else is told what happened."""
    if state.last_execution_id != signal.execution_id:
        raise NotFound(f"executionId: there is no execution {signal.execution_id!r} in this session")
    digests = state.settled_digests
    known = all(
        digests.get(result.tool_call_id) == result_digest(result.result, result.error)
        for result in signal.results
    ) and all(digests.get(answer.approval_id) == answer_digest(answer) for answer in signal.approvals)
    if not known or _is_empty(signal):
        raise Conflict(f"The execution is over ({state.last_outcome}).", code="EXECUTION_OVER")


def _is_fresh(state: State, result: ToolResult) -> bool:
    digest = state.settled_digests.get(result.tool_call_id)
    if digest is not None:
        if digest != result_digest(result.result, result.error):
            raise Conflict(f"Call {result.tool_call_id} has another result already.", code="RESULT_CONFLICT")
        return False
    execution = state.execution
    call = None if execution is None else execution.calls.get(result.tool_call_id)
    if call is None or call.worker is not None:
        raise NotFound(f"toolCallId: there is no open call {result.tool_call_id!r} in this execution")
    _refuse_unasked(call)
    return True


def _refuse_unasked(call: Call) -> None:
    """Only who runs a call brings its result; of one whose outcome is unknown whoever knows it may."""
    kind = None if call.approval is None else call.approval.kind
    if kind == "approval":
        raise Conflict(f"Call {call.id} waits for approval: nobody may run it yet.", code="APPROVAL_OPEN")
    if kind is None and call.runs == "box":
        raise Conflict(f"Call {call.id} is run by a tool box of this server.", code="RUNS_ELSEWHERE")


def _settle_result(turn: Turn, result: ToolResult) -> None:
    call = turn.execution.calls[result.tool_call_id]
    if call.settled:
        return
    close_approval(turn, call, "answered")
    outcome = Outcome(output=result.result, error=result.error or None, files=result.files)
    settle_call(turn, call.id, outcome, ran=call.runs)


# ---- model calls --------------------------------------------------------------------------------------------


def _current(turn: Turn, generation_id: str, attempt: int) -> str | None:
    """The frame that waits for this attempt of a model call; None: the news is out of date."""
    execution = turn.state.execution
    found = None if execution is None else find_generation(execution, generation_id)
    if found is None or found[1].settled or found[1].attempt != attempt:
        return None
    return found[0].id


def _answer(turn: Turn, signal: AnswerSignal) -> None:
    frame_id = _current(turn, signal.generation_id, signal.attempt)
    if frame_id is not None:
        guarded(turn, frame_id, lambda: answered(turn, turn.frame(frame_id), signal))


def _failed(turn: Turn, signal: FailedSignal) -> None:
    frame_id = _current(turn, signal.generation_id, signal.attempt)
    if frame_id is None:
        return
    if signal.again:
        turn.emit(
            AttemptSuperseded(
                generation_id=signal.generation_id,
                attempt=signal.attempt,
                parts=signal.streamed,
                worker_id=turn.worker_id(turn.frame(frame_id)),
            )
        )
        return
    if recover(turn, turn.frame(frame_id), signal):
        return
    partial = Partial(parts=signal.parts, part_ids=signal.part_ids, usage=signal.usage or Usage())
    if not any(part.text for part in signal.parts):
        turn.emit(
            GenerationFailed(
                generation_id=signal.generation_id,
                frame=frame_id,
                failure=signal.failure,
                usage=signal.usage,
            )
        )
    fail_frame(turn, turn.frame(frame_id), explained(signal.failure), partial)


# ---- stop, resume, expire -----------------------------------------------------------------------------------


def _stop(turn: Turn, signal: StopSignal) -> None:
    if turn.state.execution is None:
        return
    stop_execution(
        turn,
        {
            generation_id: Partial(parts=parts, part_ids=signal.part_ids.get(generation_id, ()))
            for generation_id, parts in signal.partial.items()
        },
    )


def _resume(turn: Turn, signal: ResumeSignal) -> None:
    execution = turn.state.execution
    if execution is None:
        return
    count = execution.resumptions + (0 if signal.handed_over else 1)
    turn.emit(Resumed(execution_id=execution.id, attempt=signal.attempt, count=count))
    for frame, generation in running_generations(execution):
        streamed = signal.open_parts.get(generation.id, ())
        worker_id = turn.worker_id(frame)
        for part_id, kind, closed in streamed:
            # A worker whose input is complete has not begun: only its result closes it.
            if not closed or kind == "worker":
                turn.emit(_CLOSERS[kind](part_id, worker_id))
        turn.emit(
            AttemptSuperseded(
                generation_id=generation.id,
                attempt=generation.attempt,
                parts=tuple(part_id for part_id, _, _ in streamed),
                worker_id=worker_id,
            )
        )
    attempts_cut(turn, signal.alive)
    if turn.state.execution is not None and count > RESUMPTIONS_WITHOUT_PROGRESS:
        failure = Failure(
            error_type="internal_error",
            message=f"The execution was interrupted {count} times without progress.",
            retryable=True,
            source="platform",
            code="EXECUTION_INTERRUPTED",
        )
        fail_frame(turn, turn.frame(turn.execution.root), failure)


_CLOSERS: dict[str, Callable[[str, str | None], Any]] = {
    "text": lambda part_id, worker_id: TextEnded(id=part_id, worker_id=worker_id),
    "reasoning": lambda part_id, worker_id: ReasoningEnded(id=part_id, worker_id=worker_id),
    "tool": lambda part_id, worker_id: ToolInputEnded(tool_call_id=part_id, worker_id=worker_id),
    "worker": lambda part_id, worker_id: WorkerResult(worker_id=part_id, error=CANCELLED, cancelled=True),
}


def _expire(turn: Turn, signal: ExpireSignal) -> None:
    if turn.state.status == "expired":
        return
    if turn.state.execution is not None:
        stop_execution(turn, {})
    turn.emit(SessionExpired(cause="cleared" if signal.cleared else "inactivity", at=signal.at))


_DECIDERS: dict[type, Callable[[Turn, Any], None]] = {
    TriggerSignal: _trigger,
    ResultsSignal: _results,
    AnswerSignal: _answer,
    FailedSignal: _failed,
    ApprovalSignal: _approvals,
    AttemptSignal: attempt_ended,
    TickSignal: lambda turn, signal: time_passed(turn),
    StopSignal: _stop,
    ResumeSignal: _resume,
    ExpireSignal: _expire,
}
