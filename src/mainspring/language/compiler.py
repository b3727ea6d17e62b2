"""Owns the compiler's public entry: an agent's files in, a program or diagnostics out. It never raises.

Sections are read in the order in which they build on each other: types, values, tools, lists of things from
elsewhere, triggers, the agent, blocks; then the rules look at the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mainspring.language.agent import read_agent
from mainspring.language.catalogue import read_catalogue, read_workers
from mainspring.language.conventions import assume_trigger
from mainspring.language.declared import read_values
from mainspring.language.fingerprint import fingerprint
from mainspring.language.handlers import read_handlers, read_steps
from mainspring.language.places import Place, Section
from mainspring.language.reader import read_yaml
from mainspring.language.report import Report
from mainspring.language.rules.table import RULES
from mainspring.language.sources import PROTOCOL_FILE, check_settings, read_references, readable
from mainspring.language.syntax import MapNode, ScalarNode
from mainspring.language.templates import parse_prompts, uses
from mainspring.language.tools import read_tools
from mainspring.language.triggers import read_triggers
from mainspring.language.types import read_types
from mainspring.language.unit import Unit
from mainspring.model.agents import AgentSource
from mainspring.model.diagnostics import Diagnostic, has_errors
from mainspring.model.program import Program
from mainspring.model.spans import Span
from mainspring.model.values import Value

_BOTH: Final = (
    "input",
    "variables",
    "resources",
    "types",
    "tools",
    "skills",
    "onDemandSkills",
    "mcpServers",
    "onDemandMcpServers",
    "workers",
)
_INTERACTIVE: Final = ("triggers", "handlers", "agent")
_WORKER: Final = ("steps", "output")
_OTHER: Final = {"interactive": "worker", "worker": "interactive"}


class Compilation(Value, frozen=True, kw_only=True):
    """What became of an agent's files; `program` is None if any diagnostic is an error."""

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]


def compile_agent(source: AgentSource, *, workers: Mapping[str, Program] | None = None) -> Compilation:
    """Compile an agent. `workers`: the worker agents it may name, by slug; None: they are not checked."""
    report = Report()
    if not readable(source, report):
        return Compilation(program=None, diagnostics=report.sorted())
    tree, found = read_yaml(source.protocol, PROTOCOL_FILE)
    report.extend(found)
    nothing = tree is None or (isinstance(tree, ScalarNode) and tree.value is None)
    node = MapNode(entries=(), span=Span(file=PROTOCOL_FILE)) if tree is None or nothing else tree
    unit = Unit(source=source, root=Place(node, (), report), format=source.settings.format, programs=workers)
    check_settings(unit)
    _read_prompts(unit)
    read_references(unit)
    program = None if nothing and found else _protocol(unit)
    diagnostics = report.sorted()
    return Compilation(program=None if has_errors(diagnostics) else program, diagnostics=diagnostics)


def _read_prompts(unit: Unit) -> None:
    unit.prompts, found = parse_prompts(unit.source.prompts)
    unit.report.extend(found)
    for prompt in unit.source.prompts:
        if prompt.name in unit.prompts and prompt.name not in unit.uses:
            unit.uses[prompt.name] = uses(prompt)


def _protocol(unit: Unit) -> Program | None:
    """The program, as far as it could be read; the report says whether it may be used."""
    if not isinstance(unit.root.node, MapNode):
        unit.root.wrong("a mapping")
        return None
    root = Section(unit.root, dict(unit.root.members()))
    _check_keys(unit, root)
    read_types(unit, root)
    read_values(unit, root)
    read_tools(unit, root)
    read_catalogue(unit, root)
    read_workers(unit, root)
    program = _interactive(unit, root) if unit.format == "interactive" else _worker(unit, root)
    for rule in RULES:
        rule(unit, program)
    return program


def _check_keys(unit: Unit, root: Section) -> None:
    mine, other = (_INTERACTIVE, _WORKER) if unit.format == "interactive" else (_WORKER, _INTERACTIVE)
    for key in other:
        place = root.found.get(key)
        if place is not None:
            message = f"`{key}` does not belong to an agent of the format `{unit.format}`"
            hint = f"is the `format` of settings.json `{_OTHER[unit.format]}`?"
            place.error("wrong-format", message, hint=hint)
    known = Section(root.place, {key: at for key, at in root.found.items() if key not in other})
    known.refuse_unknown((*_BOTH, *mine))


def _interactive(unit: Unit, root: Section) -> Program:
    read_triggers(unit, root)
    assume_trigger(unit)
    agent = read_agent(unit, root)
    handlers = read_handlers(unit, root)
    return _program(
        unit, Program(slug="", name="", format="interactive", hash="", agent=agent, handlers=handlers)
    )


def _worker(unit: Unit, root: Section) -> Program:
    steps = read_steps(unit, root)
    place = root.get("output")
    output = None if place is None else place.text()
    if place is not None and output is not None and output not in unit.variables:
        message = f"`{output[:80]}` is not declared in `variables`"
        place.error("unknown-variable", message, allowed=tuple(unit.variables))
    return _program(unit, Program(slug="", name="", format="worker", hash="", steps=steps, output=output))


def _program(unit: Unit, part: Program) -> Program:
    settings = unit.source.settings
    return Program(
        slug=settings.slug,
        name=settings.name,
        format=part.format,
        hash=fingerprint(unit.source),
        description=settings.description,
        input=unit.input,
        variables=unit.variables,
        resources=unit.resources,
        types=unit.types,
        schemas=unit.schemas,
        tools=unit.tools,
        namespaces=unit.namespaces,
        on_demand=unit.on_demand,
        workers=unit.workers,
        triggers=unit.triggers,
        agent=part.agent,
        handlers=part.handlers,
        steps=part.steps,
        output=part.output,
        prompts=unit.prompts,
        references=unit.references,
    )
