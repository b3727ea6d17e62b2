"""Owns the errors of the SDK, one tree, and which of them an answer of the server means.

MainspringClientError
├── ApiError: the server refused (`status`, `code`)
│   ├── BadRequest (400)   ├── Unauthorized (401)  ├── Forbidden (403)  ├── NotFound (404)
│   ├── Conflict (409)     ├── TooLarge (413)      └── Unavailable (429, 503): `retry_after`
│   │                                                  └── SessionBusy: another execution runs
│   └── (any other status)
├── ConnectionFailed: no server, or the connection stayed broken
├── UnexpectedAnswer: what answers is not a Mainspring server
├── StreamError: the execution ended with a failure (`error_type`, `retryable`, `retry_after`)
│   └── WorkerError: a worker ended without a result
├── InvalidTool: a function that cannot be a tool
└── ToolError: raised by a tool; the model reads its message
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from mainspring.model.errors import ErrorSource, ErrorType, ProviderInfo, ToolInfo
from mainspring.model.stream_events import ErrorEvent
from mainspring.model.values import Json


class MainspringClientError(Exception):
    """The root: every error the SDK raises."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ApiError(MainspringClientError):
    """The server refused. `code` is stable; `retry_after` is seconds; `body` is the whole answer."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        retry_after: float | None = None,
        body: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.body = dict(body or {})

    def __str__(self) -> str:
        return f"{self.message} ({self.status} {self.code})"


class BadRequest(ApiError):
    """Something malformed: 400."""


class Unauthorized(ApiError):
    """No key, or one that is unknown, expired or revoked: 401."""


class Forbidden(ApiError):
    """The key lacks the scope: 403."""


class NotFound(ApiError):
    """Unknown, or not yours: 404."""


class Conflict(ApiError):
    """Against what is already recorded: 409."""


class TooLarge(ApiError):
    """Over a limit: 413."""


class Unavailable(ApiError):
    """Not now, and not after the retries either: 429, 503."""


class SessionBusy(Unavailable):
    """Another execution runs in the session: 429."""


class ConnectionFailed(MainspringClientError):
    """No server answers, or the connection broke and could not be made again.

    `execution_id` and `cursor`, when known, say what to go on with: `session.resume(after=cursor)`.
    """

    def __init__(self, message: str, *, execution_id: str | None = None, cursor: int | None = None) -> None:
        super().__init__(message)
        self.execution_id = execution_id
        self.cursor = cursor


class UnexpectedAnswer(MainspringClientError):
    """What answers does not speak as a Mainspring server does."""


class StreamError(MainspringClientError):
    """The execution ended with a failure; `event` is the `error` event that said so."""

    def __init__(self, event: ErrorEvent) -> None:
        super().__init__(event.message)
        self.event = event

    @property
    def error_type(self) -> ErrorType:
        """The class of the failure: `rate_limit_error`, `provider_overloaded` ..."""
        return self.event.error_type

    @property
    def source(self) -> ErrorSource:
        """Who failed: `platform`, `provider`, `tool` or `client`."""
        return self.event.source

    @property
    def retryable(self) -> bool:
        """Whether the same again may work."""
        return self.event.retryable

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before that, if the server knows."""
        return self.event.retry_after

    @property
    def code(self) -> str | None:
        """The stable code, if there is one: `ANTHROPIC_529` ..."""
        return self.event.code

    @property
    def provider(self) -> ProviderInfo | None:
        """The model's provider, in its own words."""
        return self.event.provider

    @property
    def tool(self) -> ToolInfo | None:
        """The tool that failed."""
        return self.event.tool


class WorkerError(StreamError):
    """A worker ended without a result. `worker_id` is its session, for the logs."""

    def __init__(self, event: ErrorEvent, *, worker_id: str) -> None:
        super().__init__(event)
        self.worker_id = worker_id


class InvalidTool(MainspringClientError):
    """A function that cannot be a tool: its signature or its type hints say why."""


class ToolError(MainspringClientError):
    """Raise it in a tool: the model reads the message as it is.

    `retryable`: nothing was done, or it may be done again without harm, so a server that tries calls itself may try
    this one again, after `retry_after` seconds if that is given.
    """

    def __init__(self, message: str, *, retryable: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after


_BY_STATUS: Final[dict[int, type[ApiError]]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    429: Unavailable,
    503: Unavailable,
}
_BY_CODE: Final[dict[str, type[ApiError]]] = {"SESSION_BUSY": SessionBusy}


class _ErrorBody(msgspec.Struct):
    error: str
    code: str = "UNKNOWN"


_decode_body: Final = msgspec.json.Decoder(dict[str, Json]).decode


def api_error(status: int, body: bytes, *, retry_after: float | None = None) -> ApiError:
    """The error of an answer that is not a success, whoever wrote it."""
    members: dict[str, Json] = {}
    try:
        members = _decode_body(body)
        said = msgspec.convert(members, _ErrorBody)
    except (msgspec.MsgspecError, RecursionError):
        said = _ErrorBody(error=f"The server answered {status}")
    kind = _BY_CODE.get(said.code) or _BY_STATUS.get(status) or ApiError
    return kind(said.error, status=status, code=said.code, retry_after=retry_after, body=members)
