"""Owns calls that wait for a person on the AI SDK's wire: its approval chunks, and the approval of a tool part."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

import msgspec

from mainspring.model.facts import ToolSettled
from mainspring.model.stream_events import ToolApprovalRequest, ToolApprovalResponse
from mainspring.wires.ai_sdk_parts import Chunk
from mainspring.wires.screen import Shown
from mainspring.wires.transcript import Asking
from mainspring.wires.turns import sse

_asked: Final = msgspec.json.Decoder(ToolApprovalRequest).decode
_answered: Final = msgspec.json.Decoder(ToolApprovalResponse).decode


class People:
    """The calls of a turn that people were asked about. `names`: those calls' tools; `denied`: calls not to be run."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.denied: set[str] = set()

    def ask(self, data: bytes, *, announced: Container[str]) -> tuple[str, bytes]:
        """A request: the call, and the chunks that ask.

        The input goes out as a tool's of the server: so `onToolCall` does not run what nobody has allowed.
        """
        event = _asked(data)
        self.names[event.tool_call_id] = event.tool_name
        call = self._input(event.tool_call_id, event.input)
        if event.tool_call_id not in announced:
            call["toolMetadata"] = {"display": "hidden"}
        asked: Chunk = {
            "type": "tool-approval-request",
            "approvalId": event.approval_id,
            "toolCallId": event.tool_call_id,
            "approvalDescriptor": _descriptor(event),
        }
        if event.reason is not None:
            asked["reason"] = event.reason
        return event.tool_call_id, sse(call) + sse(asked)

    def answer(self, data: bytes) -> bytes:
        """An answer, or the end of a request that got none; changed arguments come before it."""
        event = _answered(data)
        edited = b"" if event.input is None else sse(self._input(event.tool_call_id, event.input))
        allowed = _is_allowed(event)
        if not allowed:
            self.denied.add(event.tool_call_id)
        chunk: Chunk = {
            "type": "tool-approval-response",
            "approvalId": event.approval_id,
            "approved": allowed,
        }
        why = event.reason or event.cause
        return edited + sse(chunk if why is None else {**chunk, "reason": why})

    def _input(self, call_id: str, given: Chunk) -> Chunk:
        return {
            "type": "tool-input-available",
            "toolCallId": call_id,
            "toolName": self.names[call_id],
            "input": given,
            "providerExecuted": True,
        }


def draw_approval(asking: Asking, settled: ToolSettled | None) -> Shown:
    """The members of a tool part that a person was asked about, as `useChat` would have them by now."""
    request, answer = asking.request, asking.response
    approval: Shown = {"id": request.approval_id, "descriptor": _descriptor(request)}
    if request.reason is not None:
        approval["requestReason"] = request.reason
    drawn: Shown = {"approval": approval, "input": request.input, "providerExecuted": True}
    if answer is None:
        return {**drawn, "state": "approval-requested"}
    why = answer.reason or answer.cause
    approval |= {"approved": _is_allowed(answer)} | ({} if why is None else {"reason": why})
    if answer.input is not None:
        drawn["input"] = answer.input
    if settled is None:
        return {**drawn, "state": "approval-responded"}
    if not _is_allowed(answer):
        return {**drawn, "state": "output-denied"}
    if settled.ran == "caller":
        drawn["providerExecuted"] = False
    return drawn


def _descriptor(event: ToolApprovalRequest) -> Chunk:
    """What the SDK has no member for."""
    known: Chunk = {"kind": event.kind, "expiresAt": event.expires_at, "workerId": event.worker_id}
    return {name: value for name, value in known.items() if value is not None}


def _is_allowed(answer: ToolApprovalResponse) -> bool:
    """What was found to have run needs nobody's leave any more."""
    return answer.approved or answer.cause == "answered"
