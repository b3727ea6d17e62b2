"""Owns what a function says of itself as a tool: the JSON Schema of its arguments, and the texts of its docstring."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

import msgspec

from mainspring.model.values import Json

_SECTION: Final = re.compile(r"^(Args|Arguments|Parameters):\s*$")
_ENTRY: Final = re.compile(r"^\s+\*{0,2}(\w+)(?:\s*\([^)]*\))?:\s*(.+)$")
_REF: Final = "#/$defs/"
DEEPEST: Final = 2
"""How often a type that contains itself is written out; below that anything goes."""


def schema_of(type_: Any, function: Callable[..., Any]) -> dict[str, Json]:
    """The JSON Schema of a tool's arguments object, without `$ref`; names in camel case, as protocols write them."""
    whole = msgspec.json.schema(type_, schema_hook=_anything)
    defined = cast("Mapping[str, Json]", whole.pop("$defs", {}))
    schema = cast("dict[str, Json]", _inlined(whole, defined, ()))
    schema.pop("title", None)
    schema.pop("description", None)
    properties = cast("dict[str, dict[str, Json]]", schema.get("properties") or {})
    if properties:
        told = parameter_texts(function)
        for name, text in told.items():
            if name in properties:
                properties[name].setdefault("description", text)
        schema["properties"] = {camel(name): value for name, value in properties.items()}
        schema["required"] = [camel(name) for name in cast("list[str]", schema.get("required") or [])]
    return schema


def digest_of(schema: dict[str, Json]) -> str:
    """What tells two versions of a tool's arguments apart: the SHA-256 of the schema, hex."""
    return hashlib.sha256(msgspec.json.encode(schema, order="sorted")).hexdigest()


def description_of(function: Callable[..., Any]) -> str:
    """The first paragraph of the docstring, in one line."""
    text = inspect.getdoc(function) or ""
    return " ".join(text.partition("\n\n")[0].split())


def parameter_texts(function: Callable[..., Any]) -> dict[str, str]:
    """What the `Args:` section of the docstring says of each parameter; a text may go on in deeper lines."""
    told: dict[str, str] = {}
    inside = False
    current = ""
    for line in (inspect.getdoc(function) or "").splitlines():
        if _SECTION.match(line):
            inside = True
        elif inside and line and not line.startswith(" "):
            inside = False
        elif inside and (found := _ENTRY.match(line)):
            current = found[1]
            told[current] = found[2].strip()
        elif inside and current and line.strip():
            told[current] += " " + line.strip()
    return told


def camel(name: str) -> str:
    """`order_id` as protocols write it: `orderId`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest) if first else name


def _anything(_: type) -> dict[str, Json]:
    return {}


def _inlined(value: Json, defined: Mapping[str, Json], within: tuple[str, ...]) -> Json:
    if isinstance(value, list):
        return [_inlined(item, defined, within) for item in cast("Iterable[Json]", value)]
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Json]", value)
    reference = members.get("$ref")
    if isinstance(reference, str) and reference.startswith(_REF):
        name = reference.removeprefix(_REF)
        if within.count(name) >= DEEPEST:
            return {}
        own = {member: inner for member, inner in members.items() if member != "$ref"}
        return {**_inlined(defined[name], defined, (*within, name)), **own}
    return {name: _inlined(member, defined, within) for name, member in members.items()}
