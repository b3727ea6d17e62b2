"""Owns the JSON Schema of declared values: what a model is told about a worker's input."""

from __future__ import annotations

from collections.abc import Mapping

from mainspring.model.program import Declared, Program, TypeRef
from mainspring.model.values import Json

_SCALARS: dict[str, dict[str, Json]] = {
    "string": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "unknown": {},
    "file": {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "mediaType": {"type": "string"},
            "url": {"type": "string"},
        },
        "required": ["id", "mediaType", "url"],
    },
}


def type_schema(program: Program, type_: TypeRef) -> dict[str, Json]:
    """The schema of a use of a type."""
    item = _SCALARS.get(type_.name)
    if item is None:
        item = program.schemas.get(type_.name, {})
    return {"type": "array", "items": dict(item)} if type_.array else dict(item)


def input_schema(program: Program, declared: Mapping[str, Declared]) -> dict[str, Json]:
    """The schema of an object with the declared names as properties."""
    properties: dict[str, Json] = {}
    for name, value in declared.items():
        schema = type_schema(program, value.type)
        if value.enum:
            schema["enum"] = list(value.enum)
        if value.description is not None:
            schema["description"] = value.description
        properties[name] = schema
    required = [name for name, value in declared.items() if not value.optional and not value.has_default]
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema
