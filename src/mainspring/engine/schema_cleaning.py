"""Owns making a stranger's JSON Schema of arguments one that every provider takes.

Providers want an object at the root, with `properties`; they refuse alternatives there, and patterns that a linear
matcher cannot run. What is taken away is still checked: calls are judged by the schema as it was written.
"""

from __future__ import annotations

import re
from typing import Final

from mainspring.model.json_shape import is_list, is_object
from mainspring.model.values import Json

DEPTH: Final = 32
"""Levels of a schema that are told; below, anything goes."""

_UNTOLD: Final = frozenset({"$schema", "$id", "$comment", "$anchor", "$dynamicAnchor", "$dynamicRef"})
_ALTERNATIVES: Final = ("anyOf", "oneOf", "allOf")
_OF_NAMES: Final = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
_VALUES: Final = frozenset({"enum", "const", "default", "examples", "required"})
_NOT_LINEAR: Final = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]|\\k<|\(\?P=")


def cleaned(schema: dict[str, Json]) -> dict[str, Json]:
    """The schema of an arguments object, as models are shown it."""
    found = _object(schema, DEPTH)
    for keyword in _ALTERNATIVES:
        if keyword in found:
            _flatten(found, keyword)
    found["type"] = "object"
    if not is_object(found.get("properties")):
        found["properties"] = {}
    required = found.get("required")
    names = [name for name in _list(required) if isinstance(name, str) and name in found["properties"]]
    found.pop("required", None)
    return {**found, "required": names} if names else found


def _flatten(found: dict[str, Json], keyword: str) -> None:
    """Alternatives at the root become one object; only what all of them require stays required."""
    branches = [branch for branch in _list(found.pop(keyword)) if is_object(branch)]
    properties: dict[str, Json] = {}
    required: list[set[str]] = []
    for branch in branches:
        properties.update(_dict(branch.get("properties")))
        required.append({str(name) for name in _list(branch.get("required"))})
    merged = set[str]().union(*required) if keyword == "allOf" else _common(required)
    known = [str(name) for name in _list(found.get("required"))]
    found["properties"] = {**properties, **_dict(found.get("properties"))}
    found["required"] = [*known, *sorted(merged - set(known))]
    if branches and keyword != "allOf":
        found.pop("additionalProperties", None)


def _common(required: list[set[str]]) -> set[str]:
    return set[str].intersection(*required) if required else set()


def _object(schema: dict[str, Json], room: int) -> dict[str, Json]:
    if room == 0:
        return {}
    found: dict[str, Json] = {}
    for key, value in schema.items():
        if key in _UNTOLD or _is_untellable(key, value):
            continue
        found[key] = _value(key, value, room)
    return found


def _is_untellable(key: str, value: Json) -> bool:
    if key == "$ref":
        return not (isinstance(value, str) and value.startswith("#"))
    return key == "pattern" and not (isinstance(value, str) and _NOT_LINEAR.search(value) is None)


def _value(key: str, value: Json, room: int) -> Json:
    if key in _VALUES:
        return value
    if is_object(value):
        if key in _OF_NAMES:
            return {name: _any(inner, room - 1) for name, inner in value.items()}
        return _object(value, room - 1)
    return [_any(item, room - 1) for item in value] if is_list(value) else value


def _any(value: Json, room: int) -> Json:
    return _object(value, room) if is_object(value) else value


def _list(value: Json) -> list[Json]:
    return value if is_list(value) else []


def _dict(value: Json) -> dict[str, Json]:
    return value if is_object(value) else {}
