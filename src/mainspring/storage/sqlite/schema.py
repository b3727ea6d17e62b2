"""Owns the schema's version: creates it, brings it up to date, and keeps a copy of what was before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import apsw

from mainspring.model.errors import StoreError
from mainspring.storage.schema_state import SchemaState, Step
from mainspring.storage.sqlite.connections import MEMORY, Connection, connect_reader
from mainspring.storage.sqlite.statements import migration, statements

MIGRATIONS = ("0001_core.sql", "0002_hosts.sql", "0003_tokens.sql")
"""In order; the number of a migration is the version it makes."""


def version_of(connection: Connection) -> int:
    """The schema's version: 0 for an empty database; raises `StoreError` for somebody else's."""
    sql = statements("schema")
    tables = {name for (name,) in connection.execute(sql["tables"])}
    if not tables:
        return 0
    if "schema_version" not in tables:
        raise StoreError(f"{connection.filename}: this is not a Mainspring database.")
    versions: list[int] = [version for (version,) in connection.execute(sql["versions"])]
    return max(versions, default=0)


def is_current(connection: Connection, *, latest: int = len(MIGRATIONS)) -> bool:
    """Whether nothing has to be done; raises `StoreError` if a newer release wrote the file."""
    version = version_of(connection)
    if version > latest:
        raise StoreError(
            f"{connection.filename}: a newer Mainspring wrote this database (schema {version}, known here: "
            f"{latest}). Upgrade Mainspring, or restore a backup made before the upgrade."
        )
    return version == latest


def migrate(
    connection: Connection,
    *,
    now: float,
    scripts: Sequence[str] | None = None,
    copy_to: Path | None = None,
) -> None:
    """Runs the migrations that are missing, all or none. `scripts`: their SQL, default ours.

    `copy_to`: the database file; an existing schema N is first copied to `<file>.bak-vN`.
    """
    scripts = [migration(name) for name in MIGRATIONS] if scripts is None else scripts
    if is_current(connection, latest=len(scripts)):
        return
    before = version_of(connection)
    if before and copy_to is not None:
        copy_database(connection, copy_to.with_name(f"{copy_to.name}.bak-v{before}"))
    sql = statements("schema")
    connection.transaction_mode = "IMMEDIATE"
    with connection:
        connection.execute(sql["create_version"])
        for number in range(version_of(connection) + 1, len(scripts) + 1):
            connection.execute(scripts[number - 1])
            connection.execute(sql["set_version"], (number, now))
    connection.transaction_mode = "DEFERRED"


def look(path: str) -> SchemaState:
    """What a file has and what is missing; one that is not there is not made. Raises `StoreError`."""
    try:
        there = Path(path).is_file()
        connection = connect_reader(path) if there else cast(Connection, apsw.Connection(MEMORY))
        try:
            return state_of(connection)
        finally:
            connection.close()
    except apsw.Error as error:
        raise StoreError(f"{path} cannot be opened: {error}") from error


def state_of(connection: Connection) -> SchemaState:
    """What is there and what is missing; raises `StoreError` as `is_current` does."""
    is_current(connection)
    version = version_of(connection)
    sql = statements("schema")
    steps = [
        Step(f"Schema {number}: {name}", f"{migration(name)}\n{_noted(number)}")
        for number, name in enumerate(MIGRATIONS[version:], version + 1)
    ]
    if not version:
        steps.insert(0, Step("The version of the schema", sql["create_version"]))
    return SchemaState(version=version, latest=len(MIGRATIONS), missing=tuple(steps))


def _noted(number: int) -> str:
    return f"INSERT INTO schema_version (version, applied_at) VALUES ({number}, unixepoch());"  # noqa: S608 - a number of ours


def copy_database(source: Connection, target: Path) -> None:
    """A consistent copy of a database as it is now; `target` appears whole or not at all."""
    partial = target.with_name(target.name + ".part")
    partial.unlink(missing_ok=True)
    destination = apsw.Connection(str(partial))
    try:
        # One step is one read transaction: with a write-ahead log it holds no writer up, and needs no second try.
        with destination.backup("main", cast(apsw.Connection, source), "main") as backup:
            backup.step()
        cast(Connection, destination).pragma("journal_mode", "delete")
    finally:
        destination.close()
    partial.replace(target)
