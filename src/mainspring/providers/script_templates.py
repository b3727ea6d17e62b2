"""Owns the `{{...}}` of scripts: what may stand there, and filling it in from the request that is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from mainspring.model.json_shape import is_list, is_object
from mainspring.model.values import Json, encode_json

HOLE: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
ROOTS: Final = ("user", "system", "match", "result", "model", "thread", "agent", "step", "turn")
_DEEP: Final = ("match", "result")


class Missing(Exception):
    """A hole for which the request has nothing."""

    def __init__(self, hole: str) -> None:
        super().__init__(hole)
        self.hole = hole


def holes(text: str) -> Iterator[str]:
    """What stands between the braces of a text."""
    return (found[1] for found in HOLE.finditer(text))


def complaint(hole: str) -> str | None:
    """Why a hole can never be filled, if so."""
    root, *path = hole.split(".")
    if root not in ROOTS:
        return f"`{{{{{hole}}}}}` names nothing that a script knows"
    if bool(path) != (root in _DEEP):
        return (
            f"`{{{{{root}}}}}` needs a name after it" if root in _DEEP else f"`{{{{{root}}}}}` has no members"
        )
    return None


def fill(text: str, values: dict[str, Json]) -> str:
    """The text with every hole filled: text as it is, other values as JSON."""
    if "{{" not in text:
        return text
    return HOLE.sub(lambda found: _written(look_up(found[1], values)), text)


def fill_value(value: Json, values: dict[str, Json]) -> Json:
    """A JSON value with the holes in all its texts filled; a text that is one hole becomes its value."""
    if isinstance(value, str):
        alone = HOLE.fullmatch(value)
        return look_up(alone[1], values) if alone else fill(value, values)
    if is_list(value):
        return [fill_value(item, values) for item in value]
    if is_object(value):
        return {key: fill_value(item, values) for key, item in value.items()}
    return value


def look_up(hole: str, values: dict[str, Json]) -> Json:
    """The value a dotted path leads to; raises `Missing`."""
    found: Json = values
    for step in hole.split("."):
        if isinstance(found, str) and found[:1] in ("{", "["):
            found = _opened(found)
        if is_object(found) and step in found:
            found = found[step]
        elif is_list(found) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            raise Missing(hole)
    return found


def _opened(text: str) -> Json:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _written(value: Json) -> str:
    return value if isinstance(value, str) else encode_json(value).decode()
