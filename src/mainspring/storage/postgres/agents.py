"""Owns the rows of agents and their versions."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from mainspring.model.agents import AgentRecord, AgentSource
from mainspring.model.errors import Conflict, StoreError
from mainspring.storage.postgres.connections import Connection, Found
from mainspring.storage.postgres.statements import statements
from mainspring.storage.postgres.text import read, written

_decode_source = msgspec.json.Decoder(AgentSource).decode


def record_of(found: Found) -> AgentRecord:
    """A row of id, project, version, source, created, updated, archived; raises `StoreError` if it is damaged."""
    try:
        source = _decode_source(found[3])
    except msgspec.MsgspecError as error:
        raise StoreError(f"Version {found[2]} of agent {found[0]} is damaged: {error}") from error
    return AgentRecord(
        id=read(found[0]),
        project_id=read(found[1]),
        version=read(found[2]),
        source=source,
        created_at=found[4],
        updated_at=found[5],
        archived=found[6],
    )


async def publish(connection: Connection, record: AgentRecord) -> AgentRecord:
    """Creates or updates an agent by project and slug; the same version again changes nothing.

    Raises `Conflict` if the id belongs to another agent.
    """
    sql = statements("agents")
    project, slug = written(record.project_id), written(record.source.settings.slug)
    await connection.execute(sql["lock_slug"], project, slug)
    live = await connection.fetchrow(sql["live_by_slug"], project, slug)
    if live is not None and read(live[1]) == record.version:
        same = await find_version(
            connection, record.project_id, agent_id=read(live[0]), version=record.version
        )
        return same or record
    if live is not None:
        record = replace(record, id=read(live[0]), created_at=live[2], archived=False)
    else:
        await _check_owner(connection, record)
        record = replace(record, archived=False)
    agent, version = written(record.id), written(record.version)
    if live is not None:
        await connection.execute(sql["update"], agent, version, record.updated_at)
    else:
        values = (agent, project, slug, version, record.created_at, record.updated_at)
        await connection.execute(sql["create"], *values)
    source = msgspec.json.encode(record.source)
    await connection.execute(sql["add_version"], agent, version, record.updated_at, source)
    return record


async def _check_owner(connection: Connection, record: AgentRecord) -> None:
    """An archived agent of the same project may live again under its id."""
    owner = await connection.fetchrow(statements("agents")["owner"], written(record.id))
    if owner is not None and tuple(owner) != (written(record.project_id), True):
        raise Conflict("An agent with this id exists already.")


async def list_agents(connection: Connection, project_id: str) -> list[AgentRecord]:
    """The agents of a project that are not archived, by slug."""
    return [
        record_of(row) for row in await connection.fetch(statements("agents")["list"], written(project_id))
    ]


async def find_agent(connection: Connection, project_id: str, *, id_or_slug: str) -> AgentRecord | None:
    """The current version of an agent that is not archived."""
    values = (written(project_id), written(id_or_slug))
    found = await connection.fetchrow(statements("agents")["current"], *values)
    return None if found is None else record_of(found)


async def find_version(
    connection: Connection, project_id: str, *, agent_id: str, version: str
) -> AgentRecord | None:
    """One version, also of an archived agent; `updated_at` is when it was published."""
    values = (written(project_id), written(agent_id), written(version))
    found = await connection.fetchrow(statements("agents")["version"], *values)
    return None if found is None else record_of(found)


async def find_hash(connection: Connection, project_id: str, *, version: str) -> AgentRecord | None:
    """One version, whichever agent of the project it is of."""
    values = (written(project_id), written(version))
    found = await connection.fetchrow(statements("agents")["by_hash"], *values)
    return None if found is None else record_of(found)


async def archive_agent(connection: Connection, project_id: str, *, agent_id: str, at: float) -> bool:
    """Whether there was one to archive."""
    values = (written(project_id), written(agent_id), at)
    return await connection.fetchval(statements("agents")["archive"], *values) is not None
