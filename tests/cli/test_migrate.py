"""Tests `mainspring migrate` on a SQLite file; `tests/e2e/test_postgres.py` does it on PostgreSQL."""

from pathlib import Path

import apsw

from mainspring.storage.sqlite import schema
from tests.cli.conftest import Run, json_of

LATEST = len(schema.MIGRATIONS)


def test_a_file_is_made_and_migrated(run: Run, tmp_path: Path) -> None:
    before = run("migrate", "status")
    assert before.exit_code == 1
    assert f"schema 0, {LATEST} is needed" in before.output
    assert not (tmp_path / "mainspring.db").exists()
    done = run("migrate")
    assert done.exit_code == 0, done.output
    assert "0001_core.sql" in done.output
    assert run("migrate", "status").output == f"./mainspring.db: schema {LATEST}, nothing is missing.\n"
    assert run("migrate").exit_code == 0


def test_the_printed_sql_makes_the_same_schema(run: Run) -> None:
    shown = run("migrate", "--dry-run", "--database", "x.db")
    assert shown.exit_code == 0
    assert shown.output.startswith("BEGIN;")
    connection = apsw.Connection("x.db")
    connection.execute(shown.output)
    connection.close()
    assert run("migrate", "status", "--database", "x.db").exit_code == 0
    assert "nothing is missing" in run("migrate", "--dry-run", "--database", "x.db").output


def test_json_says_the_same(run: Run) -> None:
    behind = json_of(run("migrate", "status", "--json"), 1)
    assert (behind["schema"], behind["latest"], len(behind["missing"])) == (0, LATEST, LATEST + 1)
    planned = json_of(run("migrate", "--dry-run", "--json"))
    assert "CREATE TABLE sessions" in planned["sql"]
    done = json_of(run("migrate", "--json"))
    assert done == {"database": "./mainspring.db", "schema": LATEST, "latest": LATEST, "missing": []}
    assert "sql" not in json_of(run("migrate", "--dry-run", "--json"))


def test_a_newer_schema_is_refused(run: Run) -> None:
    run("migrate")
    connection = apsw.Connection("mainspring.db")
    connection.execute("INSERT INTO schema_version VALUES (99, 1.0)")
    connection.close()
    refused = run("migrate", "status")
    assert refused.exit_code == 1
    assert "a newer Mainspring" in refused.output


def test_what_is_no_database_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("hello " * 1000)
    refused = run("migrate", "--database", "text.db")
    assert refused.exit_code == 1
    assert "cannot be opened" in refused.output


def test_an_engine_that_is_not_known_is_refused(run: Run) -> None:
    refused = run("migrate", "--database", "mysql://me:hunter2@db/x")
    assert refused.exit_code == 2
    assert "hunter2" not in refused.output


def test_keys_ask_for_no_file_on_postgresql(run: Run) -> None:
    refused = run("keys", "list", "--database", "postgresql://me:hunter2@127.0.0.1:1/x")
    assert refused.exit_code == 1
    assert "does not answer" in refused.output
    assert "hunter2" not in refused.output
