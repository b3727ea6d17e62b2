"""Owns the schema's version: what is there, what is missing, and bringing it up to date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mainspring.model.errors import StoreError
from mainspring.storage.addresses import shown
from mainspring.storage.postgres import absurd
from mainspring.storage.postgres.connections import OLDEST, Connection
from mainspring.storage.postgres.statements import migration, statements

MIGRATIONS = ("0001_core.sql",)
"""In order; the number of a migration is the version it makes."""
LOCK = 0x6D61696E73  # "mains"


class Step(NamedTuple):
    """A piece of SQL that is missing. `version` 0: not one of our numbered ones."""

    title: str
    version: int
    sql: str


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


async def missing(connection: Connection) -> list[Step]:
    """What has to be run to bring the schema up to date, in order."""
    version = await version_of(connection)
    steps = [
        Step(f"Mainspring schema {number}: {name}", number, migration(name))
        for number, name in enumerate(MIGRATIONS, 1)
        if number > version
    ]
    return steps + [Step(title, 0, sql) for title, sql in await absurd.missing(connection)]


async def migrate(connection: Connection, *, now: float) -> list[Step]:
    """Runs what is missing in one transaction, all or none; returns what was run. Two at once wait for each other."""
    sql = statements("schema")
    async with connection.transaction():
        await connection.fetchval(sql["lock"], LOCK)
        await connection.execute(sql["create_version"])
        steps = await missing(connection)
        for step in steps:
            await connection.execute(step.sql)
            if step.version:
                await connection.execute(sql["set_version"], step.version, now)
    return steps
