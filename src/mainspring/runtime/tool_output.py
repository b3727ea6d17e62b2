"""Owns shortening long tool results for a model: the head, a note of what is left out, the tail.

The journal keeps every result whole. What a model gets depends on the result and the bound alone, so a request begins
with the same bytes as the one before it, and provider caches hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from mainspring.model.messages import Message
from mainspring.model.parts import Part, ToolResultPart
from mainspring.model.program import Tool
from mainspring.model.values import Value, encode_json

CHARACTERS_A_TOKEN: Final = 4
_HEAD: Final = 0.7


class Bounds(Value, frozen=True, kw_only=True):
    """About how many tokens of a result a model gets: of any (None: all), and of some tools; the smaller one counts."""

    tokens: int | None = None
    by_tool: dict[str, int] = {}

    def of(self, tool: str) -> int | None:
        """The most characters of a tool's result."""
        found = [one for one in (self.tokens, self.by_tool.get(tool)) if one is not None]
        return min(found) * CHARACTERS_A_TOKEN if found else None


NO_BOUNDS: Final = Bounds()


def bounds_of(tokens: int | None, tools: Mapping[str, Tool]) -> Bounds:
    """The bounds of a thread's setting and of the policies of its tools."""
    policies = {name: tool.policy for name, tool in tools.items() if tool.policy is not None}
    by_tool = {
        name: policy.max_result_tokens
        for name, policy in policies.items()
        if policy.max_result_tokens is not None
    }
    return Bounds(tokens=tokens, by_tool=by_tool)


def shortened(messages: tuple[Message, ...], bounds: Bounds) -> tuple[Message, ...]:
    """The messages with no tool result longer than its bound. Others are the same objects."""
    if bounds == NO_BOUNDS:
        return messages
    return tuple(
        _short_message(message, bounds) if message.role == "tool" else message for message in messages
    )


def _short_message(message: Message, bounds: Bounds) -> Message:
    parts = tuple(_short_part(part, bounds) for part in message.parts)
    same = all(one is other for one, other in zip(parts, message.parts, strict=True))
    return message if same else replace(message, parts=parts)


def _short_part(part: Part, bounds: Bounds) -> Part:
    most = bounds.of(part.tool) if isinstance(part, ToolResultPart) else None
    if not isinstance(part, ToolResultPart) or most is None:
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
