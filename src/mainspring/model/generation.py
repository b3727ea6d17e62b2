"""Owns one model call as values: the request a provider gets and the chunks it answers with."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from mainspring.model.messages import Message
from mainspring.model.retelling import Retelling
from mainspring.model.values import Json, Value

FinishReason = Literal["stop", "tool-calls", "length", "content-filter", "error", "other"]
Thinking = Literal["low", "medium", "high", "max", "off"]


class ToolSpec(Value, frozen=True, kw_only=True):
    """A tool as the model sees it; `schema` is the JSON Schema of the arguments object."""

    name: str
    description: str
    schema: dict[str, Json]


class ModelRequest(Value, frozen=True, kw_only=True):
    """One model call, independent of any provider.

    `model` is `provider/model-id`. `messages` never contain a tool call without its result. `temperature` None:
    not sent. `response_schema`: the answer must be JSON of that schema, `response_name` its type name.
    """

    model: str
    messages: tuple[Message, ...]
    system: str | None = None
    tools: tuple[ToolSpec, ...] = ()
    response_name: str | None = None
    response_schema: dict[str, Json] | None = None
    temperature: float | None = None
    thinking: Thinking | None = None
    speed: str | None = None
    cache: Literal["auto", "extended", "off"] = "auto"
    max_output_tokens: int | None = None
    max_image_dimension: int | None = None
    """Pixels: no side of an image is to be longer."""
    tags: dict[str, str] = {}
    """Where the call comes from (agent, session, thread): for logs and the scripted model, never sent out."""
    retelling: Retelling = msgspec.field(default_factory=Retelling)
    """What wires remember of the thread; its own with each request, unless the thread lives on."""


class Usage(Value, frozen=True, kw_only=True):
    """Tokens of one or more model calls; input counts include cache reads and writes."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cached_write_tokens: int = 0
    reasoning_output_tokens: int = 0


class Chunk(msgspec.Struct, frozen=True):
    """A piece of a model's answer. `part` numbers the parts of one answer from 0, in the order they begin."""


class TextStart(Chunk, frozen=True):
    """A text part begins."""

    part: int


class TextDelta(Chunk, frozen=True):
    """More of a text part."""

    part: int
    text: str


class ReasoningStart(Chunk, frozen=True):
    """A reasoning part begins."""

    part: int


class ReasoningDelta(Chunk, frozen=True):
    """More of a reasoning part."""

    part: int
    text: str


class ToolInputStart(Chunk, frozen=True):
    """A tool call begins; `name` is what the model wrote."""

    part: int
    name: str


class ToolInputDelta(Chunk, frozen=True):
    """More of the JSON text of a tool call's arguments."""

    part: int
    text: str


class PartEnd(Chunk, frozen=True):
    """A part is complete; `metadata` is the provider's own, kept verbatim (reasoning signature ...)."""

    part: int
    metadata: dict[str, Json] | None = None


class SourceFound(Chunk, frozen=True):
    """The model cites an address."""

    url: str
    title: str | None = None


class Finished(Chunk, frozen=True):
    """The answer is complete. `raw_reason` is the provider's word. Always the last chunk of a successful call."""

    reason: FinishReason
    usage: Usage
    raw_reason: str | None = None
    response_id: str | None = None
    model: str | None = None


ModelChunk: TypeAlias = (
    TextStart
    | TextDelta
    | ReasoningStart
    | ReasoningDelta
    | ToolInputStart
    | ToolInputDelta
    | PartEnd
    | SourceFound
    | Finished
)
