"""Owns the tables of the protocol's keys, drawn from the JSON Schema that editors use."""

from collections.abc import Iterator
from typing import Any

from mainspring.language.json_schema import protocol_schema
from mainspring.language.json_schema_blocks import BLOCKS, THREAD

SCHEMA: dict[str, Any] = protocol_schema()
DEFINITIONS: dict[str, Any] = SCHEMA["$defs"]
TOP: dict[str, Any] = SCHEMA["properties"]
NOT_RUN = (
    "skills", "onDemandSkills", "sandboxTimeout", "imageModel", "videoModel",
    "speechModel", "speechVoice", "transcriptionModel", "webSearch", "anthropic",
)  # fmt: skip
"""Keys of what this server does not run."""
_DYNAMIC = " Or the name of an input or variable that says it."
_NAMED = {"Variable": "VARIABLE", "Given": "a declared input", "Blocks": "blocks by name", "Type": "a type"}


def shape_words(schema: dict[str, Any]) -> str:
    """What may be written for a schema, in a few words."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return _NAMED.get(name, name.lower())
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " ".join(f"`{word}`" for word in schema["enum"])
    kind = schema.get("type", "any")
    if kind == "array":
        return "list of " + shape_words(schema["items"])
    if kind == "object":
        return "mapping"
    if kind in {"integer", "number"}:
        return _number_words(schema)
    if kind == "string":
        return _text_words(schema)
    return _union_words(schema) if "anyOf" in schema else str(kind)


def _number_words(schema: dict[str, Any]) -> str:
    bounds = [("≥", schema.get("minimum")), ("≤", schema.get("maximum"))]
    limits = " and ".join(f"{sign} {bound}" for sign, bound in bounds if bound is not None)
    return f"{schema['type']} {limits}".strip()


def _text_words(schema: dict[str, Any]) -> str:
    pattern = schema.get("pattern", "")
    if "[A-Z][A-Z0-9_]*" in pattern:
        return "VARIABLE"
    if "/" in pattern:
        return "`provider/model-id`"
    return "type" if "anyOf" in schema else "text"


def _union_words(schema: dict[str, Any]) -> str:
    words = [shape_words(one) for one in schema["anyOf"] if one.get("type") != "null"]
    return " or ".join(dict.fromkeys(words))


def _inner(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas of mappings that a schema may be: itself, one of several, or the members of its names."""
    for one in schema.get("anyOf", [schema]):
        if "$ref" in one:
            continue
        yield one
        member = one.get("additionalProperties")
        if isinstance(member, dict):
            yield from _inner(member)


def told(key: str, meaning: str) -> str:
    """What a key means, and whether it does anything."""
    text = meaning.replace(_DYNAMIC, "")
    return f"{text} *Not run.*" if key in NOT_RUN else text


def rows(properties: dict[str, Any], required: list[str], lead: str = "") -> Iterator[str]:
    """A line for each key, with those below it."""
    for key, schema in properties.items():
        needed = " **required**" if key in required else ""
        default = schema.get("default")
        shown = (
            "" if default is None else f"`{str(default).lower() if isinstance(default, bool) else default}`"
        )
        meaning = told(key, schema.get("description", ""))
        yield f"| `{lead}{key}`{needed} | {shape_words(schema)} | {shown} | {meaning} |"
        if schema.get("type") == "object" and "properties" in schema:
            yield from rows(schema["properties"], schema.get("required", []), f"{lead}{key}.")
        elif isinstance(schema.get("additionalProperties"), dict) and schema.get("type") == "object":
            for inner in _inner(schema["additionalProperties"]):
                yield from rows(inner.get("properties", {}), inner.get("required", []), f"{lead}{key}.*.")


def table(properties: dict[str, Any], required: list[str]) -> str:
    """Keys as Markdown."""
    lines = ["| key | is | default | meaning |", "| --- | --- | --- | --- |", *rows(properties, required)]
    return "\n".join(lines)


def member_table(section: str) -> str:
    """The keys of one member of a top-level section, like one tool of `tools`."""
    schema = TOP[section]
    member = schema.get("additionalProperties")
    if isinstance(member, dict):
        schema = DEFINITIONS["Given"] if member == {"$ref": "#/$defs/Given"} else next(_with_keys(member))
    return table(schema["properties"], schema.get("required", []))


def _with_keys(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (one for one in _inner(schema) if "properties" in one)


def type_tables() -> str:
    """The keys of a property, and of the types that are no objects, as Markdown."""
    found = [f"A property:\n\n{table(DEFINITIONS['Property']['properties'], ['type'])}"]
    for title, one in zip(("A list type", "A union"), DEFINITIONS["Type"]["anyOf"], strict=False):
        found.append(f"{title}:\n\n{table(one['properties'], one['required'])}")
    return "\n\n".join(found)


def block_tables() -> str:
    """Every kind of block, each with a heading and its keys."""
    found: list[str] = []
    for kind, (meaning, members, required) in BLOCKS.items():
        own = {key: members[key] for key in members if kind != "start-thread" or key not in THREAD}
        more = "" if own == members else " It takes the keys of `agent` that a thread has, and:"
        found.append(f"### {kind}\n\n{meaning}{more}\n\n{table(own, list(required))}")
    return "\n\n".join(found)


def top_table() -> str:
    """The top-level keys, without what is below them."""
    lines = ["| key | is | meaning |", "| --- | --- | --- |"]
    lines += [
        f"| `{key}` | {shape_words(schema)} | {told(key, schema.get('description', ''))} |"
        for key, schema in TOP.items()
    ]
    return "\n".join(lines)


def every_key() -> set[str]:
    """Every key that the schema knows, wherever it stands."""
    found: set[str] = set()
    waiting: list[Any] = [SCHEMA]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            properties = one.get("properties")
            if isinstance(properties, dict):
                found |= set(properties)
            waiting += one.values()
    return found
