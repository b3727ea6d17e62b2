"""Owns the warning that resources are deprecated."""

from __future__ import annotations

from mainspring.language.unit import Unit
from mainspring.model.program import Program


def deprecated_resources(unit: Unit, program: Program) -> None:
    """Warn once, at the section."""
    if program.resources:
        hint = "use a variable, or a tool that stores the value on your side"
        unit.at("resources").warn("deprecated", "`resources` are deprecated", hint=hint)
