"""Owns the check of values that come from outside: inputs against their declarations, arguments against a tool.

A problem is one sentence that begins with the place (`input.ITEMS[2].price`) and says what is allowed. Nothing here
raises: a value that nests too deep, or a number that JSON cannot hold, is a problem like any other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeGuard

import msgspec

from mainspring.model.program import (
    ArrayType,
    Declared,
    ObjectType,
    Program,
    Property,
    Tool,
    TypeDecl,
    TypeRef,
    UnionType,
)
from mainspring.model.values import Json

DEPTH = 64
"""How deep a value may nest."""
REPORTED = 20
"""The most problems named in one check."""
SHOWN = 40
"""The most characters shown of a wrong value."""
LEAST, GREATEST = -(2**63), 2**64 - 1
"""The whole numbers that every store and wire keeps exactly."""
NOT_GIVEN = "NONE"
"""What an optional input without a default is to the agent."""

NUMERAL = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
FILE_MEMBERS = {
    "id": Property(type=TypeRef(name="string")),
    "mediaType": Property(type=TypeRef(name="string")),
    "url": Property(type=TypeRef(name="string")),
    "filename": Property(type=TypeRef(name="string"), optional=True),
    "size": Property(type=TypeRef(name="number"), optional=True),
}


def check_values(
    program: Program, declared: Mapping[str, Declared], given: Mapping[str, Json], *, where: str
) -> tuple[dict[str, Json], list[str]]:
    """The declared values with defaults filled in, and what is wrong with the given ones.

    A given `null` counts as absent. An optional input without default becomes the string `NONE`. Names that are not
    declared are left out. Inputs often arrive as text: `"true"` is a boolean and `"5"` a number where one is declared.
    """
    values: dict[str, Json] = {}
    problems: list[str] = []
    for name, declaration in declared.items():
        place = f"{where}.{name}"
        value = _from_text(given.get(name), declaration.type)
        if value is None and not (name in given and declaration.type == TypeRef(name="unknown")):
            problems += _absent(values, declaration, place)
            continue
        values[name] = value
        problems += islice(_declared(value, declaration, place, program.types), REPORTED - len(problems))
    return values, problems[:REPORTED]


def initial_values(declared: Mapping[str, Declared]) -> dict[str, Json]:
    """The defaults of variables or resources; one without a default is absent."""
    return {name: declaration.default for name, declaration in declared.items() if declaration.has_default}


def check_arguments(tool: Tool, program: Program, args: Json) -> list[str]:
    """What is wrong with the arguments of a call, in words for the model that wrote them; empty: nothing.

    Only the parameters that the protocol declares are checked; arguments beyond them are left alone.
    """
    if not _is_object(args):
        return [f"arguments: expected an object, got {_kind(args)}"]
    if problem := unsound(args):
        return [f"arguments: {problem}"]
    found = _members(args, tool.parameters, "", program.types)
    return list(islice(found, REPORTED))


def check_answer(program: Program, type_name: str, value: Json) -> list[str]:
    """What is wrong with a value of a declared type, in words for the model that wrote it; empty: nothing."""
    if problem := unsound(value):
        return [f"answer: {problem}"]
    return list(islice(_check(value, TypeRef(name=type_name), "answer", program.types), REPORTED))


def _absent(values: dict[str, Json], declaration: Declared, place: str) -> Iterable[str]:
    """Fills in what stands for a value that was not given; a problem if it is required."""
    if declaration.has_default:
        values[declaration.name] = declaration.default
    elif declaration.optional:
        values[declaration.name] = NOT_GIVEN
    else:
        return [f"{place}: is required, expected {_wanted(declaration.type)}{_choice(declaration.enum)}"]
    return ()


def _from_text(value: Json, ref: TypeRef) -> Json:
    """A boolean or number written as text, as what it says; any other value as it is."""
    if not isinstance(value, str) or ref.array:
        return value
    if ref.name == "boolean" and value in ("true", "false"):
        return value == "true"
    if ref.name in ("number", "integer") and NUMERAL.fullmatch(value):
        return msgspec.json.decode(value) if _is_json_number(value) else value
    return value


def _is_json_number(text: str) -> bool:
    digits = text.removeprefix("-").split(".")[0]
    return digits == "0" or not digits.startswith("0")


def _declared(value: Json, declaration: Declared, place: str, types: Mapping[str, TypeDecl]) -> Iterator[str]:
    if problem := unsound(value):
        yield f"{place}: {problem}"
        return
    problem = None
    for problem in _check(value, declaration.type, place, types):
        yield problem
    if problem is None and declaration.enum and value not in declaration.enum:
        yield f"{place}: expected one of{_choice(declaration.enum)}, got {_shown(value)}"


def _check(value: Json, ref: TypeRef, place: str, types: Mapping[str, TypeDecl]) -> Iterator[str]:
    """The problems of a value of a type. Recursion is bounded: `unsound` has measured the value."""
    if ref.array:
        yield from _items(value, TypeRef(name=ref.name), place, types)
    elif ref.name == "file":
        yield from _object(value, FILE_MEMBERS, place, types)
    elif (declaration := types.get(ref.name)) is None:
        if not _is_scalar(value, ref.name):
            yield f"{place}: expected {_wanted(ref)}, got {_kind(value)}"
    elif isinstance(declaration, ObjectType):
        yield from _object(value, declaration.properties, place, types)
    elif isinstance(declaration, ArrayType):
        yield from _items(value, declaration.items, place, types)
    else:
        yield from _variant(value, declaration, place, types)


def _items(value: Json, ref: TypeRef, place: str, types: Mapping[str, TypeDecl]) -> Iterator[str]:
    if not _is_array(value):
        yield f"{place}: expected an array, got {_kind(value)}"
        return
    for index, item in enumerate(value):
        yield from _check(item, ref, f"{place}[{index}]", types)


def _object(
    value: Json, properties: Mapping[str, Property], place: str, types: Mapping[str, TypeDecl]
) -> Iterator[str]:
    if _is_object(value):
        yield from _members(value, properties, f"{place}.", types)
    else:
        yield f"{place}: expected an object with {', '.join(properties)}, got {_kind(value)}"


def _members(
    value: dict[str, Json], properties: Mapping[str, Property], lead: str, types: Mapping[str, TypeDecl]
) -> Iterator[str]:
    for name, declared in properties.items():
        member = value.get(name)
        if member is None and not (name in value and declared.type == TypeRef(name="unknown")):
            if not declared.optional:
                yield f"{lead}{name}: is required, expected {_wanted(declared.type)}{_choice(_allowed(declared))}"
            continue
        problem = None
        for problem in _check(member, declared.type, f"{lead}{name}", types):
            yield problem
        if problem is None and _allowed(declared) and member not in _allowed(declared):
            yield f"{lead}{name}: expected one of{_choice(_allowed(declared))}, got {_shown(member)}"


def _variant(value: Json, union: UnionType, place: str, types: Mapping[str, TypeDecl]) -> Iterator[str]:
    """Checks a value as the variant that its discriminator names."""
    if not _is_object(value):
        yield f"{place}: expected an object with {union.discriminator}, got {_kind(value)}"
        return
    variants = {
        variant.properties[union.discriminator].const or "": variant
        for name in union.any_of
        if isinstance(variant := types.get(name), ObjectType)
    }
    said = value.get(union.discriminator)
    found = variants.get(said) if isinstance(said, str) else None
    if found is None:
        yield f"{place}.{union.discriminator}: expected one of{_choice(tuple(variants))}, got {_shown(said)}"
    else:
        yield from _members(value, found.properties, f"{place}.", types)


def _is_object(value: Json) -> TypeGuard[dict[str, Json]]:
    return isinstance(value, dict)


def _is_array(value: Json) -> TypeGuard[list[Json]]:
    return isinstance(value, (list, tuple))


def _is_scalar(value: Json, name: str) -> bool:
    match name:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "integer":
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            return whole and not isinstance(value, bool)
        case _:
            return True


def unsound(value: Json) -> str | None:
    """Why no store or wire could hold a value; None: they can. Walks without recursion."""
    level = [value]
    for _ in range(DEPTH + 1):
        deeper: list[Json] = []
        for item in level:
            if _is_object(item):
                deeper.extend(item.values())
            elif _is_array(item):
                deeper.extend(item)
            elif isinstance(item, float) and not math.isfinite(item):
                return "numbers must be finite"
            elif isinstance(item, int) and not LEAST <= item <= GREATEST:
                return f"whole numbers must be between {LEAST} and {GREATEST}"
        if not deeper:
            return None
        level = deeper
    return f"nests deeper than {DEPTH} levels"


def _allowed(declared: Property) -> tuple[str, ...]:
    return declared.enum or (() if declared.const is None else (declared.const,))


def _choice(allowed: tuple[str, ...]) -> str:
    """The values to choose from, ready to follow a phrase; empty if there is no choice."""
    return f" {', '.join(map(_quoted, allowed))}" if allowed else ""


def _wanted(ref: TypeRef) -> str:
    """A type in words."""
    if ref.array:
        return f"an array of {ref.name}"
    if ref.name == "unknown":
        return "a value"
    return f"{'an' if ref.name == 'integer' else 'a'} {ref.name}"


def _kind(value: Json) -> str:
    """What kind of JSON a value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return f"the string {_quoted(value)}"
    return "an array" if _is_array(value) else "an object"


def _shown(value: Json) -> str:
    return _quoted(value) if isinstance(value, str) else _kind(value)


def _quoted(text: str) -> str:
    short = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return f'"{short}"'
