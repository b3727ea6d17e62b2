"""Owns how an open call changes before it has its result: its attempts, its approvals, its timers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from mainspring.engine.lenses import put_call, put_thread
from mainspring.model.facts import ToolAttempted, ToolAttemptFailed, ToolDeadlineSet
from mainspring.model.messages import Message
from mainspring.model.parts import ToolCallPart
from mainspring.model.session import Approval, Call, Execution, Frame, State
from mainspring.model.stream_events import ToolApprovalRequest, ToolApprovalResponse
from mainspring.model.values import Json


def result_digest(output: Json, error: str | None) -> str:
    """Tells one tool result from another: hex SHA-256 of their canonical JSON."""
    return _digest((output, error))


def approval_digest(*, approved: bool, reason: str | None, args: dict[str, Json] | None) -> str:
    """Tells one answer to an approval request from another, whoever gave it."""
    return _digest((approved, reason, args))


def _digest(value: Json) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def _open(state: State, call_id: str) -> tuple[Execution, Call]:
    if state.execution is None or call_id not in state.execution.calls:
        raise ValueError(f"the journal records a step of {call_id}, which is not open")
    return state.execution, state.execution.calls[call_id]


def _attempted(state: State, event: ToolAttempted) -> State:
    execution, call = _open(state, event.call_id)
    running = replace(
        call,
        attempt=event.attempt,
        tries=call.tries + (not event.probe),
        running=True,
        probe=event.probe,
        deadline=event.deadline,
        retry_at=None,
    )
    return replace(state, execution=put_call(execution, running))


def _attempt_failed(state: State, event: ToolAttemptFailed) -> State:
    execution, call = _open(state, event.call_id)
    failed = replace(call, running=False, probe=event.probe, deadline=None, retry_at=event.retry_at)
    return replace(state, execution=put_call(execution, failed))


def _deadline_set(state: State, event: ToolDeadlineSet) -> State:
    execution, call = _open(state, event.call_id)
    return replace(state, execution=put_call(execution, replace(call, deadline=event.deadline)))


def _approval_requested(state: State, event: ToolApprovalRequest) -> State:
    execution, call = _open(state, event.tool_call_id)
    approval = Approval(
        id=event.approval_id, kind=event.kind, expires_at=event.expires_at, reason=event.reason
    )
    asked = replace(call, approval=approval, approvals=call.approvals + 1)
    return replace(state, execution=put_call(execution, asked))


def _approval_answered(state: State, event: ToolApprovalResponse) -> State:
    execution, call = _open(state, event.tool_call_id)
    answered = replace(call, approval=None)
    if event.input is not None:
        answered = replace(answered, args=event.input)
        state = _with_arguments(state, answered)
    digest = (
        "" if event.cause else approval_digest(approved=event.approved, reason=event.reason, args=event.input)
    )
    return replace(
        state,
        execution=put_call(execution, answered),
        settled_digests={**state.settled_digests, event.approval_id: digest},
    )


def _with_arguments(state: State, call: Call) -> State:
    """What the model wrote becomes what was run: it reads the result with the arguments it belongs to."""
    if call.thread is None:
        return state
    thread = state.scopes[call.frame].threads[call.thread]
    messages = tuple(_edited(message, call) for message in thread.messages)
    return put_thread(state, call.frame, replace(thread, messages=messages))


def _edited(message: Message, call: Call) -> Message:
    if not any(isinstance(part, ToolCallPart) and part.call_id == call.id for part in message.parts):
        return message
    parts = tuple(
        replace(part, args=call.args) if isinstance(part, ToolCallPart) and part.call_id == call.id else part
        for part in message.parts
    )
    return replace(message, parts=parts)


def count_refusals(frame: Frame, calls: Sequence[Call]) -> Frame:
    """A frame after a round of calls: how often in a row the model has made nothing but the same mistakes."""
    if not all(call.refused for call in calls):
        return replace(frame, refusal="", refusals=0) if frame.refusals else frame
    refusal = _digest(sorted({(call.tool, call.error or "") for call in calls}))
    return replace(frame, refusal=refusal, refusals=frame.refusals + 1 if refusal == frame.refusal else 1)


LEDGER_EVOLVERS: dict[type, Callable[[State, Any], State]] = {
    ToolAttempted: _attempted,
    ToolAttemptFailed: _attempt_failed,
    ToolDeadlineSet: _deadline_set,
    ToolApprovalRequest: _approval_requested,
    ToolApprovalResponse: _approval_answered,
}
