"""Owns the reference page of the HTTP API: Markdown, made from the table of routes."""

from __future__ import annotations

from typing import Final

from mainspring.model.values import Json
from mainspring.server.openapi import SCHEMAS, schemas_of, scopes_of
from mainspring.server.operation import Operation

_PREFIX: Final = SCHEMAS.format(name="")
_INTRODUCTION: Final = """\
# HTTP API

<!-- Made from the table of routes: `MAINSPRING_GOLDEN=write pytest tests/server/test_routes.py` writes it. -->

Every request but the two health checks carries a key: `Authorization: Bearer <key>`. A key has scopes;
`admin` includes all. A body is a JSON object of at most 10 MB (a setting), nested at most 64 levels deep.

Every answer that is not a success is flat: `{"error": "<text>", "code": "<CODE>"}`; under `/v1` it is
`{"error": {"message", "type", "param", "code"}}`, as OpenAI's clients read it, with the code in lower case.
An id that is unknown and one that belongs to another project look alike: 404.
Every answer has an `X-Request-Id`; send your own to find it in the log.

A stream is server-sent events: one JSON event a `data:` line, a comment at least every 15 seconds. The answer to a
trigger ends with `data: [DONE]`. SDKs of version 4 and later say so in `X-Octavus-Sdk-Version`; without that header
the events have the shape that version 2 reads. A reader that leaves the answer before its end stops the execution
(a setting); `stop` does it explicitly.

| status | code | meaning |
| --- | --- | --- |
| 400 | `VALIDATION_ERROR` | the request is malformed, or an agent's files do not compile (`issues` says where) |
| 401 | `UNAUTHORIZED` | no key, or one that is unknown, expired or revoked |
| 403 | `FORBIDDEN` | the key lacks the scope |
| 404 | `NOT_FOUND`, `…_NOT_FOUND` | unknown, or not yours |
| 405 | `METHOD_NOT_ALLOWED` | the header `Allow` says what the path takes |
| 408 | `REQUEST_TIMEOUT` | the body did not arrive in time |
| 409 | `CONFLICT` | against what is already recorded |
| 413 | `TOO_LARGE` | over a limit |
| 429 | `SESSION_BUSY` | another execution runs in the session; `Retry-After` says when to try again |
| 500 | `INTERNAL_ERROR` | our fault; `requestId` finds it in the log |
| 503 | `UNAVAILABLE`, `STORE_UNAVAILABLE` | not now; `Retry-After` says when to try again |

## Routes

| route | scope | |
| --- | --- | --- |
"""


def reference(operations: tuple[Operation, ...]) -> str:
    """The page."""
    schemas, components = schemas_of(operations)
    rows = [
        f"| `{operation.method} {operation.path}` | {_scope(operation)} | {operation.summary} |\n"
        for operation in operations
    ]
    sections = [_section(operation, schemas, components) for operation in operations]
    return _INTRODUCTION + "".join(rows) + "".join(sections)


def _scope(operation: Operation) -> str:
    if operation.scopes is None:
        return "no key"
    return ", ".join(f"`{scope}`" for scope in scopes_of(operation)) or "any key"


def _section(operation: Operation, schemas: dict[type, Json], components: dict[str, Json]) -> str:
    lines = [f"\n## {operation.method} {operation.path}\n", operation.summary]
    if operation.query:
        lines += ["", "| query | | |", "| --- | --- | --- |"]
        lines += [f"| `{query.name}` | {query.type} | {query.about} |" for query in operation.query]
    if operation.takes is not None:
        lines += ["", "Body:", "", *_members(schemas[operation.takes], components)]
    if operation.streams:
        lines += ["", "Answer: a stream of server-sent events."]
    elif operation.signed and operation.gives is None:
        lines += ["", "Answer: the bytes of the file."]
    elif operation.gives is not None:
        lines += ["", f"Answer ({operation.status}):", "", *_members(schemas[operation.gives], components)]
    return "\n".join(lines) + "\n"


def _members(schema: Json, components: dict[str, Json]) -> list[str]:
    shape = components[schema["$ref"].removeprefix(_PREFIX)]
    required = set(shape.get("required", ()))
    lines = [str(shape.get("description", "")).strip(), "", "| member | type | |", "| --- | --- | --- |"]
    lines += [
        f"| `{name}` | {_type(member, components)} | {'' if name in required else 'optional'} |"
        for name, member in shape["properties"].items()
    ]
    return lines


def _type(schema: Json, components: dict[str, Json]) -> str:
    """The type of a member in a word or two; objects of a few members are written out."""
    if "$ref" in schema:
        shape = components[schema["$ref"].removeprefix(_PREFIX)]
        return "{" + ", ".join(f"`{name}`" for name in shape["properties"]) + "}"
    if "anyOf" in schema:
        return " or ".join(_type(option, components) for option in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return "list of " + _type(schema.get("items", {}), components)
    return str(schema.get("type", "anything"))
