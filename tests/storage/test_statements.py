"""Tests that every SQL text is one the engine takes, and is used."""

import re
from importlib import resources
from pathlib import Path

import pytest

from mainspring.storage.sqlite import schema
from mainspring.storage.sqlite.connections import connect_writer
from mainspring.storage.sqlite.statements import statements

PACKAGE = resources.files("mainspring.storage.sqlite")
NOUNS = sorted(
    file.name.removesuffix(".sql") for file in (PACKAGE / "sql").iterdir() if file.name.endswith(".sql")
)


@pytest.mark.parametrize("noun", NOUNS)
def test_every_statement_compiles(noun: str) -> None:
    connection = connect_writer(":memory:", synchronous="OFF")
    schema.migrate(connection, now=1.0)
    assert statements(noun)
    for sql in statements(noun).values():
        connection.execute("EXPLAIN " + sql, (None,) * len(set(re.findall(r"\?\d+", sql))))
    connection.close()


def test_every_statement_is_used() -> None:
    sources = "".join(Path(str(file)).read_text() for file in PACKAGE.iterdir() if file.name.endswith(".py"))
    unused = [
        name
        for noun in NOUNS
        for name in statements(noun)
        if f'["{name}"]' not in sources and not (noun == "sessions" and name.startswith("set_"))
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("records_of_project", "sessions_of_project"),
        ("records_of_agent", "sessions_of_agent"),
        ("running", "sessions_open"),
        ("due_wakes", "sessions_wake"),
        ("records_due", "sessions_due"),
        ("stale", "sessions_stale"),
        ("record_by_start_key", "sessions_start_key"),
    ],
)
def test_lists_use_their_index(name: str, index: str) -> None:
    connection = connect_writer(":memory:", synchronous="OFF")
    schema.migrate(connection, now=1.0)
    sql = statements("sessions")[name]
    values = (None,) * len(set(re.findall(r"\?\d+", sql)))
    plan = " ".join(str(row[3]) for row in connection.execute("EXPLAIN QUERY PLAN " + sql, values))
    assert index in plan
    assert "TEMP B-TREE" not in plan
    assert "CO-ROUTINE" not in plan
    connection.close()


def test_migrations_are_listed_in_order() -> None:
    files = sorted(file.name for file in (PACKAGE / "migrations").iterdir() if file.name.endswith(".sql"))
    assert files == list(schema.MIGRATIONS)
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
