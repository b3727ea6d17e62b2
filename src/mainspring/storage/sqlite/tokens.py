"""Owns the rows of ephemeral tokens."""

from __future__ import annotations

import msgspec

from mainspring.model.errors import Conflict
from mainspring.runtime.ports import TokenRecord
from mainspring.storage.sqlite.connections import Connection
from mainspring.storage.sqlite.statements import statements

_decode_limits = msgspec.json.Decoder(tuple[tuple[str, ...] | None, tuple[str, ...]]).decode


def add_token(connection: Connection, record: TokenRecord, *, forget: float) -> None:
    """Stores a token and drops what expired before `forget`; raises `Conflict` if its id or digest is there."""
    sql = statements("tokens")
    if connection.execute(sql["exists"], (record.id, record.digest)).fetchone() is not None:
        raise Conflict("This token exists already.")
    connection.execute(sql["forget"], (forget,))
    values = (
        record.id,
        record.project_id,
        record.key_id,
        record.digest,
        record.agent_id,
        record.session_id,
        msgspec.json.encode((record.triggers, record.tools)),
        record.created_at,
        record.expires_at,
        record.revoked_at,
    )
    connection.execute(sql["add"], values)


def find_token(connection: Connection, digest: bytes) -> TokenRecord | None:
    """The token of a digest, whatever its state; `revoked_at` also tells of its key."""
    found = connection.execute(statements("tokens")["by_digest"], (digest,)).fetchone()
    if found is None:
        return None
    triggers, tools = _decode_limits(found[6])
    return TokenRecord(
        id=found[0],
        project_id=found[1],
        key_id=found[2],
        digest=found[3],
        agent_id=found[4],
        session_id=found[5],
        triggers=triggers,
        tools=tools,
        created_at=found[7],
        expires_at=found[8],
        revoked_at=found[9],
    )


def revoke_token(connection: Connection, project_id: str, *, token_id: str, at: float) -> bool:
    """Whether there was a live one to revoke."""
    values = (project_id, token_id, at)
    return connection.execute(statements("tokens")["revoke"], values).fetchone() is not None
