"""Owns ephemeral tokens: minted with a key for a browser, narrow, short-lived, gone with the key."""

from __future__ import annotations

from mainspring.model.errors import Unauthorized
from mainspring.runtime.ports import Clock, Ids, KeyStore, TokenRecord
from mainspring.runtime.requests import Grant, Principal
from mainspring.runtime.secrets import digest_of

PREFIX = "oct_et_"
LIFETIME = 3600.0
"""Seconds a token lives if nobody says otherwise."""
LONGEST = 24 * 3600.0
REMEMBERED = 3600.0
"""Seconds an expired token is remembered, so that its holder hears that it expired."""


class Tokens:
    """Ephemeral tokens of every project."""

    def __init__(self, store: KeyStore, *, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    async def mint(
        self, principal: Principal, grant: Grant, *, lifetime: float = LIFETIME
    ) -> tuple[str, TokenRecord]:
        """A new token: its secret (never to be seen again) and its record.

        `principal`: the key it is minted with, which it does not outlive. `lifetime`: seconds, cut to `LONGEST`.
        """
        now = self._clock.now()
        expires_at = now + min(lifetime, LONGEST)
        if principal.expires_at is not None:
            expires_at = min(expires_at, principal.expires_at)
        secret = PREFIX + self._ids.token() + self._ids.token()
        record = TokenRecord(
            id=f"tok_{self._ids.token()}",
            project_id=principal.project_id,
            key_id=principal.key_id,
            digest=digest_of(secret),
            agent_id=grant.agent_id,
            session_id=grant.session_id,
            triggers=grant.triggers,
            tools=grant.tools,
            created_at=now,
            expires_at=expires_at,
        )
        await self._store.add_token(record, forget=now - REMEMBERED)
        return secret, record

    async def verify(self, secret: str) -> Principal:
        """Whom a token lets in; raises `Unauthorized`."""
        record = await self._store.token_by_digest(digest_of(secret))
        if record is None or record.revoked_at is not None:
            raise Unauthorized("The token is not known or was revoked.")
        if record.expires_at <= self._clock.now():
            raise Unauthorized("The token has expired.", code="TOKEN_EXPIRED")
        grant = Grant(
            agent_id=record.agent_id,
            session_id=record.session_id,
            triggers=record.triggers,
            tools=record.tools,
        )
        return Principal(
            project_id=record.project_id,
            key_id=record.id,
            scopes=frozenset(),
            expires_at=record.expires_at,
            grant=grant,
        )

    async def revoke(self, project_id: str, secret: str) -> str | None:
        """Ends a token at once; its id, or None if it was unknown or over already."""
        record = await self._store.token_by_digest(digest_of(secret))
        now = self._clock.now()
        if record is None or record.project_id != project_id or record.expires_at <= now:
            return None
        return record.id if await self._store.revoke_token(project_id, record.id, now) else None
