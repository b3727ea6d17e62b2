"""Owns the section `triggers`: the ways into an interactive agent."""

from __future__ import annotations

from mainspring.language.declared import read_declared
from mainspring.language.names import check_name
from mainspring.language.places import Section
from mainspring.language.unit import Unit
from mainspring.model.program import Trigger


def read_triggers(unit: Unit, root: Section) -> None:
    """Put the declared triggers into the unit."""
    for name, place in root.members("triggers"):
        good = check_name(name, "slug", place)
        section = Section(place, {}) if place.is_null else place.section(("description", "input"))
        if not good:
            continue
        if section is None:
            unit.triggers[name] = Trigger(name=name)
            continue
        members = section.members("input")
        for label, at in members:
            if label in unit.input or label in unit.variables or label in unit.resources:
                at.warn("shadowed-name", f"in this handler `{label}` hides the one declared for the session")
        unit.triggers[name] = Trigger(
            name=name,
            input=read_declared(members, unit, "trigger"),
            description=section.text("description"),
        )
