"""Owns the events of a journal as one union, with their encoding: JSON, `type` first, camelCase, absent never null.

`PublicEvent` (`stream_events`) are what a native client may see, byte for byte as stored; `PrivateEvent` (`facts`) are
recorded for the fold and for the wires that project them.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from mainspring.model.errors import Failure
from mainspring.model.facts import PrivateEvent
from mainspring.model.stream_events import (
    ErrorEvent,
    PublicEvent,
    ReasoningDelta,
    TextDelta,
    ToolInputDelta,
    WorkerInputDelta,
)

Event: TypeAlias = PublicEvent | PrivateEvent
DeltaEvent: TypeAlias = TextDelta | ReasoningDelta | ToolInputDelta | WorkerInputDelta

_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
encode_event = msgspec.json.Encoder().encode


def decode_event(data: bytes | memoryview) -> Event:
    """The event of its JSON bytes; raises `msgspec.ValidationError` for anything else."""
    return _decoder.decode(data)


def failure_event(failure: Failure) -> ErrorEvent:
    """The `error` event that reports a failure."""
    return ErrorEvent(
        error_type=failure.error_type,
        message=failure.message,
        retryable=failure.retryable,
        source=failure.source,
        retry_after=failure.retry_after,
        code=failure.code,
        provider=failure.provider,
        tool=failure.tool,
        error_class=failure.error_class,
    )
