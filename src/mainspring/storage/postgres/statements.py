"""Owns the SQL texts of PostgreSQL: named statements of the `.sql` files beside this module, each read once."""

from __future__ import annotations

from collections.abc import Mapping

from mainspring.storage.sql_files import migration_text, named_statements

PACKAGE = "mainspring.storage.postgres"


def statements(noun: str) -> Mapping[str, str]:
    """The statements of `sql/<noun>.sql` by the name in the comment above each."""
    return named_statements(PACKAGE, noun)


def migration(name: str) -> str:
    """The text of `migrations/<name>`."""
    return migration_text(PACKAGE, name)
