"""Owns approvals over HTTP: what waits for a person in a session, and the answers that people give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mainspring.engine.lenses import open_approvals
from mainspring.model.session import Execution
from mainspring.server.operation import Context, Operation
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import ApprovalList, ApprovalTaken, OpenApproval
from mainspring.server.taken import ApprovalBody
from mainspring.wires.native_requests import parse_approval

_SCOPES: Final = frozenset(("sessions",))


async def list_approvals(context: Context, request: Request) -> Reply:
    """What waits for a person."""
    session_id = request.param("id")
    execution = (await context.services.sessions.state(request.project, session_id)).execution
    found = () if execution is None else tuple(_open(execution))
    return reply(ApprovalList(session_id=session_id, approvals=found))


def _open(execution: Execution) -> Iterator[OpenApproval]:
    for call in open_approvals(execution):
        if call.approval is not None:
            yield OpenApproval(
                approval_id=call.approval.id,
                tool_call_id=call.id,
                tool_name=call.asked_as or call.tool,
                input=call.args,
                execution_id=execution.id,
                kind=call.approval.kind,
                reason=call.approval.reason,
                expires_at=call.approval.expires_at,
            )


async def answer_approval(context: Context, request: Request) -> Reply:
    """Allows a call, perhaps with other arguments, or denies it; the same answer again is no error."""
    session_id, approval_id = request.param("id"), request.param("approval")
    await context.services.sessions.record(request.project, session_id)
    answer = parse_approval(await request.body(), approval_id)
    changed = await context.services.sessions.approve(request.project, session_id, (answer,))
    return reply(ApprovalTaken(session_id=session_id, approval_id=approval_id, changed=changed))


APPROVAL_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/api/agent-sessions/{id}/approvals",
        handler=list_approvals,
        scopes=_SCOPES,
        summary="The tool calls that wait for a person.",
        gives=ApprovalList,
    ),
    Operation(
        method="POST",
        path="/api/agent-sessions/{id}/approvals/{approval}",
        handler=answer_approval,
        scopes=_SCOPES,
        summary="Allow a call, perhaps with other arguments, or deny it; the same again is no error.",
        takes=ApprovalBody,
        gives=ApprovalTaken,
    ),
)
