"""Owns the JSON Schema of a type: self-contained, without `$ref`; objects allow no other properties."""

from __future__ import annotations

from collections.abc import Mapping

from mainspring.model.program import ArrayType, ObjectType, Property, TypeDecl, TypeRef
from mainspring.model.values import Json

SCALARS = ("string", "number", "integer", "boolean", "unknown", "file")

_FILE: dict[str, Json] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "mediaType": {"type": "string"},
        "url": {"type": "string"},
        "filename": {"type": "string"},
        "size": {"type": "integer"},
    },
    "required": ["id", "mediaType", "url"],
    "additionalProperties": False,
}


def ref_schema(ref: TypeRef, schemas: Mapping[str, dict[str, Json]]) -> dict[str, Json]:
    """The schema of a use of a type; a type that has none yet (it is wrong) allows anything."""
    if ref.name == "unknown":
        schema: dict[str, Json] = {}
    elif ref.name == "file":
        schema = _FILE
    elif ref.name in SCALARS:
        schema = {"type": ref.name}
    else:
        schema = schemas.get(ref.name, {})
    return {"type": "array", "items": schema} if ref.array else schema


def property_schema(member: Property, schemas: Mapping[str, dict[str, Json]]) -> dict[str, Json]:
    """The schema of a property: its type, narrowed by `enum` and `const`, with its description."""
    schema = dict(ref_schema(member.type, schemas))
    if member.enum:
        schema["enum"] = list(member.enum)
    if member.const is not None:
        schema["const"] = member.const
    if member.description is not None:
        schema["description"] = member.description
    return schema


def object_schema(
    properties: Mapping[str, Property], schemas: Mapping[str, dict[str, Json]]
) -> dict[str, Json]:
    """The schema of an object with these properties."""
    return {
        "type": "object",
        "properties": {name: property_schema(member, schemas) for name, member in properties.items()},
        "required": [name for name, member in properties.items() if not member.optional],
        "additionalProperties": False,
    }


def type_schema(declared: TypeDecl, schemas: Mapping[str, dict[str, Json]]) -> dict[str, Json]:
    """The schema of a declared type; `schemas` has those of the types it uses."""
    schema: dict[str, Json]
    if isinstance(declared, ObjectType):
        schema = object_schema(declared.properties, schemas)
    elif isinstance(declared, ArrayType):
        schema = {"type": "array", "items": ref_schema(declared.items, schemas)}
    else:
        schema = {"anyOf": [schemas.get(name, {}) for name in declared.any_of]}
    return schema if declared.description is None else {**schema, "description": declared.description}
