"""Checks the JSON Schema of protocols: it knows every key the compiler knows, and judges protocols as it does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mainspring.language import json_schema
from mainspring.language.blocks.table import BLOCKS
from mainspring.language.draft import COMMON
from mainspring.language.json_schema import protocol_schema, protocol_schema_text
from mainspring.language.threads import AGENT, SHARED
from tests.language.schema_reader import problems

SCHEMA = protocol_schema()
FILE = Path(json_schema.__file__).parent / "schema" / "protocol.schema.json"

AGENT_ONLY = "agent: {model: scripted/x}"
WORKER = """
input: {TOPIC: {type: string, enum: [a, b]}, FILES: {type: "file[]", optional: true}}
variables: {REPORT: {type: Report}}
types:
  Report:
    type: {type: string, const: report}
    description: A report.
    parts: {type: array, items: {type: Part}, description: The parts}
  Parts: {type: array, items: {type: Part}}
  Part: {anyOf: [Report, Parts], discriminator: type}
tools:
  look-up: {description: Looks things up., display: title, title: Looking, parameters: {q: {type: "Part[]"}}}
steps:
  Start: {block: start-thread, thread: work, model: MODEL, system: s, maxSteps: 3, temperature: "off"}
  Ask: {block: add-message, role: user, prompt: p, input: [TOPIC, {LABEL: TOPIC}], thread: work}
  Answer: {block: next-message, thread: work, output: REPORT, responseType: Report}
  Respond: next-message
  next-message:
  Call: {block: tool-call, tool: look-up, input: {q: [1, TOPIC]}, output: REPORT, x-note: mine}
output: REPORT
x-owner: me
"""


def judge(text: str) -> list[str]:
    return problems(yaml.safe_load(text), SCHEMA, SCHEMA)


def test_the_file_is_what_the_generator_gives(golden: Callable[[Path, str], None]) -> None:
    golden(FILE, protocol_schema_text())


@pytest.mark.parametrize("text", [AGENT_ONLY, WORKER])
def test_a_good_protocol_passes(text: str) -> None:
    assert judge(text) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{}", "needs agent"),
        ("agent: {}", ".agent: needs model"),
        ("agent: {model: scripted/x, modle: y}", ".agent.modle: not allowed"),
        ("agent: {model: no provider}", ".agent.model: fits none"),
        ("agent: {model: a/b, thinking: huge}", ".agent.thinking: fits none"),
        ("agent: {model: a/b, temperature: 3}", ".agent.temperature: fits none"),
        ("agent: {model: a/b, sandboxTimeout: 3600001}", ".agent.sandboxTimeout: is too large"),
        ("agent: {model: a/b, tools: [x, x]}", ".agent.tools: repeats"),
        ("{agent: {model: a/b}, input: {Name: {type: string}}}", "key Name"),
        ("{agent: {model: a/b}, input: {NAME: {type: text}}}", ".input.NAME.type: fits none"),
        ("{agent: {model: a/b}, input: {NAME: {type: string, readonly: true}}}", "readonly: not allowed"),
        ("{agent: {model: a/b}, variables: {NAME: {type: string, optional: true}}}", "optional: not allowed"),
        ("{agent: {model: a/b}, types: {Empty: {}}}", ".types.Empty: fits none"),
        ("{agent: {model: a/b}, types: {One: {anyOf: [A], discriminator: b}}}", ".types.One: fits none"),
        ("{agent: {model: a/b}, tools: {t: {display: name}}}", ".tools.t: needs description"),
        ("{agent: {model: a/b}, tools: {T: {description: x}}}", "key T"),
        ("{agent: {model: a/b}, mcpServers: {m: {description: x, source: web}}}", "source: is none of"),
        ("steps: {A: {block: add-message, role: user}}", ".steps.A: needs prompt"),
        ("steps: {A: {block: add-message, role: bot, prompt: p}}", ".steps.A.role: is none of"),
        ("steps: {A: {block: nothing}}", ".steps.A.block: is none of"),
        ("steps: {A: next}", ".steps.A: is none of"),
        ("{steps: {A: next-message}, output: result}", ".output: `result` does not match"),
    ],
)
def test_a_bad_protocol_is_found(text: str, complaint: str) -> None:
    assert complaint in "\n".join(judge(text))


def test_every_key_of_the_compiler_is_described() -> None:
    agent: dict[str, Any] = SCHEMA["properties"]["agent"]["properties"]
    assert set(agent) == set(AGENT)
    for name, kind in BLOCKS.items():
        members = SCHEMA["$defs"][name]["properties"]
        assert set(members) == {*COMMON, *kind.members}, name
    assert set(SCHEMA["$defs"]["start-thread"]["properties"]) == {*COMMON, *SHARED}


def test_everything_an_author_writes_has_a_description() -> None:
    missing: list[str] = []

    def walk(schema: Any, path: str) -> None:
        for key, member in schema.get("properties", {}).items() if isinstance(schema, dict) else ():
            if not (member.get("description") or "$ref" in member or "const" in member or "anyOf" in member):
                missing.append(f"{path}.{key}")
        for key, inner in schema.items() if isinstance(schema, dict) else enumerate(schema):
            if isinstance(inner, dict | list):
                walk(inner, f"{path}.{key}")

    walk(SCHEMA, "")
    assert missing == []
