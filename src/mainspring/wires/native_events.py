"""Owns the native events that no journal stores: those a wire makes of private facts, and the framing of all."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, cast, get_args

import msgspec

from mainspring.model.events import encode_event
from mainspring.model.facts import ExecutionEnded, ToolSettled
from mainspring.model.generation import Usage
from mainspring.model.stream_events import EventFields, PendingToolCall, PublicEvent, ToolRequest
from mainspring.model.values import Json, Value

DONE: Final = b"data: [DONE]\n\n"
"""The last line of an answer."""

CANCELLED: Final = "Cancelled"
"""The error text of a call that was cut and says nothing else."""

_tool_request: Final = msgspec.json.Decoder(ToolRequest)
_TAG_AT: Final = len(b'{"type":"')


class ToolOutputAvailable(EventFields, frozen=True, kw_only=True, tag="tool-output-available"):
    """A call has its result; `output` is always there, null too."""

    tool_call_id: str
    output: Json
    worker_id: str | None = None


class ToolOutputError(EventFields, frozen=True, kw_only=True, tag="tool-output-error"):
    """A call failed."""

    tool_call_id: str
    error: str
    worker_id: str | None = None


class ClientToolRequest(EventFields, frozen=True, kw_only=True, tag="client-tool-request"):
    """The open calls, asked of a browser that talks to us without a server of its own between."""

    execution_id: str
    tool_calls: tuple[PendingToolCall, ...]


class Cost(Value, frozen=True, kw_only=True):
    """What a run cost at the platform: nothing, it is the owner's own. `currency` is ISO 4217."""

    currency: Literal["USD"]
    bandwidth_fee: int
    provider_fee: int
    total_fee: int
    byok: bool


class Tokens(Value, frozen=True, kw_only=True):
    """The tokens of all model calls of an execution."""

    input_tokens: int
    output_tokens: int
    total_tokens: int


class UsageEvent(EventFields, frozen=True, kw_only=True, tag="usage"):
    """What an execution used; follows its `finish`."""

    cost: Cost
    tokens: Tokens
    execution_id: str


def _tag(event: type) -> bytes:
    config = cast("type[msgspec.Struct]", event).__struct_config__
    return str(config.tag).encode()


PUBLIC_TAGS: Final = frozenset(_tag(event) for event in cast("tuple[type, ...]", get_args(PublicEvent)))
"""The `type` of every event a native client may see as stored."""

ToolOutput: TypeAlias = ToolOutputAvailable | ToolOutputError


def tag_of(data: bytes) -> bytes:
    """The `type` of a stored event: the encoder writes it first."""
    return data[_TAG_AT : data.index(b'"', _TAG_AT)]


def narrowed(data: bytes, tools: frozenset[str]) -> bytes:
    """A `tool-request` with the calls of these tools only; without any of them: nothing."""
    request = _tool_request.decode(data)
    calls = tuple(call for call in request.tool_calls if call.tool_name in tools)
    if calls == request.tool_calls:
        return data
    return encode_event(msgspec.structs.replace(request, tool_calls=calls)) if calls else b""


def frame(data: bytes) -> bytes:
    """One event as server-sent event."""
    return b"data: " + data + b"\n\n"


def frame_event(event: EventFields) -> bytes:
    """One event value as server-sent event."""
    return b"data: " + encode_event(event) + b"\n\n"


def frame_deltas(data: bytes) -> bytes:
    """The events of a row of deltas, one a line, as server-sent events: no event is decoded."""
    return b"data: " + data.replace(b"\n", b"\n\ndata: ") + b"\n\n"


def tool_output(settled: ToolSettled) -> ToolOutput:
    """What a client is told of a settled call."""
    if settled.error is None and not settled.cancelled:
        return ToolOutputAvailable(
            tool_call_id=settled.call_id, output=settled.output, worker_id=settled.worker_id
        )
    return ToolOutputError(
        tool_call_id=settled.call_id, error=settled.error or CANCELLED, worker_id=settled.worker_id
    )


def usage_event(ended: ExecutionEnded) -> UsageEvent:
    """What a client is told an execution used."""
    return UsageEvent(cost=NO_COST, tokens=_tokens(ended.usage), execution_id=ended.execution_id)


def _tokens(usage: Usage) -> Tokens:
    return Tokens(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        total_tokens=usage.input_tokens + usage.output_tokens,
    )


NO_COST: Final = Cost(currency="USD", bandwidth_fee=0, provider_fee=0, total_fee=0, byok=True)
