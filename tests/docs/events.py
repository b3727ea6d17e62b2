"""Owns the tables of events: every public and private one with its members, drawn from the structs themselves."""

import inspect
import re
import types
from collections.abc import Iterable
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from mainspring.model.errors import Failure, ProviderInfo, ToolInfo
from mainspring.model.facts import PrivateEvent
from mainspring.model.generation import Usage
from mainspring.model.messages import Message, Sender
from mainspring.model.parts import FileReference, Part
from mainspring.model.stream_events import PendingToolCall, PublicEvent, TodoItem
from mainspring.wires.native_events import (
    ClientToolRequest,
    Cost,
    Tokens,
    ToolOutputAvailable,
    ToolOutputError,
    UsageEvent,
)

Struct = type[msgspec.Struct]

PUBLIC = cast("tuple[Struct, ...]", get_args(PublicEvent))
MADE: tuple[Struct, ...] = (ToolOutputAvailable, ToolOutputError, ClientToolRequest, UsageEvent)
"""Events that the wires make of private facts."""
PRIVATE = cast("tuple[Struct, ...]", get_args(PrivateEvent))
SHAPES: tuple[Struct, ...] = (
    PendingToolCall,
    FileReference,
    TodoItem,
    ProviderInfo,
    ToolInfo,
    Failure,
    Sender,
    Message,
    *cast("tuple[Struct, ...]", get_args(Part)),
    Usage,
    Cost,
    Tokens,
)
"""Objects that members of events are made of."""
_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "any JSON"}


def tag_of(event: Struct) -> str:
    """The `type` of an event."""
    return str(event.__struct_config__.tag)


def type_words(hint: Any) -> str:
    """A member's type in words; whether it may be absent is told elsewhere."""
    if hint in _WORDS:
        return _WORDS[hint]
    arguments = [argument for argument in get_args(hint) if argument is not type(None)]
    origin = get_origin(hint)
    if origin is Literal:
        return " ".join(f"`{word}`" for word in arguments)
    if origin is tuple:
        return f"list of {type_words(arguments[0])}"
    if origin is dict:
        return "object" if arguments[1] is Any else f"object of {type_words(arguments[1])}"
    if origin in {Union, types.UnionType}:
        words = [type_words(argument) for argument in arguments]
        return "Part" if hint == Part else " or ".join(words)
    assert hint in (*SHAPES, *get_args(Part)), hint
    return "Part" if hint in get_args(Part) else hint.__name__


def members_of(struct: Struct) -> str:
    """The members of a struct: `name` type, with `?` where it may be absent."""
    hints = get_type_hints(struct)
    found: list[str] = []
    for field in msgspec.structs.fields(struct):
        optional = "" if field.required else "?"
        found.append(f"`{field.encode_name}`{optional} {type_words(hints[field.name])}")
    return "; ".join(found)


def sentence_of(struct: Struct) -> str:
    """The first paragraph of a struct's docstring, on one line."""
    text = " ".join((inspect.getdoc(struct) or "").split("\n\n", 1)[0].split())
    text = re.sub(r" \(`[\w-]+\.md` §[\d.]+\)", "", text)
    return re.sub(r"`(\w+)`", lambda match: f"`{_camel(match[1])}`", text)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def events_table(events: Iterable[Struct]) -> str:
    """Events, their meaning and members, as Markdown."""
    lines = ["| `type` | meaning | members |", "| --- | --- | --- |"]
    lines += [f"| `{tag_of(event)}` | {sentence_of(event)} | {members_of(event)} |" for event in events]
    return "\n".join(lines)


def shapes_table() -> str:
    """The objects in events, as Markdown."""
    lines = ["| object | meaning | members |", "| --- | --- | --- |"]
    parts = get_args(Part)
    for shape in SHAPES:
        kind = f" (`type: {tag_of(shape)}`)" if shape in parts else ""
        lines.append(f"| {shape.__name__}{kind} | {sentence_of(shape)} | {members_of(shape)} |")
    return "\n".join(lines)


def types_list() -> str:
    """Every type of event, public and private, as Markdown."""
    public = ", ".join(f"`{tag_of(event)}`" for event in PUBLIC)
    private = ", ".join(f"`{tag_of(event)}`" for event in PRIVATE)
    return f"**Public** ({len(PUBLIC)}): {public}.\n\n**Private** ({len(PRIVATE)}): {private}."
