"""Owns `set-resource`: a variable's value is written into a resource."""

from __future__ import annotations

from mainspring.language.draft import BlockKind, Draft
from mainspring.model.program import SetResource


def _read(draft: Draft) -> SetResource | None:
    place = draft.section.need("resource")
    name = None if place is None else place.text()
    resources = draft.unit.resources
    if place is not None and name is not None:
        declared = resources.get(name)
        if declared is None:
            message = f"there is no resource `{name[:80]}` in `resources`"
            place.error("unknown-resource", message, allowed=tuple(resources))
        elif declared.readonly:
            place.error("readonly-resource", f"the resource `{name}` is read-only")
    value = draft.variable("value")
    shown = draft.shown("name")
    if name is None or value is None:
        return None
    return SetResource(**shown, resource=name, value=value)


SET_RESOURCE = BlockKind(name="set-resource", members=("resource", "value"), read=_read)
