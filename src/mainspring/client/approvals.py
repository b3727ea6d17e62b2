"""Owns what people say to calls that wait for them: the answers that a caller sends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from mainspring.model.stream_events import ToolApprovalRequest
from mainspring.model.values import Json, Value


class Approval(Value, frozen=True, kw_only=True):
    """An answer to an approval request. `input`: run it with these arguments instead; `by`: who said so, for the log.

    `reason` is told to the model if the call is denied.
    """

    approval_id: str
    approved: bool
    reason: str | None = None
    input: dict[str, Json] | None = None
    by: str | None = None


Asked: TypeAlias = ToolApprovalRequest | str
"""What was asked: the event, or its `approval_id`."""
Approvals: TypeAlias = Iterable[Approval | Mapping[str, Json]]


def allow(asked: Asked, *, input: dict[str, Json] | None = None, by: str | None = None) -> Approval:
    """The call may run; `input`: with these arguments instead of the model's."""
    return Approval(approval_id=_id(asked), approved=True, input=input, by=by)


def deny(asked: Asked, reason: str | None = None, *, by: str | None = None) -> Approval:
    """The call must not run; the model is told `reason`."""
    return Approval(approval_id=_id(asked), approved=False, reason=reason, by=by)


def _id(asked: Asked) -> str:
    return asked if isinstance(asked, str) else asked.approval_id


def read_approvals(given: Approvals) -> tuple[Approval, ...]:
    """Answers as values. Raises `ValueError` for what is none."""
    try:
        return tuple(
            one if isinstance(one, Approval) else msgspec.convert(dict(one), Approval) for one in given
        )
    except msgspec.ValidationError as error:
        raise ValueError(f"not an answer to an approval request: {error}") from None


def approval_body(given: Approval) -> dict[str, Json]:
    """An answer as it is posted."""
    body: dict[str, Json] = msgspec.to_builtins(given)
    return body
