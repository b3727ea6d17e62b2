"""Owns the pieces of a message in a thread: text, reasoning, tool calls, tool results, files, objects."""

from __future__ import annotations

from typing import TypeAlias

from mainspring.model.values import Json, Value


class FileReference(Value, frozen=True, kw_only=True):
    """A file by address, as clients send and receive it (`octavus-http.md` §9.3)."""

    id: str
    media_type: str
    url: str
    filename: str | None = None
    size: int | None = None


class TextPart(Value, frozen=True, kw_only=True, tag_field="type", tag="text"):
    """Text said by the user, the system or the model."""

    text: str


class ReasoningPart(Value, frozen=True, kw_only=True, tag_field="type", tag="reasoning"):
    """Model reasoning; `metadata` is the provider's own (signature, redacted data), replayed only to `provider`.

    `model`: the model id that `metadata` is bound to, without the provider.
    """

    text: str
    provider: str | None = None
    metadata: dict[str, Json] | None = None
    model: str | None = None


class ToolCallPart(Value, frozen=True, kw_only=True, tag_field="type", tag="tool-call"):
    """A tool call asked for by the model; `call_id` is ours, `args` is always an object; `model` as of reasoning."""

    call_id: str
    tool: str
    args: dict[str, Json]
    provider: str | None = None
    metadata: dict[str, Json] | None = None
    model: str | None = None


class ToolResultPart(Value, frozen=True, kw_only=True, tag_field="type", tag="tool-result"):
    """The one answer to a tool call: `output` on success, `error` text on failure."""

    call_id: str
    tool: str
    output: Json = None
    error: str | None = None
    files: tuple[FileReference, ...] = ()


class FilePart(Value, frozen=True, kw_only=True, tag_field="type", tag="file"):
    """A file shown to the model."""

    file: FileReference


Part: TypeAlias = TextPart | ReasoningPart | ToolCallPart | ToolResultPart | FilePart
