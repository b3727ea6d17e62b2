"""Owns writing YAML: JSON values as readable text, with a mark at what is assumed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TypeGuard, cast

from mainspring.language.scalars import resolve
from mainspring.model.values import Json

MARK = "  # assumed"
_BARE = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_/.+ -]*(?<! )")
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def mapping_lines(value: dict[str, Json], written: Json, indent: str = "") -> Iterator[str]:
    """The lines of a mapping.

    Where `written` has a member it is taken as it stands, and where both are mappings they are merged; what only
    `value` has is marked as assumed; what only `written` has comes last. With `written` equal to `value` nothing is
    marked.
    """
    members = cast("dict[str, Json]", written) if isinstance(written, dict) else {}
    for key, inner in value.items():
        if key not in members:
            yield from _member(key, inner, inner, indent, MARK)
        elif isinstance(inner, dict) and (isinstance(members[key], dict) or members[key] is None):
            yield from _member(key, inner, members[key], indent)
        else:
            yield from _member(key, members[key], members[key], indent)
    for key, inner in members.items():
        if key not in value:
            yield from _member(key, inner, inner, indent)


def _member(key: str, value: Json, written: Json, indent: str, mark: str = "") -> Iterator[str]:
    head = f"{indent}{_scalar(key)}:"
    if isinstance(value, dict) and value:
        yield head + mark
        yield from mapping_lines(cast("dict[str, Json]", value), written, indent + "  ")
    elif _is_list(value) and any(isinstance(item, dict | list) for item in value):
        yield head + mark
        for item in value:
            yield f"{indent}  - {_flow(item)}"
    else:
        yield f"{head} {_flow(value)}{mark}"


def _flow(value: Json) -> str:
    if isinstance(value, dict):
        members = cast("dict[str, Json]", value).items()
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(inner)}" for key, inner in members) + "}"
    if _is_list(value):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _is_list(value: Json) -> TypeGuard[list[Json]]:
    return isinstance(value, list)


def _scalar(value: Json) -> str:
    if isinstance(value, str) and _BARE.fullmatch(value) and isinstance(resolve(value), str):
        return value
    return _ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(value, ensure_ascii=False))
