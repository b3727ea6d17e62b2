"""Owns which names are visible where: inputs, variables, resources, the trigger's inputs, outputs of earlier blocks."""

from __future__ import annotations

from collections.abc import Mapping

from mainspring.language.names import is_variable
from mainspring.language.places import Place
from mainspring.language.report import did_you_mean
from mainspring.language.unit import Sort, Unit, Visible
from mainspring.model.program import Declared, Trigger


class Scope:
    """The names visible at one point of a handler, or to the agent's system prompt."""

    def __init__(self, unit: Unit, trigger: Trigger | None = None) -> None:
        self.names: dict[str, Visible] = {}
        self._add("resource", unit.resources)
        self._add("variable", unit.variables)
        self._add("input", unit.input)
        if trigger is not None:
            self._add("trigger input", trigger.input)
        self._elsewhere = {
            name: other.name
            for other in unit.triggers.values()
            for name in other.input
            if other is not trigger
        }

    def _add(self, sort: Sort, declared: Mapping[str, Declared]) -> None:
        for name, value in declared.items():
            self.names[name] = Visible(sort=sort, declared=value)

    def add_output(self, name: str) -> None:
        """A block writes `name`: later blocks may use it."""
        self.names.setdefault(name, Visible(sort="output"))

    @property
    def dynamic(self) -> tuple[str, ...]:
        """The names whose values may decide over a setting: all but resources."""
        return tuple(name for name, visible in self.names.items() if visible.sort != "resource")

    def resolve(self, place: Place) -> str | None:
        """The visible name that a text is; complains about anything else."""
        name = place.text()
        if name is None:
            return None
        if name not in self.names:
            self.complain(name, place)
            return None
        return name

    def complain(self, name: str, place: Place) -> None:
        """Say that a name is not visible here, and where it would be."""
        hint = did_you_mean(name, self.names) if place.report.hints else ""
        if name in self._elsewhere:
            hint = f"it is an input of the trigger `{self._elsewhere[name]}`, visible in its handler only"
        elif not is_variable(name):
            hint = hint or "a name in UPPER_SNAKE_CASE belongs here"
        message = f"no input, variable or resource is called `{name[:80]}` here"
        place.error("unknown-variable", message, allowed=sorted(self.names), hint=hint)
