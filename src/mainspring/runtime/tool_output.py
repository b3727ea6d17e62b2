"""Owns shortening long tool results for a model: the head, a note of what is left out, the tail.

The journal keeps every result whole. What a model gets depends on the result and the bound alone, so a request begins
with the same bytes as the one before it, and provider caches hold.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from mainspring.model.messages import Message
from mainspring.model.parts import Part, ToolResultPart
from mainspring.model.values import encode_json

CHARACTERS_A_TOKEN: Final = 4
_HEAD: Final = 0.7


def shortened(messages: tuple[Message, ...], tokens: int | None) -> tuple[Message, ...]:
    """The messages with no tool result longer than about `tokens`; None: no bound. Others are the same objects."""
    if tokens is None:
        return messages
    most = tokens * CHARACTERS_A_TOKEN
    return tuple(_short_message(message, most) if message.role == "tool" else message for message in messages)


def _short_message(message: Message, most: int) -> Message:
    parts = tuple(_short_part(part, most) for part in message.parts)
    same = all(one is other for one, other in zip(parts, message.parts, strict=True))
    return message if same else replace(message, parts=parts)


def _short_part(part: Part, most: int) -> Part:
    if not isinstance(part, ToolResultPart):
        return part
    if part.error is not None:
        return part if len(part.error) <= most else replace(part, error=shorten(part.error, most))
    text = part.output if isinstance(part.output, str) else encode_json(part.output).decode()
    return part if len(text) <= most else replace(part, output=shorten(text, most))


def shorten(text: str, most: int) -> str:
    """The first and the last characters of a text, `most` of them together, and between them how many are missing."""
    head = int(most * _HEAD)
    tail = most - head
    return f"{text[:head]}\n[... {len(text) - most} characters left out ...]\n{text[len(text) - tail :]}"
