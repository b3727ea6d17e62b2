"""Owns the rows of API keys."""

from __future__ import annotations

import msgspec

from mainspring.model.errors import Conflict
from mainspring.runtime.ports import KeyRecord
from mainspring.storage.postgres.connections import Connection, Found
from mainspring.storage.postgres.statements import statements
from mainspring.storage.postgres.text import read, written

_decode_scopes = msgspec.json.Decoder(tuple[str, ...]).decode


def record_of(found: Found) -> KeyRecord:
    """A row of `api_keys` without its number."""
    return KeyRecord(
        id=read(found[0]),
        project_id=read(found[1]),
        name=read(found[2]),
        prefix=read(found[3]),
        digest=found[4],
        scopes=_decode_scopes(found[5]),
        created_at=found[6],
        expires_at=found[7],
        revoked_at=found[8],
    )


async def add_key(connection: Connection, record: KeyRecord) -> None:
    """Stores a key; raises `Conflict` if its id or digest is there."""
    made = await connection.fetchval(
        statements("keys")["add"],
        written(record.id),
        written(record.project_id),
        written(record.name),
        written(record.prefix),
        record.digest,
        msgspec.json.encode(record.scopes),
        record.created_at,
        record.expires_at,
        record.revoked_at,
    )
    if made is None:
        raise Conflict("This key exists already.")


async def find_key(connection: Connection, digest: bytes) -> KeyRecord | None:
    """The key of a digest, whatever its state."""
    found = await connection.fetchrow(statements("keys")["by_digest"], digest)
    return None if found is None else record_of(found)


async def list_keys(connection: Connection, project_id: str) -> list[KeyRecord]:
    """All keys of a project, newest first."""
    return [record_of(row) for row in await connection.fetch(statements("keys")["list"], written(project_id))]


async def revoke_key(connection: Connection, project_id: str, *, key_id: str, at: float) -> bool:
    """Whether there was a live one to revoke."""
    values = (written(project_id), written(key_id), at)
    return await connection.fetchval(statements("keys")["revoke"], *values) is not None
