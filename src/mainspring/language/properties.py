"""Owns uses of types: `string`, `Order[]`, and the properties and parameters that have them."""

from __future__ import annotations

from mainspring.language.names import Kind, check_name
from mainspring.language.places import Place, Section
from mainspring.language.schemas import SCALARS
from mainspring.language.unit import Unit
from mainspring.model.program import Property, TypeRef

_MEMBERS = ("type", "description", "optional", "enum", "const", "items")


def read_type(place: Place, unit: Unit) -> TypeRef | None:
    """A scalar, `file`, a declared type, or one of these with `[]`."""
    text = place.text()
    if text is None:
        return None
    name = text.removesuffix("[]")
    if name in SCALARS or name in unit.type_names:
        return TypeRef(name=name, array=name != text)
    if name in {"array", "object"}:
        hint = "write `Name[]`" if name == "array" else "declare an object type in `types` and name it"
        place.error("bad-type", f"`{name}` alone is not a type", hint=hint)
    elif name.endswith("[]"):
        hint = "declare the inner list as an array type in `types`"
        place.error("bad-type", "a list of lists cannot be written with `[][]`", hint=hint)
    else:
        allowed = (*SCALARS, *unit.type_names)
        place.error("unknown-type", f"there is no type `{name[:80]}`", allowed=allowed)
    return None


def read_properties(places: list[tuple[str, Place]], unit: Unit, *, kind: Kind) -> dict[str, Property]:
    """The properties of an object type or the parameters of a tool."""
    found: dict[str, Property] = {}
    for name, place in places:
        good = check_name(name, kind, place)
        section = place.section(_MEMBERS)
        member = None if section is None else _property(section, unit)
        if good and member is not None:
            found[name] = member
    return found


def _property(section: Section, unit: Unit) -> Property | None:
    written = section.need("type")
    ref = None if written is None else _array(section, written, unit) or read_type(written, unit)
    description = section.text("description")
    optional = section.flag("optional")
    enum = read_enum(section, ref)
    const = _const(section, ref)
    if ref is None:
        return None
    return Property(type=ref, description=description, optional=optional, enum=enum, const=const)


def _array(section: Section, written: Place, unit: Unit) -> TypeRef | None:
    """The long form of a list: `type: array` with `items`."""
    items = section.get("items")
    if items is None:
        return None
    if written.value != "array":
        items.error("bad-type", "`items` stands only beside `type: array`")
        return None
    inner = items.section(("type", "description"))
    place = None if inner is None else inner.need("type")
    ref = None if place is None else read_type(place, unit)
    if place is not None and ref is not None and ref.array:
        hint = "declare the inner list as an array type in `types`"
        place.error("bad-type", "a list of lists cannot be written here", hint=hint)
    return TypeRef(name="unknown" if ref is None else ref.name, array=True)


def read_enum(section: Section, ref: TypeRef | None) -> tuple[str, ...]:
    """The words of `enum`, which only text may have."""
    place = section.get("enum")
    if place is None:
        return ()
    _only_text(place, ref)
    words: dict[str, None] = {}
    for item in place.items():
        word = item.string()
        if word in words:
            item.error("duplicate-name", f"`{word}` stands in `enum` twice")
        elif word is not None:
            words[word] = None
    if not place.value:
        place.error("empty-value", "`enum` has to list at least one word")
    return tuple(words)


def _const(section: Section, ref: TypeRef | None) -> str | None:
    place = section.get("const")
    if place is None:
        return None
    _only_text(place, ref)
    return place.string()


def _only_text(place: Place, ref: TypeRef | None) -> None:
    if ref is not None and (ref.name != "string" or ref.array):
        place.error("bad-type", f"{place.name} stands only with `type: string`")
