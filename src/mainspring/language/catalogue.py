"""Owns what a protocol lists from elsewhere: `skills`, `mcpServers`, their on-demand forms, and `workers`."""

from __future__ import annotations

from typing import Literal, cast

from mainspring.language.names import check_name
from mainspring.language.places import Place, Section
from mainspring.language.report import did_you_mean
from mainspring.language.tools import DISPLAYS
from mainspring.language.unit import Unit
from mainspring.model.program import Display, Namespace, Program, Worker

SOURCES = ("remote", "device", "consumer")
_EXECUTIONS = ("sandbox", "device")
_SKILL = ("display", "title", "description", "execution")
_MCP = ("description", "source", "display", "title", "connection", "execution", "contextRetention")
_MCP_ON_DEMAND = ("description", "display", "title", "execution", "contextRetention")
_WORKER = ("description", "display", "title", "tools")


def read_catalogue(unit: Unit, root: Section) -> None:
    """Check the lists, and put what they declare into the unit."""
    for name, place in root.members("skills"):
        check_name(name, "slug", place)
        _skill(place)
    on_demand = root.get("onDemandSkills")
    if on_demand is not None:
        _skill(on_demand)
    unit.names["skill"] = tuple(name for name, _ in root.members("skills"))
    for name, place in root.members("mcpServers"):
        check_name(name, "slug", place)
        namespace = _mcp(name, place)
        if namespace is not None:
            unit.namespaces[name] = namespace
    unit.names["mcp server"] = tuple(name for name, _ in root.members("mcpServers"))
    _on_demand_mcp(unit, root)


def _skill(place: Place) -> None:
    section = Section(place, {}) if place.is_null else place.section(_SKILL)
    if section is not None:
        _shown(section)
        section.choice("execution", _EXECUTIONS, default="sandbox")


def _shown(section: Section) -> tuple[Display | None, str | None, str | None]:
    """The members that say how a thing is shown: display, title, description."""
    place = section.get("display")
    display: Display | None = None if place is None else place.choice(DISPLAYS)
    return display, section.text("title"), section.text("description")


def _mcp(name: str, place: Place) -> Namespace | None:
    """A server; None: what is written of it is wrong."""
    section = place.section(_MCP)
    if section is None:
        return None
    section.need("description")
    display, title, description = _shown(section)
    written = section.need("source")
    source = (None if written is None else written.choice(SOURCES)) or "remote"
    connection = section.choice("connection", ("lazy", "eager"), default="lazy")
    section.choice("execution", _EXECUTIONS, default="sandbox")
    for key in ("connection", "execution"):
        at = section.get(key)
        if at is not None and source != "remote":
            at.error("mcp-remote-only", f"`{key}` stands only with `source: remote`, not `{source}`")
    _retention(section)
    return Namespace(
        name=name,
        source=cast('Literal["remote", "device", "consumer"]', source),
        display=display or "description",
        title=title,
        description=description,
        eager=connection == "eager",
    )


def _retention(section: Section) -> None:
    place = section.get("contextRetention")
    outer = None if place is None else place.section(("toolResults",))
    inner = None if outer is None else outer.get("toolResults")
    results = None if inner is None else inner.section(("retainLast",))
    if results is not None:
        results.integer("retainLast", least=0)


def _on_demand_mcp(unit: Unit, root: Section) -> None:
    place = root.get("onDemandMcpServers")
    sources = None if place is None else place.section(("remote",))
    unit.names["mcp source"] = () if sources is None else tuple(sources.found)
    remote = None if sources is None else sources.get("remote")
    section = None if remote is None else remote.section(_MCP_ON_DEMAND)
    if section is None:
        return
    display, title, description = _shown(section)
    section.choice("execution", _EXECUTIONS, default="sandbox")
    _retention(section)
    unit.on_demand = Namespace(
        name="", source="remote", display=display or "description", title=title, description=description
    )


def read_workers(unit: Unit, root: Section) -> None:
    """Put the declared workers into the unit; check them against the worker agents, if those are known."""
    members = root.members("workers")
    unit.names["worker"] = tuple(slug for slug, _ in members)
    for slug, place in members:
        good = check_name(slug, "slug", place)
        section = Section(place, {}) if place.is_null else place.section(_WORKER)
        if section is None or not good:
            continue
        display, title, description = _shown(section)
        program = _program(slug, place, unit)
        unit.workers[slug] = Worker(
            slug=slug,
            description=description,
            display=display or "stream",
            title=title,
            tools=_worker_tools(section, program, unit),
        )


def _program(slug: str, place: Place, unit: Unit) -> Program | None:
    if unit.programs is None:
        return None
    program = unit.programs.get(slug)
    if program is None:
        message = f"no worker agent `{slug}` is published yet; calls to it fail until it is"
        place.warn("unknown-worker", message, hint=did_you_mean(slug, unit.programs))
    elif program.format != "worker":
        place.error("unknown-worker", f"the agent `{slug}` is not of the format `worker`")
        return None
    return program


def _worker_tools(section: Section, program: Program | None, unit: Unit) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, place in section.members("tools"):
        ours = place.text()
        if ours is not None and ours not in unit.names["tool"]:
            message = f"there is no tool `{ours[:80]}` in `tools`"
            place.error("unknown-tool", message, allowed=unit.names["tool"])
        if program is not None and name not in program.tools:
            message = f"the worker `{program.slug}` has no tool `{name[:80]}`"
            place.error("unknown-tool", message, allowed=tuple(program.tools))
        found[name] = ours or name
    return found
