"""Owns the JSON Schema (draft 2020-12) of `protocol.yaml`: what an editor needs to complete and check it.

It knows shapes and words; names that have to exist elsewhere (a tool, a prompt) are the compiler's to check. The text
of `protocol_schema()` is kept in `schema/protocol.schema.json`. An editor with the YAML language server uses it where
the first line of a protocol is `# yaml-language-server: $schema=<path or address of that file>`.
"""

from __future__ import annotations

import msgspec

from mainspring.language.catalogue import SOURCES
from mainspring.language.json_schema_blocks import AGENT, SHOWN, block_definitions
from mainspring.language.json_schema_parts import (
    SLUG,
    TYPE,
    VARIABLE,
    Schema,
    anything,
    choice,
    either,
    flag,
    listed,
    names,
    or_nothing,
    pattern,
    ref,
    section,
    text,
    variable,
    whole,
)
from mainspring.language.json_schema_policies import POLICY

_DESCRIPTION = text("What it is for.")
_TYPE_NAME = "[A-Z][A-Za-z0-9]*"
_PROPERTY_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_PARAMETER_NAME = "[A-Za-z_][A-Za-z0-9_.-]*"
_EXECUTION = choice("Where it runs.", ("sandbox", "device"), default="sandbox")
_RETENTION = section(
    "How much of its results the model keeps in view.",
    {
        "toolResults": section(
            "The results of its tools.", {"retainLast": whole("How many of the last ones.", least=0)}
        )
    },
)
_GIVEN: dict[str, Schema] = {
    "type": TYPE,
    "description": _DESCRIPTION,
    "optional": flag("Whether it may be left out; it is then the default, or the text `NONE`."),
    "default": anything("What it is if it is not given."),
    "enum": listed("The words it may be (`type: string`).", {"type": "string"}, least=1),
}


def protocol_schema() -> Schema:
    """The schema, as a JSON value."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mainspring protocol",
        **section(
            "What an agent takes in, which tools and prompts it has, and what it does step by step.", _TOP
        ),
        "anyOf": [{"required": ["agent"]}, {"required": ["steps"]}],
        "$defs": _definitions(),
    }


def protocol_schema_text() -> str:
    """The schema as the file says it: indented by 2, with a line break at the end."""
    return msgspec.json.format(msgspec.json.encode(protocol_schema()), indent=2).decode() + "\n"


def _definitions() -> dict[str, Schema]:
    return {
        "Variable": pattern("The name of an input, variable or resource.", VARIABLE),
        "Given": section("A declared input.", _GIVEN, required=("type",)),
        "Property": _property("A property."),
        "Type": either(
            "An object type, a list type or a union.", _list_type(), _union_type(), _object_type()
        ),
        **block_definitions(),
    }


def _property(description: str) -> Schema:
    listed_type = section(
        "What the list holds.", {"type": TYPE, "description": _DESCRIPTION}, required=("type",)
    )
    return section(
        description,
        {
            "type": {**TYPE, "anyOf": [*TYPE["anyOf"], {"const": "array"}]},
            "description": text("What it means; the model reads this."),
            "optional": flag("Whether it may be left out."),
            "enum": listed("The words it may be (`type: string`).", {"type": "string"}, least=1),
            "const": text("The one word it is (`type: string`); tells the variants of a union apart."),
            "items": {**listed_type, "description": "What the list holds (`type: array`)."},
        },
        required=("type",),
    )


def _list_type() -> Schema:
    items = section("What the list holds.", {"type": TYPE, "description": _DESCRIPTION}, required=("type",))
    members = {"type": {"const": "array"}, "items": items, "description": _DESCRIPTION}
    return section("A list type.", members, required=("type", "items"))


def _union_type() -> Schema:
    return section(
        "A value of one of several object types.",
        {
            "anyOf": listed("The object types.", pattern("An object type.", _TYPE_NAME), least=2),
            "discriminator": text("The property whose `const` tells them apart."),
            "description": _DESCRIPTION,
        },
        required=("anyOf", "discriminator"),
    )


def _object_type() -> Schema:
    return {
        **names("An object type: its properties by name.", _PROPERTY_NAME, ref("Property")),
        "properties": {"description": {"anyOf": [{"type": "string"}, ref("Property")]}},
        "minProperties": 1,
    }


def _values(description: str, *, without: tuple[str, ...], more: dict[str, Schema] | None = None) -> Schema:
    members = {key: schema for key, schema in _GIVEN.items() if key not in without}
    return names(
        description, VARIABLE, section("A declared value.", {**members, **(more or {})}, required=("type",))
    )


_INPUT = names("What the agent is given.", VARIABLE, ref("Given"))
_SKILL = section("How a skill is shown and where it runs.", {**SHOWN, "execution": _EXECUTION})
_TOOL = section(
    "A tool that runs on your side.",
    {
        "description": text("What it does; the model reads this."),
        "display": {**SHOWN["display"], "description": "What a client sees of a call."},
        "title": SHOWN["title"],
        "parameters": names("Its parameters by name.", _PARAMETER_NAME, ref("Property")),
        "policy": POLICY,
    },
    required=("description",),
)
_MCP_SHOWN: dict[str, Schema] = {**SHOWN, "execution": _EXECUTION, "contextRetention": _RETENTION}
_MCP = section(
    "A server of tools.",
    {
        **_MCP_SHOWN,
        "source": choice("Where it is reached from.", SOURCES),
        "connection": choice("When it is connected (`source: remote`).", ("lazy", "eager"), default="lazy"),
    },
    required=("description", "source"),
)
_WORKER = section(
    "How a worker agent is shown, and which tools of this agent it uses.",
    {
        **SHOWN,
        "display": {**SHOWN["display"], "default": "stream"},
        "tools": {
            "type": "object",
            "description": "The worker's tool by name: the tool of this agent that runs for it.",
            "additionalProperties": {"type": "string"},
        },
    },
)
_TRIGGER = section(
    "A way into the agent.",
    {"description": _DESCRIPTION, "input": names("What comes with it.", VARIABLE, ref("Given"))},
)
_TOP: dict[str, Schema] = {
    "input": _INPUT,
    "variables": _values("Values that blocks write.", without=("optional", "enum")),
    "resources": _values(
        "Values kept in step with the client (deprecated: use tools).",
        without=("optional", "enum"),
        more={"readonly": flag("Whether the agent may only read it.")},
    ),
    "types": names("Types of values by name.", _TYPE_NAME, ref("Type")),
    "tools": names("Tools that run on your side, by name.", SLUG, _TOOL),
    "skills": names("Skills by name.", SLUG, or_nothing(_SKILL)),
    "onDemandSkills": {**_SKILL, "description": "How skills are shown that are found while the agent runs."},
    "mcpServers": names(
        "MCP servers: groups of tools, by the namespace that leads their names (`files__read`).",
        SLUG,
        _MCP,
    ),
    "onDemandMcpServers": section(
        "Servers of tools that are found while the agent runs.",
        {"remote": section("Those that the server reaches.", _MCP_SHOWN)},
    ),
    "workers": names("Worker agents by slug.", SLUG, or_nothing(_WORKER)),
    "triggers": names("Ways into the agent, by name.", SLUG, or_nothing(_TRIGGER)),
    "handlers": names("What answers a trigger, by the trigger's name.", SLUG, or_nothing(ref("Blocks"))),
    "agent": section("How the main thread talks to its model.", AGENT, required=("model",)),
    "steps": ref("Blocks", "What a worker does, in order."),
    "output": variable("The variable that is a worker's result."),
}
