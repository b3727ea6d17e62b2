"""Owns the warning about what is accepted and does nothing on this server yet: nobody should rely on it unawares."""

from __future__ import annotations

from mainspring.language.unit import Unit
from mainspring.language.walk import threads_of
from mainspring.model.program import Program

_SETTINGS = {
}


def not_run(unit: Unit, program: Program) -> None:
    """One warning a place."""
    for path, _ in threads_of(program):
        for key, instead in _SETTINGS.items():
            place = unit.written(*path, key)
            if place is not None and place.value not in (None, False):
                place.warn("not-run", f"`{key}` is accepted, but {instead}")
