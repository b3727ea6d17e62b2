"""Owns the SQL texts: named statements of the `.sql` files beside this module, each read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

PACKAGE = "mainspring.storage.sqlite"
MARK = "-- name: "


@cache
def statements(noun: str) -> Mapping[str, str]:
    """The statements of `sql/<noun>.sql` by the name in the comment above each."""
    text = (resources.files(PACKAGE) / "sql" / f"{noun}.sql").read_text("utf-8")
    named: dict[str, str] = {}
    for section in text.split(MARK)[1:]:
        name, _, statement = section.partition("\n")
        named[name.strip()] = statement.strip()
    return named


def migration(name: str) -> str:
    """The text of `migrations/<name>`."""
    return (resources.files(PACKAGE) / "migrations" / name).read_text("utf-8")
