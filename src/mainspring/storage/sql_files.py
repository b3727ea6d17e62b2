"""Owns how SQL texts are found: named statements of the `.sql` files of a database's package, and its migrations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

MARK = "-- name: "


@cache
def named_statements(package: str, noun: str) -> Mapping[str, str]:
    """The statements of `sql/<noun>.sql` of a package, by the name in the comment above each."""
    text = (resources.files(package) / "sql" / f"{noun}.sql").read_text("utf-8")
    named: dict[str, str] = {}
    for section in text.split(MARK)[1:]:
        name, _, statement = section.partition("\n")
        named[name.strip()] = statement.strip()
    return named


def migration_text(package: str, name: str) -> str:
    """The text of `migrations/<name>` of a package."""
    return (resources.files(package) / "migrations" / name).read_text("utf-8")
