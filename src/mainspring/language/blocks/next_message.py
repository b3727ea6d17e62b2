"""Owns `next-message`: the model says the next message of a thread."""

from __future__ import annotations

from mainspring.language.draft import BlockKind, Draft
from mainspring.language.places import Place
from mainspring.language.schemas import SCALARS
from mainspring.language.unit import Unit
from mainspring.model.program import NextMessage, ObjectType


def _read(draft: Draft) -> NextMessage:
    section = draft.section
    response_type = section.get("responseType")
    return NextMessage(
        **draft.shown("stream"),
        thread=draft.thread(),
        independent=section.flag("independent"),
        output=draft.output(),
        response_type=None if response_type is None else _object_type(response_type, draft.unit),
    )


def _object_type(place: Place, unit: Unit) -> str | None:
    """An answer is an object: a list, a union or a scalar has to be wrapped in one."""
    name = place.text()
    if name is None or isinstance(unit.types.get(name), ObjectType):
        return name
    single = name.removesuffix("[]")
    if single in SCALARS or single in unit.types:
        hint = "wrap it in an object type with one property"
        place.error("bad-response-type", f"`{name}` is not an object type", hint=hint)
    elif single not in unit.type_names:
        objects = [known for known, declared in unit.types.items() if isinstance(declared, ObjectType)]
        place.error("unknown-type", f"there is no type `{name[:80]}` in `types`", allowed=objects)
    return None


NEXT_MESSAGE = BlockKind(name="next-message", members=("independent", "output", "responseType"), read=_read)
