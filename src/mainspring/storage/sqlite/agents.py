"""Owns the rows of agents and their versions."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from mainspring.model.agents import AgentRecord, AgentSource
from mainspring.model.errors import Conflict, StoreError
from mainspring.storage.sqlite.connections import Connection
from mainspring.storage.sqlite.statements import statements

_decode_source = msgspec.json.Decoder(AgentSource).decode


def record_of(found: tuple[Any, ...]) -> AgentRecord:
    """A row of id, project, version, source, created, updated, archived; raises `StoreError` if it is damaged."""
    try:
        source = _decode_source(found[3])
    except msgspec.MsgspecError as error:
        raise StoreError(f"Version {found[2]} of agent {found[0]} is damaged: {error}") from error
    return AgentRecord(
        id=found[0],
        project_id=found[1],
        version=found[2],
        source=source,
        created_at=found[4],
        updated_at=found[5],
        archived=bool(found[6]),
    )


def publish(connection: Connection, record: AgentRecord) -> AgentRecord:
    """Creates or updates an agent by project and slug; the same version again changes nothing.

    Raises `Conflict` if the id belongs to another agent.
    """
    sql = statements("agents")
    slug = record.source.settings.slug
    live = connection.execute(sql["live_by_slug"], (record.project_id, slug)).fetchone()
    if live is not None and live[1] == record.version:
        return find_version(connection, record.project_id, agent_id=live[0], version=live[1]) or record
    if live is not None:
        record = replace(record, id=live[0], created_at=live[2], archived=False)
        connection.execute(sql["update"], (record.id, record.version, record.updated_at))
    else:
        _check_owner(connection, record)
        values = (record.id, record.project_id, slug, record.version, record.created_at, record.updated_at)
        connection.execute(sql["create"], values)
        record = replace(record, archived=False)
    source = msgspec.json.encode(record.source)
    connection.execute(sql["add_version"], (record.id, record.version, record.updated_at, source))
    return record


def _check_owner(connection: Connection, record: AgentRecord) -> None:
    """An archived agent of the same project may live again under its id."""
    owner = connection.execute(statements("agents")["owner"], (record.id,)).fetchone()
    if owner is not None and owner != (record.project_id, 1):
        raise Conflict("An agent with this id exists already.")


def list_agents(connection: Connection, project_id: str) -> list[AgentRecord]:
    """The agents of a project that are not archived, by slug."""
    return [record_of(row) for row in connection.execute(statements("agents")["list"], (project_id,))]


def find_agent(connection: Connection, project_id: str, *, id_or_slug: str) -> AgentRecord | None:
    """The current version of an agent that is not archived."""
    found = connection.execute(statements("agents")["current"], (project_id, id_or_slug)).fetchone()
    return None if found is None else record_of(found)


def find_version(
    connection: Connection, project_id: str, *, agent_id: str, version: str
) -> AgentRecord | None:
    """One version, also of an archived agent; `updated_at` is when it was published."""
    values = (project_id, agent_id, version)
    found = connection.execute(statements("agents")["version"], values).fetchone()
    return None if found is None else record_of(found)


def find_hash(connection: Connection, project_id: str, *, version: str) -> AgentRecord | None:
    """One version, whichever agent of the project it is of."""
    found = connection.execute(statements("agents")["by_hash"], (project_id, version)).fetchone()
    return None if found is None else record_of(found)


def archive_agent(connection: Connection, project_id: str, *, agent_id: str, at: float) -> bool:
    """Whether there was one to archive."""
    values = (project_id, agent_id, at)
    return connection.execute(statements("agents")["archive"], values).fetchone() is not None
