"""Owns who drives what: the living hosts, claiming what nobody drives, giving up what one drives."""

from __future__ import annotations

from mainspring.runtime.dispatch import HostRecord, Work
from mainspring.storage.postgres.connections import Connection
from mainspring.storage.postgres.presence import come_back
from mainspring.storage.postgres.statements import statements
from mainspring.storage.postgres.text import read, written


async def living(connection: Connection) -> list[HostRecord]:
    """The hosts, oldest first."""
    return [
        HostRecord(
            id=read(row[0]),
            name=read(row[1]),
            version=read(row[2]),
            since=row[3],
            seen=row[4],
            draining=row[5],
            running=row[6],
            readers=row[7],
        )
        for row in await connection.fetch(statements("hosts")["living"])
    ]


async def claim_work(connection: Connection, *, host_id: str, now: float, limit: int) -> list[Work]:
    """What nobody drives, then what waits and is due, for a live host. What others claim is passed over."""
    found = await connection.fetch(statements("hosts")["claim"], written(host_id), now, limit)
    return [Work(session_id=read(row[0]), epoch=row[1], handed_over=row[2], due=row[3]) for row in found]


async def leave(connection: Connection, *, host_id: str) -> None:
    """Takes a host out of the living, and its name from what it runs; the others are told."""
    sql = statements("hosts")
    async with connection.transaction():
        if await connection.fetchval(sql["leave"], written(host_id)) is None:
            return
        await connection.execute(sql["give_up"], written(host_id))
        await come_back(connection, host_id)
