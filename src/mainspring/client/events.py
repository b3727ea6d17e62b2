"""Owns the events as the SDK yields them: those of the journal, the results of tools, and what only a caller sees."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from mainspring.model.facts import Paused
from mainspring.model.stream_events import EventFields, Finish, PendingToolCall, PublicEvent
from mainspring.model.values import Json, Value


class ToolOutputAvailable(EventFields, frozen=True, kw_only=True, tag="tool-output-available"):
    """A call has its result; `output` is always there, null too."""

    tool_call_id: str
    output: Json
    worker_id: str | None = None


class ToolOutputError(EventFields, frozen=True, kw_only=True, tag="tool-output-error"):
    """A call failed; the model reads `error`."""

    tool_call_id: str
    error: str
    worker_id: str | None = None


class Cost(Value, frozen=True, kw_only=True):
    """What a run cost at the platform; 0 where it is your own."""

    currency: str = "USD"
    bandwidth_fee: float = 0
    provider_fee: float = 0
    total_fee: float = 0
    byok: bool = True


class Tokens(Value, frozen=True, kw_only=True):
    """The tokens of all model calls of an execution."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0


class UsageEvent(EventFields, frozen=True, kw_only=True, tag="usage"):
    """What an execution used: its very last event."""

    execution_id: str
    tokens: Tokens = Tokens()
    cost: Cost = Cost()


class ClientToolRequest(EventFields, frozen=True, kw_only=True, tag="client-tool-request"):
    """Calls that no function of this program answers; the execution waits for `session.resume(results)`."""

    execution_id: str
    tool_calls: tuple[PendingToolCall, ...]


class UnknownEvent(Value, frozen=True, kw_only=True):
    """An event that a newer server sends; `data` is its JSON."""

    type: str
    data: dict[str, Json] = {}


Event: TypeAlias = (
    PublicEvent
    | ToolOutputAvailable
    | ToolOutputError
    | UsageEvent
    | ClientToolRequest
    | Paused
    | UnknownEvent
)
"""Everything an iterator of the SDK may yield."""

_Known: TypeAlias = (
    PublicEvent | ToolOutputAvailable | ToolOutputError | UsageEvent | ClientToolRequest | Paused
)

_known: Final[msgspec.json.Decoder[_Known]] = msgspec.json.Decoder(_Known)
_any: Final[msgspec.json.Decoder[dict[str, Json]]] = msgspec.json.Decoder(dict[str, Json])


def decode(data: bytes) -> Event:
    """The event of its JSON; raises `msgspec.DecodeError` for what is no JSON object."""
    try:
        return _known.decode(data)
    except msgspec.ValidationError:
        members = _any.decode(data)
        return UnknownEvent(type=str(members.get("type", "")), data=members)


def encode(event: Event) -> bytes:
    """The JSON of an event, as a browser's client reads it."""
    if isinstance(event, UnknownEvent):
        return msgspec.json.encode(event.data)
    return msgspec.json.encode(event)


def asked_of_client(
    execution_id: str, calls: tuple[PendingToolCall, ...]
) -> tuple[ClientToolRequest, Finish]:
    """How a turn ends that waits for somebody else's results."""
    return (
        ClientToolRequest(execution_id=execution_id, tool_calls=calls),
        Finish(finish_reason="client-tool-calls", execution_id=execution_id),
    )
