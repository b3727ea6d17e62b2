"""Owns the native wire over a WebSocket: what a browser sends, one JSON object a message, and what it is sent.

The messages are those of the Octavus client SDK's socket transport: `trigger`, `continue` and `stop` one way, the
events of a leg the other. Types that it does not know (`accepted`, `stopped`) it passes over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from mainspring.model.errors import ErrorType, MainspringError
from mainspring.model.events import encode_event
from mainspring.model.stream_events import ErrorEvent
from mainspring.model.values import Json, Value, encode_json
from mainspring.wires.checking import Fields
from mainspring.wires.native_requests import Leg, parse_trigger

KINDS: Final = ("trigger", "continue", "stop")
_DATA: Final = len(b"data: ")
_DONE: Final = b"data: [DONE]"
_TYPES: Final[dict[int, ErrorType]] = {
    400: "validation_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "validation_error",
    413: "validation_error",
    429: "rate_limit_error",
    503: "provider_overloaded",
}


class Stop(Value, frozen=True, kw_only=True):
    """Stop what runs in the session."""


Command: TypeAlias = Leg | Stop


def parse_message(body: Json) -> Command:
    """What a message asks for; raises `InvalidRequest`."""
    fields = Fields(body, "the message")
    kind = fields.choice("type", KINDS)
    if kind == "stop":
        return Stop()
    if kind == "continue":
        fields.name("executionId")
        return parse_trigger(body)
    return parse_trigger({name: value for name, value in fields.members.items() if name not in _OF_RESULTS})


def messages(data: bytes) -> Iterator[bytes]:
    """The events of framed bytes, each as one message."""
    for event in data.split(b"\n\n"):
        if event and event != _DONE:
            yield event[_DATA:]


def placed(cursor: int, event: bytes) -> bytes:
    """An event as a message that tells its cursor."""
    return b'{"cursor":%d,%b' % (cursor, event[1:])


def accepted(execution_id: str, cursor: int) -> bytes:
    """What tells a follower that its trigger or its results were taken; their events come after `cursor`."""
    return encode_json({"type": "accepted", "executionId": execution_id, "cursor": cursor})


def stopped(*, ran: bool) -> bytes:
    """What tells that nothing runs any more; `ran`: whether something did."""
    return encode_json({"type": "stopped", "stopped": ran})


def error_message(error: MainspringError, *, message: str | None = None) -> bytes:
    """The `error` event of a message that was refused; `message`: what to say instead of the error's own words."""
    other: ErrorType = "internal_error" if error.status >= 500 else "unknown_error"
    event = ErrorEvent(
        error_type=_TYPES.get(error.status, other),
        message=message or error.message,
        retryable=error.status == 429 or error.status >= 500,
        source="platform",
        retry_after=error.details.get("retryAfter"),
        code=error.code,
    )
    return encode_event(event)


_OF_RESULTS: Final = frozenset(("executionId", "toolResults"))
