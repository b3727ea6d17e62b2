"""Owns asking people about tool calls: the request, the check of an answer, and the end of what nobody answered."""

from __future__ import annotations

from typing import Literal

from mainspring.engine.evolve_ledger import approval_digest
from mainspring.engine.inputs import check_arguments
from mainspring.engine.lenses import open_approvals
from mainspring.engine.policies import asked_as, call_policy, why_asked
from mainspring.engine.turn import Turn
from mainspring.model.errors import Conflict, InvalidRequest, NotFound
from mainspring.model.session import Approval, Call, State
from mainspring.model.signals import ApprovalAnswer
from mainspring.model.stream_events import ToolApprovalRequest, ToolApprovalResponse

Kind = Literal["approval", "unknown-outcome"]
Cause = Literal["expired", "superseded", "stopped", "answered"]


def ask_if_needed(turn: Turn, call_id: str) -> None:
    """A call that was just entered in the ledger waits for a person, if its policy says so."""
    call = turn.execution.calls[call_id]
    reason = why_asked(call_policy(turn, call), call.args)
    if reason is not None:
        ask_person(turn, call, kind="approval", reason=reason)


def ask_person(turn: Turn, call: Call, *, kind: Kind, reason: str) -> None:
    """Asks whether a call may run, or may run again. Hidden tools ask too: somebody has to know what for."""
    limit = call_policy(turn, call).approval_timeout
    frame = turn.frame(call.frame)
    turn.emit(
        ToolApprovalRequest(
            approval_id=f"apr_{call.id.removeprefix('call_')}_{call.approvals + 1}",
            tool_call_id=call.id,
            tool_name=asked_as(turn, frame, call.tool)[1],
            input=call.args,
            execution_id=turn.execution.id,
            kind=kind,
            reason=reason,
            expires_at=None if limit is None else turn.at + limit,
            worker_id=turn.worker_id(frame),
        )
    )


def find_approval(state: State, approval_id: str) -> tuple[Call, Approval] | None:
    """The open request of that id with its call."""
    for call in () if state.execution is None else open_approvals(state.execution):
        if call.approval is not None and call.approval.id == approval_id:
            return call, call.approval
    return None


def is_fresh(turn: Turn, answer: ApprovalAnswer) -> bool:
    """Whether an answer is news; False: the same was said before. Raises for what cannot be answered so."""
    state = turn.state
    said = state.settled_digests.get(answer.approval_id)
    if said is not None:
        if said != answer_digest(answer):
            why = "was closed before an answer came" if not said else "has another answer already"
            raise Conflict(f"The approval request {answer.approval_id} {why}.", code="APPROVAL_CONFLICT")
        return False
    found = find_approval(state, answer.approval_id)
    if found is None:
        raise NotFound(
            f"approvalId: there is no open approval request {answer.approval_id!r} in this session",
            code="APPROVAL_NOT_FOUND",
        )
    if answer.args is not None:
        _check_edit(turn, answer, *found)
    return True


def answer_digest(answer: ApprovalAnswer) -> str:
    """What tells an answer from another."""
    args = answer.args if answer.allow else None
    return approval_digest(approved=answer.allow, reason=answer.message, args=args)


def _check_edit(turn: Turn, answer: ApprovalAnswer, call: Call, approval: Approval) -> None:
    if not answer.allow:
        raise InvalidRequest("args: a call that is denied has no arguments to change")
    if approval.kind == "unknown-outcome":
        raise InvalidRequest("args: the call may have run with its arguments; they cannot change now")
    program = turn.program(turn.frame(call.frame))
    tool = program.tools.get(call.tool)
    problems = [] if tool is None else check_arguments(tool, program, answer.args)
    if problems:
        raise InvalidRequest("; ".join(f"args.{problem}" for problem in problems))


def record_answer(turn: Turn, call: Call, answer: ApprovalAnswer) -> None:
    """Enters an answer about a call in the journal."""
    turn.emit(
        ToolApprovalResponse(
            approval_id=answer.approval_id,
            tool_call_id=call.id,
            approved=answer.allow,
            reason=answer.message,
            input=answer.args,
            by=answer.by,
            worker_id=turn.worker_id(turn.frame(call.frame)),
        )
    )


def close_approval(turn: Turn, call: Call, cause: Cause) -> None:
    """Ends a request, if one is open, that no answer decides any more."""
    if call.approval is not None:
        turn.emit(
            ToolApprovalResponse(
                approval_id=call.approval.id,
                tool_call_id=call.id,
                approved=False,
                cause=cause,
                worker_id=turn.worker_id(turn.frame(call.frame)),
            )
        )


def close_approvals(turn: Turn, cause: Cause) -> None:
    """Ends every open request."""
    for call in open_approvals(turn.execution):
        close_approval(turn, call, cause)
