"""Owns the API document: OpenAPI 3.1, made from the table of routes."""

from __future__ import annotations

import re
from typing import Final, cast

import msgspec

from mainspring.model.values import Json
from mainspring.server.operation import ADMIN, Context, Operation
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import ErrorBody

API_VERSION: Final = "1"
SCHEMAS: Final = "#/components/schemas/{name}"

_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_ABOUT: Final = (
    "Every answer that is not a success is a flat `{error, code}`. Streams are server-sent events: "
    "one JSON event a `data:` line, `data: [DONE]` at the end of an answer, a comment at least every 15 seconds."
)


async def get_document(context: Context, _request: Request) -> Reply:
    """This document."""
    return reply(document(context.operations))


def document(operations: tuple[Operation, ...]) -> dict[str, Json]:
    """The OpenAPI document of a table of routes."""
    schemas, components = schemas_of(operations)
    paths: dict[str, dict[str, Json]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Mainspring", "version": API_VERSION, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def schemas_of(operations: tuple[Operation, ...]) -> tuple[dict[type, Json], dict[str, Json]]:
    """The JSON Schema of every body in the table, by type, and the components they refer to."""
    types: list[type] = [ErrorBody]
    for operation in operations:
        types += [body for body in (operation.takes, operation.gives) if body is not None]
    unique = tuple(dict.fromkeys(types))
    schemas, components = msgspec.json.schema_components(unique, ref_template=SCHEMAS)
    return dict(zip(unique, cast("tuple[Json, ...]", schemas), strict=True)), components


def _describe(operation: Operation, schemas: dict[type, Json]) -> dict[str, Json]:
    described: dict[str, Json] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {
            str(operation.status): {
                "description": operation.summary,
                "content": _content(operation, schemas),
            },
            "default": {
                "description": "What went wrong.",
                "content": {"application/json": {"schema": schemas[ErrorBody]}},
            },
        },
        "security": [] if operation.scopes is None else [{"key": []}],
        "x-scopes": scopes_of(operation),
    }
    if operation.takes is not None:
        body = {"schema": schemas[operation.takes]}
        required = any(field.required for field in msgspec.structs.fields(operation.takes))
        described["requestBody"] = {"required": required, "content": {"application/json": body}}
    return described


def scopes_of(operation: Operation) -> list[str]:
    """The scopes that suffice; none: any key, or no key at all."""
    return [] if not operation.scopes else sorted(operation.scopes | {ADMIN})


def _parameters(operation: Operation) -> list[Json]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(operation.path)
    ]
    in_query = [
        {"name": query.name, "in": "query", "schema": {"type": query.type}, "description": query.about}
        for query in operation.query
    ]
    return [*in_path, *in_query]


def _content(operation: Operation, schemas: dict[type, Json]) -> dict[str, Json]:
    if operation.streams:
        return {"text/event-stream": {"schema": {"type": "string"}}}
    if operation.signed and operation.gives is None:
        return {"*/*": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}}
    schema = {"type": "object"} if operation.gives is None else schemas[operation.gives]
    return {"application/json": {"schema": schema}}
