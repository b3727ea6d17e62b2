"""Owns the rows of sessions as they are read: one, by key, in lists."""

from __future__ import annotations

import math
from collections.abc import Iterable

from mainspring.runtime.ports import ListSessions, SessionRecord
from mainspring.storage.postgres.connections import Connection, Found
from mainspring.storage.postgres.statements import statements
from mainspring.storage.postgres.text import read, read_maybe, written


def record_of(found: Found) -> SessionRecord:
    """A row of the view `session_records`."""
    return SessionRecord(
        id=read(found[1]),
        project_id=read(found[2]),
        agent_id=read(found[3]),
        agent_slug=read(found[4]),
        version=read(found[5]),
        format=found[6],
        status=found[7],
        created_at=found[8],
        updated_at=found[9],
        expires_at=found[10],
        epoch=found[11],
        active_execution=read_maybe(found[12]),
        waiting=found[13],
        start_key=read_maybe(found[14]),
        cursor=found[15],
        owner=read_maybe(found[16]),
        wake_at=found[17],
    )


def _records_of(found: Iterable[Found]) -> list[SessionRecord]:
    return [record_of(row) for row in found]


async def find_record(connection: Connection, session_id: str) -> SessionRecord | None:
    """The row of a session."""
    found = await connection.fetchrow(statements("sessions")["record"], written(session_id))
    return None if found is None else record_of(found)


async def find_by_key(connection: Connection, *, project_id: str, start_key: str) -> SessionRecord | None:
    """The row of the session that was created with a start key."""
    found = await connection.fetchrow(
        statements("sessions")["record_by_start_key"], written(project_id), written(start_key)
    )
    return None if found is None else record_of(found)


async def list_sessions(connection: Connection, query: ListSessions) -> list[SessionRecord]:
    """A page of a project's sessions, newest first."""
    at, last = query.before or (math.inf, "")
    values = (written(query.project_id), at, written(last), query.status, query.limit)
    if query.agent_id is None:
        return _records_of(await connection.fetch(statements("sessions")["records_of_project"], *values))
    sql = statements("sessions")["records_of_agent"]
    return _records_of(await connection.fetch(sql, *values, written(query.agent_id)))


async def due_sessions(connection: Connection, *, now: float, limit: int) -> list[SessionRecord]:
    """Active ones whose time is over and that nothing runs in; a waiting execution does not run."""
    return _records_of(await connection.fetch(statements("sessions")["records_due"], now, limit))
