"""Owns the section `tools`: what runs on the customer's side."""

from __future__ import annotations

from typing import get_args

from mainspring.language.names import check_name
from mainspring.language.places import Section
from mainspring.language.policies import read_policy
from mainspring.language.properties import read_properties
from mainspring.language.schemas import object_schema
from mainspring.language.types import fits
from mainspring.language.unit import Unit
from mainspring.model.program import Display, Tool

DISPLAYS: tuple[Display, ...] = get_args(Display)
_MEMBERS = ("description", "display", "title", "parameters", "policy")


def read_tools(unit: Unit, root: Section) -> None:
    """Put the declared tools into the unit."""
    members = root.members("tools")
    unit.names["tool"] = tuple(name for name, _ in members)
    for name, place in members:
        good = check_name(name, "tool", place)
        section = place.section(_MEMBERS)
        tool = None if section is None else _tool(name, section, unit)
        if good and tool is not None:
            unit.tools[name] = tool


def _tool(name: str, section: Section, unit: Unit) -> Tool | None:
    written = section.need("description")
    description = None if written is None else written.text()
    parameters = read_properties(section.members("parameters"), unit, kind="parameter")
    display: Display = section.choice("display", DISPLAYS, default="description")
    title = section.text("title")
    policy = read_policy(section.get("policy"), parameters, unit)
    size = sum(unit.schema_sizes.get(one.type.name, 1) for one in parameters.values())
    if description is None or not fits(unit, section.place, size):
        return None
    return Tool(
        name=name,
        description=description,
        display=display,
        title=title,
        parameters=parameters,
        schema=object_schema(parameters, unit.schemas),
        policy=policy,
    )
