"""Owns the rows of ephemeral tokens."""

from __future__ import annotations

import msgspec

from mainspring.model.errors import Conflict
from mainspring.runtime.ports import TokenRecord
from mainspring.storage.postgres.connections import Connection
from mainspring.storage.postgres.statements import statements
from mainspring.storage.postgres.text import read, read_maybe, written

_decode_limits = msgspec.json.Decoder(tuple[tuple[str, ...] | None, tuple[str, ...]]).decode


async def add_token(connection: Connection, record: TokenRecord, *, forget: float) -> None:
    """Stores a token and drops what expired before `forget`; raises `Conflict` if its id or digest is there."""
    sql = statements("tokens")
    made = await connection.fetchval(
        sql["add"],
        written(record.id),
        written(record.project_id),
        written(record.key_id),
        record.digest,
        written(record.agent_id),
        written(record.session_id),
        msgspec.json.encode((record.triggers, record.tools)),
        record.created_at,
        record.expires_at,
        record.revoked_at,
    )
    if made is None:
        raise Conflict("This token exists already.")
    await connection.execute(sql["forget"], forget)


async def find_token(connection: Connection, digest: bytes) -> TokenRecord | None:
    """The token of a digest, whatever its state; `revoked_at` also tells of its key."""
    found = await connection.fetchrow(statements("tokens")["by_digest"], digest)
    if found is None:
        return None
    triggers, tools = _decode_limits(found[6])
    return TokenRecord(
        id=read(found[0]),
        project_id=read(found[1]),
        key_id=read(found[2]),
        digest=found[3],
        agent_id=read(found[4]),
        session_id=read_maybe(found[5]),
        triggers=triggers,
        tools=tools,
        created_at=found[7],
        expires_at=found[8],
        revoked_at=found[9],
    )


async def revoke_token(connection: Connection, project_id: str, *, token_id: str, at: float) -> bool:
    """Whether there was a live one to revoke."""
    values = (written(project_id), written(token_id), at)
    return await connection.fetchval(statements("tokens")["revoke"], *values) is not None
