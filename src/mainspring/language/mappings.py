"""Owns what a prompt sees: `input` in its three forms, and the names assumed when it is not written."""

from __future__ import annotations

from collections.abc import Iterator

from mainspring.language.names import check_name
from mainspring.language.places import Place, Section
from mainspring.language.scope import Scope
from mainspring.language.syntax import ListNode, MapNode
from mainspring.language.unit import MappedPrompt, Unit


def read_mapping(section: Section, scope: Scope) -> dict[str, str] | None:
    """Label to source, from `[A, {LABEL: SOURCE}]` or `{LABEL: SOURCE}`; None if nothing is written."""
    place = section.get("input")
    if place is None:
        return None
    found: dict[str, str] = {}
    for label, source_place in _pairs(place):
        good = check_name(label, "variable", source_place)
        source = scope.resolve(source_place)
        if good and source is not None:
            found[label] = source
    return found


def _pairs(place: Place) -> Iterator[tuple[str, Place]]:
    if not isinstance(place.node, ListNode):
        yield from place.members()
        return
    for item in place.items():
        if isinstance(item.node, MapNode):
            yield from item.members()
        elif (name := item.text()) is not None:
            yield name, item


def used_names(unit: Unit, prompt: str) -> tuple[str, ...]:
    """Every name that a prompt and what it includes mention, in order."""
    names: dict[str, None] = {}
    for file in included(unit, prompt):
        for variable in unit.uses[file].variables:
            names[variable.name] = None
        for use in unit.uses[file].conditions:
            names[use.condition.variable] = None
    return tuple(names)


def included(unit: Unit, prompt: str) -> tuple[str, ...]:
    """A prompt and every prompt it includes."""
    found: dict[str, None] = {}
    waiting = [prompt]
    while waiting:
        name = waiting.pop()
        if name in unit.uses and name not in found:
            found[name] = None
            waiting += unit.uses[name].includes
    return tuple(found)


def mapping_for(section: Section, prompt: str | None, unit: Unit, scope: Scope) -> dict[str, str]:
    """The written mapping, or every visible name the prompt mentions; noted for the checks of prompts."""
    written = read_mapping(section, scope)
    if prompt is None:
        return written or {}
    mapping = assumed_mapping(prompt, unit, scope) if written is None else written
    unit.mapped.append(MappedPrompt(prompt=prompt, input=mapping, visible=dict(scope.names)))
    return mapping


def assumed_mapping(prompt: str, unit: Unit, scope: Scope) -> dict[str, str]:
    """Every visible name that the prompt mentions, under its own name."""
    return {name: name for name in used_names(unit, prompt) if name in scope.names}
