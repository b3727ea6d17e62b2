"""Owns the section `types`: objects, lists and unions, their rules, and the schemas made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mainspring.language.names import check_name
from mainspring.language.places import Place, Section
from mainspring.language.properties import read_properties, read_type
from mainspring.language.schemas import type_schema
from mainspring.language.unit import Unit
from mainspring.model.program import ArrayType, ObjectType, TypeDecl, UnionType

DEEPEST: Final = 16
LARGEST: Final = 5_000


def read_types(unit: Unit, root: Section) -> None:
    """Put the declared types and their schemas into the unit."""
    members = root.members("types")
    unit.type_names = tuple(name for name, _ in members)
    for name, place in members:
        good = check_name(name, "type", place)
        declared = _declared(name, place, unit)
        if good and declared is not None:
            unit.types[name] = declared
    for name, declared in unit.types.items():
        if isinstance(declared, UnionType):
            _check_union(declared, unit.at("types", name), unit)
    _make_schemas(unit)


def _declared(name: str, place: Place, unit: Unit) -> TypeDecl | None:
    members = dict(place.members())
    if not members:
        if place.value in (None, {}):
            place.error("bad-type", f"the type `{name}` has no properties")
        return None
    written = members.get("type")
    if "anyOf" in members and isinstance(members["anyOf"].value, list):
        return _union(name, place, unit)
    if written is not None and written.value == "array":
        return _array(name, place, unit)
    if written is not None and isinstance(written.value, str):
        hint = "write the properties directly below the name, or `type: array` with `items`"
        written.error("bad-type", f"`{name}` is neither an object, a list nor a union", hint=hint)
        return None
    return _object(name, list(members.items()), unit)


def _object(name: str, members: list[tuple[str, Place]], unit: Unit) -> ObjectType:
    described = next((at.value for key, at in members if key == "description"), None)
    description = described if isinstance(described, str) else None
    if description is not None:
        members = [(key, at) for key, at in members if key != "description"]
    properties = read_properties(members, unit, kind="property")
    return ObjectType(name=name, properties=properties, description=description)


def _array(name: str, place: Place, unit: Unit) -> ArrayType | None:
    section = place.section(("type", "items", "description"))
    items = None if section is None else section.need("items")
    inner = None if items is None else items.section(("type", "description"))
    written = None if inner is None else inner.need("type")
    ref = None if written is None else read_type(written, unit)
    if section is None or ref is None:
        return None
    return ArrayType(name=name, items=ref, description=section.text("description"))


def _union(name: str, place: Place, unit: Unit) -> UnionType | None:
    section = place.section(("anyOf", "discriminator", "description"))
    discriminator = None if section is None else section.need("discriminator")
    prop = None if discriminator is None else discriminator.text()
    if section is None or prop is None:
        return None
    variants: list[str] = []
    for item in section.items("anyOf"):
        variant = item.text()
        if variant is not None and variant in variants:
            item.error("bad-union", f"`{variant}` stands in `anyOf` twice")
        elif variant is not None:
            variants.append(variant)
    if len(section.items("anyOf")) < 2:
        place.error("bad-union", f"the union `{name}` needs at least two types in `anyOf`")
    any_of = tuple(variants)
    return UnionType(name=name, any_of=any_of, discriminator=prop, description=section.text("description"))


def _check_union(union: UnionType, place: Place, unit: Unit) -> None:
    """Each variant is an object type that has the discriminator with a constant of its own."""
    taken: dict[str, str] = {}
    places = {str(at.value): at for at in unit.at("types", union.name, "anyOf").items()}
    for variant in union.any_of:
        at = places.get(variant, place)
        declared = unit.types.get(variant)
        if not isinstance(declared, ObjectType):
            _not_an_object(variant, at, unit)
            continue
        member = declared.properties.get(union.discriminator)
        if member is None or member.const is None:
            message = f"`{variant}` needs the property `{union.discriminator}` with a `const`"
            at.error("bad-union", message)
        elif member.const in taken:
            message = f"`{variant}` and `{taken[member.const]}` have the same `const` `{member.const}`"
            at.error("bad-union", message)
        else:
            taken[member.const] = variant


def _not_an_object(variant: str, at: Place, unit: Unit) -> None:
    if variant in unit.types:
        at.error("bad-union", f"`{variant}` is not an object type; a union has object types only")
    elif variant not in unit.type_names:
        at.error("unknown-type", f"there is no type `{variant[:80]}`", allowed=unit.type_names)


def _uses(declared: TypeDecl) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The types a type uses, each with where below it."""
    if isinstance(declared, ObjectType):
        for name, member in declared.properties.items():
            yield member.type.name, (name, "type")
    elif isinstance(declared, ArrayType):
        yield declared.items.name, ("items", "type")
    else:
        for name in declared.any_of:
            yield name, ("anyOf",)


def _make_schemas(unit: Unit) -> None:
    """Make every type's schema, the used ones first; refuse circles and what would grow without bound."""
    depths: dict[str, int] = {}
    for name in _used_first(unit):
        declared = unit.types[name]
        used = [use for use, _ in _uses(declared)]
        depths[name] = 1 + max((depths.get(use, 0) for use in used), default=0)
        size = 1 + sum(unit.schema_sizes.get(use, 1) for use in used)
        place = unit.at("types", name)
        if depths[name] > DEEPEST:
            depths[name] = 0
            place.error("type-too-large", f"types nest deeper than {DEEPEST} levels in `{name}`")
        elif fits(unit, place, size):
            unit.schema_sizes[name] = size
            unit.schemas[name] = type_schema(declared, unit.schemas)


def fits(unit: Unit, place: Place, size: int) -> bool:
    """Whether a schema of this size may be made: types that use types that use types grow fast."""
    if size > min(LARGEST, unit.schema_room):
        most = min(LARGEST, unit.schema_room)
        message = (
            f"with every type written out {place.name} has {size} properties, more than the {most} allowed"
        )
        place.error("type-too-large", message)
        return False
    unit.schema_room -= size
    return True


def _used_first(unit: Unit) -> list[str]:
    done: dict[str, None] = {}
    for first in unit.types:
        open_: dict[str, Iterator[tuple[str, tuple[str, ...]]]] = {}
        if first not in done:
            open_[first] = _uses(unit.types[first])
        while open_:
            name, rest = next(reversed(open_.items()))
            use, where = next(rest, ("", ()))
            if not use:
                del open_[name]
                done[name] = None
            elif use in open_:
                _circle(unit, [*open_], (name, use, where))
            elif use in unit.types and use not in done:
                open_[use] = _uses(unit.types[use])
    return list(done)


def _circle(unit: Unit, names: list[str], step: tuple[str, str, tuple[str, ...]]) -> None:
    name, use, where = step
    circle = [*names[names.index(use) :], use]
    place = unit.at("types", name, *where)
    place.error("recursive-type", f"types may not contain themselves: {' -> '.join(circle)}")
