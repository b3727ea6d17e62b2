"""Owns reading a journal: rows after a cursor, facts, and a session as a host continues it."""

from __future__ import annotations

from collections.abc import Sequence

from mainspring.model.rows import Row
from mainspring.runtime.ports import Loaded
from mainspring.storage.coding import LAST_CURSOR, StoredRow, read_facts, read_rows
from mainspring.storage.postgres.connections import Connection, Found
from mainspring.storage.postgres.sessions import record_of
from mainspring.storage.postgres.statements import statements
from mainspring.storage.postgres.text import read, written


def stored_row(found: Found) -> StoredRow:
    """A row of (last, span, kind, at, data)."""
    last, span, kind, at, data = found
    return (last, span, kind, at, data)


async def load_session(connection: Connection, session_id: str) -> Loaded | None:
    """A session, its snapshot and the facts after it, as of one moment."""
    sql = statements("journal")
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = await connection.fetchrow(statements("sessions")["record"], written(session_id))
        if found is None:
            return None
        cursor, snapshot = await connection.fetchrow(sql["read_snapshot"], found[0]) or (0, None)
        stored = await connection.fetch(sql["read_facts"], found[0], cursor)
    return Loaded(
        record=record_of(found),
        snapshot=snapshot,
        snapshot_cursor=cursor,
        facts=tuple(read_facts(map(stored_row, stored), after=cursor)),
    )


async def read_journal(connection: Connection, session_id: str, *, after: int, limit: int) -> list[Row]:
    """Up to `limit` rows whose `last` > `after`; none of an unknown session."""
    n = await _number(connection, session_id)
    if n is None or after >= LAST_CURSOR:
        return []
    after = max(after, 0)
    stored = await connection.fetch(statements("journal")["read"], n, after, limit)
    return read_rows(map(stored_row, stored), after=after)[:limit]


async def read_journals(
    connection: Connection, *, wanted: Sequence[tuple[str, int]], limit: int
) -> dict[str, list[Row]]:
    """Up to `limit` rows of each journal after its cursor; only sessions that have some."""
    names = [written(name) for name, _ in wanted]
    cursors = {name: min(max(after, 0), LAST_CURSOR) for name, after in wanted}
    found = await connection.fetch(
        statements("journal")["read_many"], names, [cursors[name] for name, _ in wanted], limit
    )
    stored: dict[str, list[StoredRow]] = {}
    for name, *row in found:
        stored.setdefault(read(name), []).append(stored_row(row))
    return {name: read_rows(rows, after=cursors[name])[:limit] for name, rows in stored.items()}


async def read_all_facts(connection: Connection, session_id: str) -> list[Row]:
    """Every fact of a journal; none of an unknown session."""
    n = await _number(connection, session_id)
    if n is None:
        return []
    return read_facts(map(stored_row, await connection.fetch(statements("journal")["read_facts"], n, 0)))


async def _number(connection: Connection, session_id: str) -> int | None:
    found: int | None = await connection.fetchval(statements("sessions")["number"], written(session_id))
    return found
