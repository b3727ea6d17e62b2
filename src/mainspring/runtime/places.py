"""Owns finding where an answer begins in a journal, for a request that was made before."""

from __future__ import annotations

from mainspring.model.errors import Conflict
from mainspring.model.events import decode_event
from mainspring.model.facts import ToolSettled, Triggered
from mainspring.model.stream_events import ToolApprovalResponse
from mainspring.runtime.ports import EventLog
from mainspring.runtime.requests import ContinueRequest, Leg

TRIGGERED = b'{"type":"triggered"'


async def known_trigger(log: EventLog, session_id: str, execution_id: str) -> Leg:
    """The answer to the trigger that began an execution; raises `Conflict` if it is no longer in the journal."""
    for row in await log.facts(session_id):
        if row.data.startswith(TRIGGERED):
            event = decode_event(row.data)
            if isinstance(event, Triggered) and event.execution_id == execution_id:
                return Leg(session_id=session_id, execution_id=execution_id, after=row.first - 1)
    raise Conflict("The trigger of this idempotency key is no longer in the session's journal.")


async def where_settled(log: EventLog, session_id: str, request: ContinueRequest, cursor: int) -> int:
    """The cursor before the first of these results or answers; `cursor` if none is there."""
    answered = {answer.approval_id for answer in request.approvals}
    wanted = {result.tool_call_id for result in request.results}
    for row in await log.facts(session_id):
        event = decode_event(row.data)
        settled = isinstance(event, ToolSettled) and event.call_id in wanted
        if settled or (isinstance(event, ToolApprovalResponse) and event.approval_id in answered):
            return row.first - 1
    return cursor
