"""Owns how a failure looks over HTTP: its status, its headers, and a body in the shape that the client reads."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeAlias

from mainspring.model.errors import (
    InvalidAgent,
    MainspringError,
    SessionBusy,
    StoreError,
    Unauthorized,
    Unavailable,
)
from mainspring.model.values import Json, Value, encode_json
from mainspring.server.replies import Headers, Reply
from mainspring.server.schemas import Issue, issues

STORE_FAILED: Final = "The database failed; nothing was written"
RETRY_AFTER: Final = 1
"""Seconds a caller is asked to wait when the failure itself names no time."""


class Complaint(Value, frozen=True, kw_only=True):
    """What an answer that is no success says. `param`: the place in the request, `request_id`: for the log."""

    status: int
    code: str
    message: str
    param: str | None = None
    issues: tuple[Issue, ...] | None = None
    request_id: str | None = None


Shape: TypeAlias = Callable[[Complaint], dict[str, Json]]
"""Makes the body of a complaint: every wire has its own."""


def flat(complaint: Complaint) -> dict[str, Json]:
    """The native shape: `{"error", "code"}`, for an agent that does not compile also its `issues`."""
    body: dict[str, Json] = {"error": complaint.message, "code": complaint.code}
    if complaint.issues is not None:
        body["issues"] = complaint.issues
    if complaint.request_id is not None:
        body["requestId"] = complaint.request_id
    return body


def error_reply(error: MainspringError, *, shape: Shape = flat) -> Reply:
    """The answer that reports `error`."""
    # What a database says may name files and rows: that is for the log.
    message = STORE_FAILED if isinstance(error, StoreError) else error.message
    complaint = Complaint(
        status=error.status,
        code=error.code,
        message=message,
        param=error.details.get("param"),
        issues=issues(error.diagnostics) if isinstance(error, InvalidAgent) else None,
    )
    return Reply(error.status, encode_json(shape(complaint)), _headers(error))


def refusal(status: int, code: str, message: str, *, headers: Headers = (), shape: Shape = flat) -> Reply:
    """An answer to a request that no handler saw."""
    complaint = Complaint(status=status, code=code, message=message)
    return Reply(status, encode_json(shape(complaint)), headers)


def broken(request_id: str, *, shape: Shape = flat) -> Reply:
    """The answer when we are at fault; what happened is in the log under `request_id`."""
    complaint = Complaint(status=500, code="INTERNAL_ERROR", message="Internal error", request_id=request_id)
    return Reply(500, encode_json(shape(complaint)))


def _headers(error: MainspringError) -> Headers:
    if isinstance(error, SessionBusy | Unavailable):
        wait = error.details.get("retryAfter", RETRY_AFTER)
        return ((b"retry-after", str(max(1, math.ceil(wait))).encode()),)
    if isinstance(error, Unauthorized):
        return ((b"www-authenticate", b"Bearer"),)
    if error.status in (408, 413):
        # The rest of the body is still coming: nobody is going to read it.
        return ((b"connection", b"close"),)
    return ()
