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


def path_text(path: Path) -> str:
    """The notation of a path: `handlers.user-message.Respond.tool`, `agent.tools[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def kind_of(node: Node) -> str:
    """What a person calls the kind of a node: `text`, `a number`, `a list` ..."""
    match node:
        case MapNode():
            return "a mapping"
        case ListNode():
            return "a list"
        case ScalarNode(value=None):
            return "nothing"
        case ScalarNode(value=bool()):
            return "a boolean"
        case ScalarNode(value=str()):
            return "text"
        case ScalarNode():
            return "a number"


def plain(node: Node) -> Json:
    """The JSON value of a node."""
    match node:
        case ScalarNode(value=value):
            return value
        case ListNode(items=items):
            return [plain(item) for item in items]
        case MapNode(entries=entries):
            return {entry.key: plain(entry.value) for entry in entries}
