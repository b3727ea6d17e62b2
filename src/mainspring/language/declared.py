"""Owns declared values: `input`, `variables`, `resources`, and the inputs of triggers."""

from __future__ import annotations

from typing import Literal, cast

from mainspring.language.names import check_name
from mainspring.language.places import Place, Section
from mainspring.language.properties import read_enum, read_type
from mainspring.language.unit import Unit
from mainspring.model.program import Declared, TypeRef
from mainspring.model.values import Json

Sort = Literal["input", "trigger", "variables", "resources"]

_MEMBERS: dict[Sort, tuple[str, ...]] = {
    "input": ("type", "description", "optional", "default", "enum"),
    "trigger": ("type", "description", "optional", "default", "enum"),
    "variables": ("type", "description", "default"),
    "resources": ("type", "description", "default", "readonly"),
}


def read_values(unit: Unit, root: Section) -> None:
    """Put the declared inputs, variables and resources into the unit."""
    unit.input = read_declared(root.members("input"), unit, "input")
    unit.variables = read_declared(root.members("variables"), unit, "variables")
    unit.resources = read_declared(root.members("resources"), unit, "resources")
    homes: dict[str, str] = {}
    for home in ("input", "variables", "resources"):
        for name, place in root.members(home):
            if name in homes:
                place.error("duplicate-name", f"`{name}` is declared in `{homes[name]}` already")
            homes.setdefault(name, home)


def read_declared(members: list[tuple[str, Place]], unit: Unit, sort: Sort) -> dict[str, Declared]:
    """Declared values by name. A value whose declaration is wrong is kept as `unknown`: it was declared."""
    found: dict[str, Declared] = {}
    for name, place in members:
        if check_name(name, "variable", place):
            section = place.section(_MEMBERS[sort])
            value = None if section is None else _value(name, section, unit)
            found[name] = value or Declared(name=name, type=TypeRef(name="unknown"))
    return found


def _value(name: str, section: Section, unit: Unit) -> Declared | None:
    written = section.get("type")
    if written is None and section.place.path[0] != "resources":
        section.need("type")
    ref = TypeRef(name="unknown") if written is None else read_type(written, unit)
    enum = read_enum(section, ref)
    default = section.get("default")
    value = None if default is None else default.json()
    if default is not None and value is not None and ref is not None:
        _check_default(default, value, ref, enum)
    if ref is None:
        return None
    return Declared(
        name=name,
        type=ref,
        description=section.text("description"),
        optional=section.flag("optional"),
        default=value,
        has_default="default" in section.found,
        enum=enum,
        readonly=section.flag("readonly"),
    )


def _check_default(place: Place, value: Json, ref: TypeRef, enum: tuple[str, ...]) -> None:
    """A default has the type of what it stands for; inside objects nothing is checked."""
    listed = isinstance(value, list)
    values = cast("list[Json]", value) if ref.array and listed else [value]
    if (ref.array and not listed) or not all(_fits(item, ref.name) for item in values):
        wanted = f"{ref.name}[]" if ref.array else ref.name
        place.error("bad-value", f"the default is not of the type `{wanted}`")
    elif enum and value not in enum:
        place.error("bad-value", "the default is not in `enum`", allowed=enum)


def _fits(value: Json, scalar: str) -> bool:
    match scalar:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "unknown":
            return True
        case _:
            return isinstance(value, dict | list)
