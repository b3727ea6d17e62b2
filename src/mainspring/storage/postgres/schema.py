"""Owns the schema's version: what is there, what is missing, and bringing it up to date."""

from __future__ import annotations

from collections.abc import Sequence

from mainspring.model.errors import StoreError
from mainspring.storage.addresses import shown
from mainspring.storage.postgres import absurd
from mainspring.storage.postgres.connections import FAILURES, OLDEST, Connection, connect, translated
from mainspring.storage.postgres.statements import migration, statements
from mainspring.storage.schema_state import SchemaState, Step

MIGRATIONS = ("0001_core.sql", "0002_executions.sql", "0003_calls.sql")
"""In order; the number of a migration is the version it makes."""
LOCK = 0x6D61696E73  # "mains"


async def version_of(connection: Connection) -> int:
    """The schema's version: 0 for a database without one."""
    sql = statements("schema")
    if not await connection.fetchval(sql["exists"]):
        return 0
    version: int = await connection.fetchval(sql["version"])
    return version


async def check(connection: Connection, address: str, *, scripts: Sequence[str] = MIGRATIONS) -> bool:
    """Whether the schema is current; raises `StoreError` if a newer release wrote it, or the server does not fit."""
    server = int(await connection.fetchval("SHOW server_version_num"))
    if server < OLDEST:
        raise StoreError(f"{shown(address)}: PostgreSQL {OLDEST // 10000} or newer is needed.")
    encoding: str = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise StoreError(f"{shown(address)}: the encoding of the database is {encoding}; UTF8 is needed.")
    version = await version_of(connection)
    if version > len(scripts):
        raise StoreError(
            f"{shown(address)}: a newer Mainspring wrote this database (schema {version}, known here: "
            f"{len(scripts)}). Upgrade Mainspring, or restore a backup made before the upgrade."
        )
    return version == len(scripts) and not await absurd.missing(connection)


def behind(address: str, version: int) -> StoreError:
    """What is said of a database that has to be migrated first."""
    state = (
        f"has schema {version}, {len(MIGRATIONS)} is needed" if version else "has no Mainspring schema yet"
    )
    command = f"mainspring migrate --database '{shown(address)}'"
    return StoreError(
        f"{shown(address)} {state}. It is never changed by surprise: migrate it first.",
        code="SCHEMA_BEHIND",
        details={"hint": f"`{command}` does it; --dry-run shows the SQL."},
    )


async def look(address: str) -> SchemaState:
    """What a database has and what is missing, on a connection made for that; raises `StoreError`."""
    connection = await connect(address)
    try:
        return await state_of(connection, address)
    except FAILURES as error:
        raise translated(error) from error
    finally:
        await connection.close()


async def state_of(connection: Connection, address: str) -> SchemaState:
    """What is there and what is missing; raises `StoreError` as `check` does."""
    await check(connection, address)
    version = await version_of(connection)
    steps: list[Step] = []
    if not version:
        steps.append(Step("Where Mainspring's tables live", statements("schema")["create"]))
    for number, name in enumerate(MIGRATIONS[version:], version + 1):
        steps.append(Step(f"Schema {number}: {name}", f"{migration(name)}\n{_noted(number)}"))
    steps += [Step(title, sql) for title, sql in await absurd.missing(connection)]
    return SchemaState(version=version, latest=len(MIGRATIONS), missing=tuple(steps))


def _noted(number: int) -> str:
    return f"INSERT INTO mainspring.schema_version (version) VALUES ({number});"  # noqa: S608 - a number of ours


async def migrate(connection: Connection, address: str) -> SchemaState:
    """Runs what is missing in one transaction, all or none; returns what was run. Two at once wait for each other."""
    async with connection.transaction():
        await connection.execute(statements("schema")["wait"])
        await connection.fetchval(statements("schema")["lock"], LOCK)
        state = await state_of(connection, address)
        for step in state.missing:
            await connection.execute(step.sql)
    return state
