"""Owns the error classes, the shape of a failure on the wire, and the one error tree of the product.

MainspringError
├── InvalidRequest (400)      ├── Unauthorized (401)   ├── Forbidden (403)    ├── NotFound (404)
├── Conflict (409)            ├── TooLarge (413)       ├── SessionBusy (429)  ├── Unavailable (503)
├── InvalidAgent (400)        ├── StoreError (503)     └── RequestTimeout (408)
└── StaleWriter (409): another host drives the session now
"""

from __future__ import annotations

from typing import Literal

from mainspring.model.diagnostics import Diagnostic
from mainspring.model.generation import Usage
from mainspring.model.values import Json, Value

ErrorType = Literal[
    "authentication_error",
    "permission_error",
    "validation_error",
    "not_found_error",
    "rate_limit_error",
    "quota_exceeded_error",
    "provider_error",
    "provider_overloaded",
    "provider_timeout",
    "execution_error",
    "tool_error",
    "protocol_error",
    "internal_error",
    "unknown_error",
]
ErrorSource = Literal["platform", "provider", "tool", "client"]
ErrorClass = Literal[
    "rate_limit",
    "overloaded",
    "server_error",
    "timeout",
    "network",
    "quota_exceeded",
    "auth",
    "permission",
    "not_found",
    "invalid_request",
    "context_length",
    "content_filter",
    "malformed_output",
    "tool_error",
    "cancelled",
    "unknown",
]
"""What kind of failure it is: finer than the wire's `errorType`, and what decides what happens next."""


class ProviderInfo(Value, frozen=True, kw_only=True):
    """Who failed, in the provider's own words."""

    name: str
    model: str | None = None
    status_code: int | None = None
    error_type: str | None = None
    request_id: str | None = None


class ToolInfo(Value, frozen=True, kw_only=True):
    """Which tool failed."""

    name: str
    call_id: str | None = None


class Failure(Value, frozen=True, kw_only=True):
    """A classified failure: the members of the `error` event, and what only operators and the runtime need.

    `retry_after` is seconds. `retryable`: the same request may succeed later, if somebody asks again. `inline_retry`:
    it is worth a wait within the call. `fallback`: another model may be asked without being told to. `details`: at
    most 2 KB of what the provider said, without secrets.
    """

    error_type: ErrorType
    message: str
    retryable: bool
    source: ErrorSource
    retry_after: float | None = None
    code: str | None = None
    provider: ProviderInfo | None = None
    tool: ToolInfo | None = None
    error_class: ErrorClass | None = None
    inline_retry: bool = False
    fallback: bool = False
    details: str | None = None


class MainspringError(Exception):
    """The root: every error a caller may see. `code` is stable, `status` is the HTTP status."""

    status = 500
    code = "INTERNAL_ERROR"

    def __init__(
        self, message: str, *, code: str | None = None, details: dict[str, Json] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = details or {}


class InvalidRequest(MainspringError):
    """The caller sent something malformed."""

    status = 400
    code = "VALIDATION_ERROR"


class InvalidAgent(InvalidRequest):
    """An agent's files do not compile."""

    def __init__(self, message: str, *, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


class Unauthorized(MainspringError):
    """No key, or one that is unknown or revoked."""

    status = 401
    code = "UNAUTHORIZED"


class Forbidden(MainspringError):
    """The key does not carry the scope."""

    status = 403
    code = "FORBIDDEN"


class NotFound(MainspringError):
    """Unknown, or not the caller's: the two look alike."""

    status = 404
    code = "NOT_FOUND"


class Conflict(MainspringError):
    """Against what is already recorded."""

    status = 409
    code = "CONFLICT"


class RequestTimeout(MainspringError):
    """The request did not arrive in time; nothing was done."""

    status = 408
    code = "REQUEST_TIMEOUT"


class TooLarge(MainspringError):
    """Over a stated limit."""

    status = 413
    code = "TOO_LARGE"


class SessionBusy(MainspringError):
    """Another execution runs in the session."""

    status = 429
    code = "SESSION_BUSY"


class Unavailable(MainspringError):
    """The server cannot take it now; try again."""

    status = 503
    code = "UNAVAILABLE"


class StoreError(Unavailable):
    """The database failed; nothing was written."""

    code = "STORE_UNAVAILABLE"


class StaleWriter(MainspringError):
    """Another host drives the session now; nothing was written."""

    status = 409
    code = "STALE_WRITER"


class ProviderError(MainspringError):
    """A model call failed; `failure` says how, `usage` what it cost all the same, if the provider said."""

    status = 502
    code = "PROVIDER_ERROR"

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message, code=failure.code)
        self.failure = failure
        self.usage: Usage | None = None
