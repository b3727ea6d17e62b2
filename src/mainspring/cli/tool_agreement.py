"""Owns comparing Python functions with the tools that agents declare: what the one asks for and the other lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from mainspring.client.tool_schema import camel
from mainspring.client.tools import Tool
from mainspring.model.program import Program
from mainspring.model.program import Tool as Declared
from mainspring.model.values import Json


def disagreements(tools: Mapping[str, Tool], programs: Iterable[Program]) -> list[str]:
    """What is wrong, a sentence each; functions that no agent declares are only told if there are agents at all."""
    declared: set[str] = set()
    found: list[str] = []
    known = False
    for program in programs:
        known = True
        declared |= program.tools.keys()
        for name in program.tools.keys() & tools.keys():
            found += [
                f"{program.slug} declares {name} {problem}"
                for problem in compared(program.tools[name], tools[name].schema)
            ]
    missing = sorted(tools.keys() - declared) if known else []
    return [*found, *(f"no agent declares a tool {name}" for name in missing)]


def compared(declared: Declared, schema: dict[str, Json]) -> Iterator[str]:
    """Where a declaration and the schema of a function do not fit; each continues `declares <tool> ...`."""
    if "properties" not in schema:
        return
    wanted = cast("dict[str, dict[str, Any]]", schema["properties"])
    required = cast("list[str]", schema.get("required", []))
    given = {_camel(name): one for name, one in declared.schema.get("properties", {}).items()}
    always = {_camel(name) for name in declared.schema.get("required", [])}
    yield from (f"without {name}, which the function needs" for name in required if name not in given)
    for name, one in given.items():
        if name not in wanted:
            if schema.get("additionalProperties") is False:
                yield f"with {name}, which the function does not take"
            continue
        if name in required and name not in always:
            yield f"with {name} as optional, but the function needs it"
        yield from _types(name, _kinds(one), _kinds(wanted[name]))


def _types(name: str, ours: frozenset[str], theirs: frozenset[str]) -> Iterator[str]:
    if ours and theirs and not ours & theirs:
        yield f"with {name} as {_words(ours)}, but the function takes {_words(theirs)}"


def _camel(name: str) -> str:
    return camel(name.replace("-", "_"))


def _kinds(schema: dict[str, Any]) -> frozenset[str]:
    """The JSON types a schema allows; empty: any, or more than is compared here."""
    if "type" in schema:
        named = schema["type"]
        kinds = {named} if isinstance(named, str) else set(cast("list[str]", named))
        return frozenset(kinds | ({"integer"} if "number" in kinds else set()))
    parts = cast("list[dict[str, Any]]", schema.get("anyOf", []))
    if not parts or not all(_kinds(part) for part in parts):
        return frozenset()
    return frozenset[str]().union(*map(_kinds, parts))


def _words(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds - {"null"}))
