"""Owns interrupts of AG-UI: the calls of a run that wait for a person, as its outcome asks about them."""

from __future__ import annotations

from typing import Final

import msgspec

from mainspring.model.stream_events import ToolApprovalRequest, ToolApprovalResponse
from mainspring.model.values import Json
from mainspring.wires.ui_messages import iso

REASON: Final = "tool_call"
"""Why a run is interrupted: the protocol's word for a call that needs approval."""

_QUESTIONS: Final = {
    "approval": "May {name} run?",
    "unknown-outcome": "Nobody knows whether {name} ran. Shall it run again?",
}
_APPROVED: Final[dict[str, Json]] = {
    "type": "object",
    "properties": {
        "approved": {"type": "boolean"},
        "reason": {"type": "string", "description": "What the model is told, if it is denied."},
    },
    "required": ["approved"],
}
_EDITED: Final[dict[str, Json]] = {"type": "object", "description": "Run it with these arguments instead."}

_asked: Final = msgspec.json.Decoder(ToolApprovalRequest).decode
_answered: Final = msgspec.json.Decoder(ToolApprovalResponse).decode


class Interrupts:
    """The requests that people have not answered, oldest first."""

    def __init__(self) -> None:
        self._open: dict[str, ToolApprovalRequest] = {}

    def open(self, data: bytes) -> ToolApprovalRequest:
        """A person is asked."""
        asked = _asked(data)
        self._open[asked.approval_id] = asked
        return asked

    def close(self, data: bytes) -> None:
        """A request is answered, or needs no answer any more."""
        self._open.pop(_answered(data).approval_id, None)

    def outcome(self) -> dict[str, Json] | None:
        """The outcome of a run that ends with open requests; None: there are none."""
        if not self._open:
            return None
        return {"type": "interrupt", "interrupts": [_interrupt(asked) for asked in self._open.values()]}

    def by_worker(self) -> dict[str, list[str]]:
        """The open requests inside workers."""
        found: dict[str, list[str]] = {}
        for asked in self._open.values():
            if asked.worker_id is not None:
                found.setdefault(asked.worker_id, []).append(asked.approval_id)
        return found


def _interrupt(asked: ToolApprovalRequest) -> dict[str, Json]:
    schema = _APPROVED
    if asked.kind == "approval":
        schema = {**_APPROVED, "properties": {**_APPROVED["properties"], "editedArgs": _EDITED}}
    known: dict[str, Json] = {
        "expiresAt": None if asked.expires_at is None else iso(asked.expires_at),
        "subagentRunId": asked.worker_id,
    }
    metadata: dict[str, Json] = {"toolName": asked.tool_name, "input": asked.input, "kind": asked.kind}
    if asked.reason is not None:
        metadata["reason"] = asked.reason
    return {
        "id": asked.approval_id,
        "reason": REASON,
        "message": _QUESTIONS[asked.kind].format(name=asked.tool_name),
        "toolCallId": asked.tool_call_id,
        "responseSchema": schema,
        **{name: value for name, value in known.items() if value is not None},
        "metadata": metadata,
    }
