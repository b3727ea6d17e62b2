"""Owns the check of arguments against a JSON Schema that a stranger wrote, in words that a model can mend.

Nothing here raises, runs a regular expression of a stranger, or follows an address; a schema that asks for too much
work is left unfinished, in favour of the arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from mainspring.engine.inputs import REPORTED, SHOWN, unsound
from mainspring.model.json_shape import is_list, is_object
from mainspring.model.values import Json, encode_json

STEPS: Final = 20_000
"""How many schemas one check looks into."""
DEPTH: Final = 64

_KINDS: Final = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def check_schema(schema: dict[str, Json], args: Json) -> list[str]:
    """What is wrong with the arguments of a call, each with its place; empty: nothing."""
    if problem := unsound(args):
        return [f"arguments: {problem}"]
    return list(islice(_Check(schema).problems(schema, args, "", DEPTH), REPORTED))


class _Check:
    """One check: what `$ref` leads into, and how much work is left."""

    def __init__(self, root: dict[str, Json]) -> None:
        self._root = root
        self._left = STEPS

    def problems(self, schema: Json, value: Json, place: str, room: int) -> Iterator[str]:
        """What a value has against it by one schema."""
        self._left -= 1
        if schema is False:
            yield f"{place or 'arguments'}: nothing is allowed here"
        if not is_object(schema) or self._left < 0 or room == 0:
            return
        kind = _wrong_kind(schema.get("type"), value)
        if kind is not None:
            yield f"{place or 'arguments'}: expected {kind}, got {_shown(value)}"
            return
        yield from _choices(schema, value, place)
        yield from _bounds(schema, value, place)
        if is_object(value):
            yield from self._members(schema, value, place, room)
        elif is_list(value) and "items" in schema:
            for index, item in enumerate(value):
                yield from self.problems(schema["items"], item, f"{place}[{index}]", room - 1)
        yield from self._combined(schema, value, place, room)

    def _members(
        self, schema: dict[str, Json], value: dict[str, Json], place: str, room: int
    ) -> Iterator[str]:
        properties: dict[str, Json] = schema["properties"] if is_object(schema.get("properties")) else {}
        required = schema.get("required")
        for name in required if is_list(required) else ():
            if isinstance(name, str) and name not in value:
                yield f"{_at(place, name)}: is required{_wanted(properties.get(name))}"
        others: Json = None if "patternProperties" in schema else schema.get("additionalProperties")
        for name, member in value.items():
            if name in properties:
                yield from self.problems(properties[name], member, _at(place, name), room - 1)
            elif others is False:
                known = ", ".join(map(str, properties)) or "none"
                yield f"{_at(place, name)}: there is no such member; members: {known}"
            else:
                yield from self.problems(others, member, _at(place, name), room - 1)

    def _combined(self, schema: dict[str, Json], value: Json, place: str, room: int) -> Iterator[str]:
        for inner in _schemas(schema.get("allOf")):
            yield from self.problems(inner, value, place, room - 1)
        for keyword in ("anyOf", "oneOf"):
            branches = _schemas(schema.get(keyword))
            found = [list(islice(self.problems(one, value, place, room - 1), REPORTED)) for one in branches]
            if found and all(found):
                # The alternative that came nearest says best what to mend.
                yield from min(found, key=len)
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            yield from self.problems(self._resolved(reference), value, place, room - 1)

    def _resolved(self, reference: str) -> Json:
        found: Json = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if is_object(found) else None
        return found


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _schemas(value: Json) -> list[Json]:
    return value if is_list(value) else []


def _wanted(schema: Json) -> str:
    kind = schema.get("type") if is_object(schema) else None
    return f", expected {_KINDS[kind]}" if isinstance(kind, str) and kind in _KINDS else ""


def _wrong_kind(declared: Json, value: Json) -> str | None:
    """What would be right, in words; None: the kind is."""
    kinds: list[Json] = declared if is_list(declared) else [declared]
    known = [kind for kind in kinds if isinstance(kind, str) and kind in _KINDS]
    if not known or any(_is(value, kind) for kind in known):
        return None
    return " or ".join(_KINDS[kind] for kind in known)


def _is(value: Json, kind: str) -> bool:
    match kind:
        case "object":
            return is_object(value)
        case "array":
            return is_list(value)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case _:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return number and (kind == "number" or float(value).is_integer())


def _choices(schema: dict[str, Json], value: Json, place: str) -> Iterator[str]:
    allowed = schema.get("enum")
    if not is_list(allowed):
        allowed = [schema["const"]] if "const" in schema else None
    if allowed is not None and not any(_same(value, one) for one in allowed):
        listed = ", ".join(_shown(one) for one in allowed[:REPORTED])
        yield f"{place or 'arguments'}: expected one of {listed}, got {_shown(value)}"


def _same(value: Json, other: Json) -> bool:
    return value == other and isinstance(value, bool) == isinstance(other, bool)


_BOUNDS: Final[dict[str, tuple[str, Callable[[float, float], bool]]]] = {
    "minimum": ("at least", lambda size, bound: size >= bound),
    "maximum": ("at most", lambda size, bound: size <= bound),
    "exclusiveMinimum": ("more than", lambda size, bound: size > bound),
    "exclusiveMaximum": ("less than", lambda size, bound: size < bound),
}
_LENGTHS: Final = {
    "minLength": ("minimum", "string", "characters"),
    "maxLength": ("maximum", "string", "characters"),
    "minItems": ("minimum", "array", "items"),
    "maxItems": ("maximum", "array", "items"),
}


def _bounds(schema: dict[str, Json], value: Json, place: str) -> Iterator[str]:
    if _is(value, "number"):
        for keyword, (words, holds) in _BOUNDS.items():
            bound: Json = schema.get(keyword)
            if _is(bound, "number") and not holds(value, bound):
                yield f"{place or 'arguments'}: must be {words} {bound}, is {value}"
    for keyword, (limit, kind, unit) in _LENGTHS.items():
        least: Json = schema.get(keyword)
        words, holds = _BOUNDS[limit]
        if _is(value, kind) and _is(least, "number") and not holds(len(value), least):
            yield f"{place or 'arguments'}: must have {words} {least} {unit}, has {len(value)}"


def _shown(value: Json) -> str:
    text = encode_json(value).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
