"""Owns the rule that triggers and handlers belong together: each has the other, of the same name."""

from __future__ import annotations

from mainspring.language.report import did_you_mean
from mainspring.language.unit import Unit
from mainspring.model.program import Program


def handled_triggers(unit: Unit, program: Program) -> None:
    """Complain about a trigger without a handler, and the other way round."""
    for name in program.triggers:
        if name not in program.handlers:
            others = [other for other in program.handlers if other not in program.triggers]
            message = f"the trigger `{name}` has no handler"
            unit.at("triggers", name).error("missing-handler", message, hint=did_you_mean(name, others))
    for name in program.handlers:
        if name not in program.triggers:
            message = f"there is no trigger `{name[:80]}` for this handler"
            hint = did_you_mean(name, program.triggers)
            place = unit.at("handlers", name)
            place.error("missing-trigger", message, allowed=tuple(program.triggers), hint=hint)
