"""Owns serving a turn onward: as the server-sent events that a browser's client reads."""

from __future__ import annotations

from typing import Final

from mainspring.client.errors import ApiError, MainspringClientError
from mainspring.client.events import Event, encode
from mainspring.model.errors import ErrorType
from mainspring.model.stream_events import ErrorEvent

DONE: Final = b"data: [DONE]\n\n"
HEADERS: Final = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}
"""The headers of an answer made of `turn.sse()`."""

_TYPES: Final[dict[int, ErrorType]] = {
    400: "validation_error",
    401: "authentication_error",
    402: "quota_exceeded_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "provider_overloaded",
    504: "provider_timeout",
}


def frame(event: Event) -> bytes:
    """One event as server-sent event."""
    return b"data: " + encode(event) + b"\n\n"


def error_event(error: MainspringClientError) -> ErrorEvent:
    """What a browser is told of a turn that did not come to its own end."""
    if not isinstance(error, ApiError):
        return ErrorEvent(
            error_type="internal_error", message=error.message, retryable=True, source="platform"
        )
    other: ErrorType = "internal_error" if error.status >= 500 else "unknown_error"
    return ErrorEvent(
        error_type=_TYPES.get(error.status, other),
        message=error.message,
        retryable=error.status == 429 or error.status >= 500,
        source="platform",
        retry_after=error.retry_after,
        code=error.code,
    )
