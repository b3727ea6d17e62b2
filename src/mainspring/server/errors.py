"""Owns how a failure looks over HTTP: a flat JSON body, its status, its headers."""

from __future__ import annotations

import math
from typing import Final

from mainspring.model.errors import (
    InvalidAgent,
    MainspringError,
    SessionBusy,
    StoreError,
    Unauthorized,
    Unavailable,
)
from mainspring.model.values import Json, encode_json
from mainspring.server.replies import Headers, Reply
from mainspring.server.schemas import issues

STORE_FAILED: Final = "The database failed; nothing was written"
RETRY_AFTER: Final = 1
"""Seconds a caller is asked to wait when the failure itself names no time."""


def error_reply(error: MainspringError, *, headers: Headers = ()) -> Reply:
    """The answer that reports `error`: `{"error", "code"}`, for an agent that does not compile also its `issues`."""
    # What a database says may name files and rows: that is for the log.
    message = STORE_FAILED if isinstance(error, StoreError) else error.message
    body: dict[str, Json] = {"error": message, "code": error.code}
    if isinstance(error, InvalidAgent):
        body["issues"] = issues(error.diagnostics)
    return Reply(error.status, encode_json(body), (*_headers(error), *headers))


def refusal(status: int, code: str, message: str, *, headers: Headers = ()) -> Reply:
    """An answer to a request that no handler saw."""
    return Reply(status, encode_json({"error": message, "code": code}), headers)


def broken(request_id: str) -> Reply:
    """The answer when we are at fault; what happened is in the log under `request_id`."""
    body = {"error": "Internal error", "code": "INTERNAL_ERROR", "requestId": request_id}
    return Reply(500, encode_json(body))


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
