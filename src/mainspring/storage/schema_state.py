"""Owns what is told of a database's schema: the version it has, the one that is needed, what is missing in between."""

from __future__ import annotations

from typing import NamedTuple


class Step(NamedTuple):
    """A piece of SQL that brings a schema further."""

    title: str
    sql: str


class SchemaState(NamedTuple):
    """`version` 0: there is none yet. `missing`: what has to be run, in order; empty: it is current."""

    version: int
    latest: int
    missing: tuple[Step, ...]

    @property
    def script(self) -> str:
        """The missing SQL as one text, for reading, or for whoever runs such things by hand."""
        parts = (f"-- {step.title}\n{step.sql.strip()}\n" for step in self.missing)
        return "\n".join(("BEGIN;\n", *parts, "COMMIT;"))
