"""Owns the syntax tree: what a protocol file says, with the place of every node."""

from __future__ import annotations

from typing import TypeAlias

from mainspring.model.spans import Span
from mainspring.model.values import Json, Value

Path: TypeAlias = tuple[str | int, ...]
"""Where a node stands below the root: keys of mappings and indexes of lists."""


class ScalarNode(Value, frozen=True, kw_only=True):
    """A string, number, boolean or null."""

    value: str | int | float | bool | None
    span: Span


class ListNode(Value, frozen=True, kw_only=True):
    """An ordered list."""

    items: tuple[Node, ...]
    span: Span


class Entry(Value, frozen=True, kw_only=True):
    """One member of a mapping."""

    key: str
    key_span: Span
    value: Node


class MapNode(Value, frozen=True, kw_only=True):
    """An ordered mapping; its keys are strings and differ from each other."""

    entries: tuple[Entry, ...]
    span: Span

    def entry(self, key: str) -> Entry | None:
        """The member called `key`."""
        return next((entry for entry in self.entries if entry.key == key), None)


Node: TypeAlias = ScalarNode | ListNode | MapNode


_SHOWN = 80


def path_text(path: Path) -> str:
    """The notation of a path: `handlers.user-message.Respond.tool`, `agent.tools[0]`."""
    text = ""
    for long in path:
        step = long if isinstance(long, int) else long[:_SHOWN]
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def kind_of(node: Node) -> str:
    """What a person calls the kind of a node: `text`, `a number`, `a list` ..."""
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    match node.value:
        case None:
            return "nothing"
        case bool():
            return "a boolean"
        case str():
            return "text"
        case _:
            return "a number"


def plain(node: Node) -> Json:
    """The JSON value of a node."""
    if isinstance(node, MapNode):
        return {entry.key: plain(entry.value) for entry in node.entries}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value
