"""Owns a thread as text, in markdown or JSON: for prompts, tools and summarizers."""

from __future__ import annotations

import msgspec

from mainspring.model.messages import Message
from mainspring.model.parts import FilePart, TextPart, ToolCallPart, ToolResultPart
from mainspring.model.values import Json

_TITLES = {"user": "User", "assistant": "Assistant", "system": "System"}


def to_markdown(messages: tuple[Message, ...]) -> str:
    """`**User:** ...` paragraphs; tool calls and results as one line each, reasoning left out."""
    paragraphs: list[str] = []
    for message in messages:
        for part in message.parts:
            line = _markdown_line(message, part)
            if line is not None:
                paragraphs.append(line)
    return "\n\n".join(paragraphs)


def _markdown_line(message: Message, part: object) -> str | None:
    if isinstance(part, TextPart) and part.text:
        return f"**{_TITLES.get(message.role, message.role)}:** {part.text}"
    if isinstance(part, FilePart):
        return f"**{_TITLES.get(message.role, message.role)}:** [file {part.file.filename or part.file.url}]"
    if isinstance(part, ToolCallPart):
        return f"**Tool call:** {part.tool}({_compact(part.args)})"
    if isinstance(part, ToolResultPart):
        return (
            f"**Tool result:** {part.tool}: {part.error if part.error is not None else _compact(part.output)}"
        )
    return None


def to_json(messages: tuple[Message, ...]) -> str:
    """A JSON array of `{role, content, toolCalls?, toolResults?}`, indented by two."""
    entries = [_json_entry(message) for message in messages]
    return msgspec.json.format(msgspec.json.encode(entries), indent=2).decode()


def _json_entry(message: Message) -> dict[str, Json]:
    entry: dict[str, Json] = {"role": message.role, "content": message.text}
    calls = [
        {"id": part.call_id, "name": part.tool, "arguments": part.args}
        for part in message.parts
        if isinstance(part, ToolCallPart)
    ]
    results = [
        {"id": part.call_id, "name": part.tool}
        | ({"result": part.output} if part.error is None else {"error": part.error})
        for part in message.parts
        if isinstance(part, ToolResultPart)
    ]
    if calls:
        entry["toolCalls"] = calls
    if results:
        entry["toolResults"] = results
    return entry


def _compact(value: Json) -> str:
    return msgspec.json.encode(value).decode()
