"""Owns reading a journal: rows after a cursor, facts, and a session as a host continues it."""

from __future__ import annotations

from mainspring.model.rows import Row
from mainspring.runtime.ports import Loaded
from mainspring.storage.coding import CURSOR_BITS, LAST_CURSOR, read_facts, read_rows
from mainspring.storage.sqlite.connections import Connection
from mainspring.storage.sqlite.sessions import record_of
from mainspring.storage.sqlite.statements import statements


def load_session(connection: Connection, session_id: str) -> Loaded | None:
    """A session, its snapshot and the facts after it, as of one moment."""
    sql = statements("journal")
    with connection:
        found = connection.execute(statements("sessions")["record"], (session_id,)).fetchone()
        if found is None:
            return None
        n: int = found[0]
        record = record_of(found)
        cursor, snapshot = connection.execute(sql["read_snapshot"], (n,)).fetchone() or (0, None)
        origin = n << CURSOR_BITS
        stored = connection.execute(sql["read_facts"], (origin + cursor, origin + LAST_CURSOR))
        facts = tuple(read_facts(stored, after=cursor))
    return Loaded(record=record, snapshot=snapshot, snapshot_cursor=cursor, facts=facts)


def read_journal(connection: Connection, session_id: str, *, after: int, limit: int) -> list[Row]:
    """Up to `limit` rows whose `last` > `after`; none of an unknown session."""
    n = _number(connection, session_id)
    if n is None or after >= LAST_CURSOR:
        return []
    origin = n << CURSOR_BITS
    bounds = (origin + max(after, 0), origin + LAST_CURSOR, limit)
    return read_rows(connection.execute(statements("journal")["read"], bounds), after=after)[:limit]


def read_journals(
    connection: Connection, *, wanted: tuple[tuple[str, int], ...], limit: int
) -> dict[str, list[Row]]:
    """As `read_journal` for each (session, after) that has some."""
    found = ((each, read_journal(connection, each, after=after, limit=limit)) for each, after in wanted)
    return {session_id: rows for session_id, rows in found if rows}


def read_all_facts(connection: Connection, session_id: str) -> list[Row]:
    """Every fact of a journal; none of an unknown session."""
    n = _number(connection, session_id)
    if n is None:
        return []
    origin = n << CURSOR_BITS
    return read_facts(connection.execute(statements("journal")["read_facts"], (origin, origin + LAST_CURSOR)))


def _number(connection: Connection, session_id: str) -> int | None:
    found = connection.execute(statements("sessions")["number"], (session_id,)).fetchone()
    return None if found is None else int(found[0])
