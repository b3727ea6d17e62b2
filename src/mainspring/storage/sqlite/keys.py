"""Owns the rows of API keys."""

from __future__ import annotations

from typing import Any

import msgspec

from mainspring.model.errors import Conflict
from mainspring.runtime.ports import KeyRecord
from mainspring.storage.sqlite.connections import Connection
from mainspring.storage.sqlite.statements import statements

_decode_scopes = msgspec.json.Decoder(tuple[str, ...]).decode


def record_of(found: tuple[Any, ...]) -> KeyRecord:
    """A whole row of `api_keys`."""
    return KeyRecord(
        id=found[0],
        project_id=found[1],
        name=found[2],
        prefix=found[3],
        digest=found[4],
        scopes=_decode_scopes(found[5]),
        created_at=found[6],
        expires_at=found[7],
        revoked_at=found[8],
    )


def add_key(connection: Connection, record: KeyRecord) -> None:
    """Stores a key; raises `Conflict` if its id or digest is there."""
    sql = statements("keys")
    if connection.execute(sql["exists"], (record.id, record.digest)).fetchone() is not None:
        raise Conflict("This key exists already.")
    values = (
        record.id,
        record.project_id,
        record.name,
        record.prefix,
        record.digest,
        msgspec.json.encode(record.scopes),
        record.created_at,
        record.expires_at,
        record.revoked_at,
    )
    connection.execute(sql["add"], values)


def find_key(connection: Connection, digest: bytes) -> KeyRecord | None:
    """The key of a digest, whatever its state."""
    found = connection.execute(statements("keys")["by_digest"], (digest,)).fetchone()
    return None if found is None else record_of(found)


def list_keys(connection: Connection, project_id: str) -> list[KeyRecord]:
    """All keys of a project, newest first."""
    return [record_of(row) for row in connection.execute(statements("keys")["list"], (project_id,))]


def revoke_key(connection: Connection, project_id: str, *, key_id: str, at: float) -> bool:
    """Whether there was a live one to revoke."""
    values = (project_id, key_id, at)
    return connection.execute(statements("keys")["revoke"], values).fetchone() is not None
