"""Owns the rows of sessions: creates, takes, lists them."""

from __future__ import annotations

import math
from typing import Any

from msgspec.structs import replace

from mainspring.model.errors import Conflict, StaleWriter
from mainspring.model.rows import Row
from mainspring.runtime.ports import ListSessions, SessionRecord
from mainspring.storage.sqlite.connections import Connection
from mainspring.storage.sqlite.ledger import Ledger
from mainspring.storage.sqlite.statements import statements


def record_of(found: tuple[Any, ...]) -> SessionRecord:
    """A row of the view `session_records`."""
    return SessionRecord(
        id=found[1],
        project_id=found[2],
        agent_id=found[3],
        agent_slug=found[4],
        version=found[5],
        format=found[6],
        status=found[7],
        created_at=found[8],
        updated_at=found[9],
        expires_at=found[10],
        epoch=found[11],
        active_execution=found[12],
        waiting=bool(found[13]),
        start_key=found[14],
        cursor=found[16],
        owner=found[17],
        wake_at=found[18],
    )


def find_record(connection: Connection, session_id: str) -> SessionRecord | None:
    """The row of a session."""
    found = connection.execute(statements("sessions")["record"], (session_id,)).fetchone()
    return None if found is None else record_of(found)


def find_by_key(connection: Connection, *, project_id: str, start_key: str) -> SessionRecord | None:
    """The row of the session that was created with a start key."""
    found = connection.execute(
        statements("sessions")["record_by_start_key"], (project_id, start_key)
    ).fetchone()
    return None if found is None else record_of(found)


def create_session(
    connection: Connection, ledger: Ledger, *, record: SessionRecord, rows: tuple[Row, ...]
) -> SessionRecord:
    """Stores a session with its first rows, or answers the one that has its `start_key` already.

    Raises `Conflict` if the id is taken, `StaleWriter` if the rows do not count from 1.
    """
    sql = statements("sessions")
    if record.start_key is not None:
        found = find_by_key(connection, project_id=record.project_id, start_key=record.start_key)
        if found is not None:
            return found
    if find_record(connection, record.id) is not None:
        raise Conflict("A session with this id exists already.")
    cursor = 0
    for row in rows:
        if row.first != cursor + 1 or row.last < row.first:
            raise StaleWriter(f"The next cursor of the session is {cursor + 1}; a row has {row.first}.")
        cursor = row.last
    connection.execute(sql["create"], _columns(record))
    if rows:
        ledger.stage(ledger.head(record.id), rows)
    return replace(record, cursor=cursor, active_execution=record.active_execution or None)


def _columns(record: SessionRecord) -> tuple[Any, ...]:
    return (
        record.id,
        record.project_id,
        record.agent_id,
        record.agent_slug,
        record.version,
        record.format,
        record.status,
        record.created_at,
        record.updated_at,
        record.expires_at,
        record.epoch,
        record.active_execution or None,
        record.waiting,
        record.start_key,
        record.owner,
        record.wake_at,
    )


def list_sessions(connection: Connection, query: ListSessions) -> list[SessionRecord]:
    """A page of a project's sessions, newest first."""
    at, last = query.before or (math.inf, "")
    values = (query.project_id, at, last, query.status, query.limit)
    if query.agent_id is None:
        found = connection.execute(statements("sessions")["records_of_project"], values)
    else:
        found = connection.execute(statements("sessions")["records_of_agent"], (*values, query.agent_id))
    return [record_of(row) for row in found]


def due_sessions(connection: Connection, *, now: float, limit: int) -> list[SessionRecord]:
    """Active ones whose time is over and that nothing runs in; a waiting execution does not run."""
    found = connection.execute(statements("sessions")["records_due"], (now, limit))
    return [record_of(row) for row in found]
