"""Owns the pieces that the JSON Schema of protocols is made of: texts, choices, mappings, names, uses of types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from mainspring.language.schemas import SCALARS
from mainspring.model.values import Json

Schema: TypeAlias = dict[str, Json]

VARIABLE = "[A-Z][A-Z0-9_]*"
SLUG = "[a-z0-9][a-z0-9-]*"
EXTENSION = "x-"
"""Keys that begin so are the author's own."""


def text(description: str) -> Schema:
    """Any text."""
    return {"type": "string", "description": description}


def pattern(description: str, regex: str) -> Schema:
    """Text of one form."""
    return {"type": "string", "description": description, "pattern": f"^{regex}$"}


def variable(description: str) -> Schema:
    """The name of a variable."""
    return pattern(description, VARIABLE)


def choice(description: str, words: Iterable[str], *, default: str | None = None) -> Schema:
    """One of several words."""
    schema: Schema = {"type": "string", "description": description, "enum": list(words)}
    return schema if default is None else {**schema, "default": default}


def flag(description: str, *, default: bool = False) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description, "default": default}


def whole(description: str, *, least: int = 1, most: int | None = None) -> Schema:
    """A whole number."""
    schema: Schema = {"type": "integer", "description": description, "minimum": least}
    return schema if most is None else {**schema, "maximum": most}


def number(description: str, *, least: float, most: float) -> Schema:
    """A number."""
    return {"type": "number", "description": description, "minimum": least, "maximum": most}


def anything(description: str) -> Schema:
    """Any value."""
    return {"description": description}


def listed(description: str, item: Schema, *, least: int = 0) -> Schema:
    """A list without repetitions."""
    schema: Schema = {"type": "array", "description": description, "items": item, "uniqueItems": True}
    return {**schema, "minItems": least} if least else schema


def named(description: str) -> Schema:
    """A list of names that are declared elsewhere."""
    return listed(description, {"type": "string"})


def ref(name: str, description: str | None = None) -> Schema:
    """A use of a definition."""
    schema: Schema = {"$ref": f"#/$defs/{name}"}
    return schema if description is None else {**schema, "description": description}


def either(description: str, *schemas: Schema) -> Schema:
    """One of several shapes."""
    return {"description": description, "anyOf": list(schemas)}


def dynamic(description: str, written: Schema) -> Schema:
    """A setting that may also be the name of a variable."""
    inner = {key: value for key, value in written.items() if key != "description"}
    return either(f"{description} Or the name of an input or variable that says it.", inner, ref("Variable"))


def section(description: str, members: dict[str, Schema], *, required: Iterable[str] = ()) -> Schema:
    """An object whose keys are known."""
    schema: Schema = {
        "type": "object",
        "description": description,
        "properties": members,
        "patternProperties": {f"^{EXTENSION}": True},
        "additionalProperties": False,
    }
    return {**schema, "required": list(required)} if required else schema


def names(description: str, name: str, member: Schema) -> Schema:
    """An object whose keys are names of the author's choosing."""
    return {
        "type": "object",
        "description": description,
        "propertyNames": {"pattern": f"^({name}|{EXTENSION}.*)$"},
        "patternProperties": {f"^{EXTENSION}": True},
        "additionalProperties": member,
    }


def or_nothing(schema: Schema) -> Schema:
    """A shape, or nothing written after the key."""
    return {"anyOf": [schema, {"type": "null"}]}


TYPE: Schema = {
    "type": "string",
    "description": "A built-in type, a type of `types`, or one of these with `[]` for a list.",
    "anyOf": [
        {"enum": [*SCALARS, *(f"{scalar}[]" for scalar in SCALARS)]},
        {"pattern": r"^[A-Z][A-Za-z0-9]*(\[\])?$"},
    ],
}
INPUT_MAPPING: Schema = either(
    "What the prompt sees: `[A, B]`, `[LABEL: SOURCE]` or `{LABEL: SOURCE}`. Left out: every name it mentions.",
    {
        "type": "array",
        "items": {
            "anyOf": [
                ref("Variable"),
                {"type": "object", "propertyNames": ref("Variable"), "additionalProperties": ref("Variable")},
            ]
        },
    },
    {"type": "object", "propertyNames": ref("Variable"), "additionalProperties": ref("Variable")},
)
ARGUMENTS: Schema = {
    "type": "object",
    "description": "Arguments by name: the name of an input or variable stands for its value, all else for itself.",
}
