"""Owns API keys: made once, shown once, kept as a digest, verified on every request."""

from __future__ import annotations

from mainspring.model.errors import InvalidRequest, NotFound, Unauthorized
from mainspring.runtime.ports import Clock, Ids, KeyRecord, KeyStore
from mainspring.runtime.requests import Principal
from mainspring.runtime.secrets import digest_of
from mainspring.runtime.tokens import PREFIX as TOKEN_PREFIX
from mainspring.runtime.tokens import Tokens

PREFIX = "oct_sk_"
SCOPES = ("agents", "sessions", "tokens", "tools", "admin")
SHOWN = len(PREFIX) + 6


class Keys:
    """API keys of every project, and the `tokens` minted with them."""

    def __init__(self, store: KeyStore, *, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self.tokens = Tokens(store, clock=clock, ids=ids)

    async def create(
        self, project_id: str, *, name: str, scopes: tuple[str, ...], expires_at: float | None = None
    ) -> tuple[str, KeyRecord]:
        """A new key: its secret (never to be seen again) and its record."""
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown or not scopes:
            raise InvalidRequest(
                f"scopes: {', '.join(unknown) or 'none given'}; allowed: {', '.join(SCOPES)}"
            )
        secret = PREFIX + self._ids.token() + self._ids.token()
        record = KeyRecord(
            id=f"key_{self._ids.token()}",
            project_id=project_id,
            name=name,
            prefix=secret[:SHOWN],
            digest=digest_of(secret),
            scopes=tuple(dict.fromkeys(scopes)),
            created_at=self._clock.now(),
            expires_at=expires_at,
        )
        await self._store.add_key(record)
        return secret, record

    async def verify(self, secret: str) -> Principal:
        """Who the secret of a key or a token stands for.

        Found by digest, so that no comparison tells how much of it was right.
        """
        if secret.startswith(TOKEN_PREFIX):
            return await self.tokens.verify(secret)
        record = await self._store.key_by_digest(digest_of(secret))
        now = self._clock.now()
        if record is None or record.revoked_at is not None:
            raise Unauthorized("The API key is not known or was revoked.")
        if record.expires_at is not None and record.expires_at <= now:
            raise Unauthorized("The API key has expired.", code="KEY_EXPIRED")
        return Principal(
            project_id=record.project_id,
            key_id=record.id,
            scopes=frozenset(record.scopes),
            expires_at=record.expires_at,
        )

    async def list(self, project_id: str) -> list[KeyRecord]:
        """All keys of a project, newest first."""
        return await self._store.keys(project_id)

    async def revoke(self, project_id: str, key_id: str) -> None:
        """Ends a key at once; raises `NotFound`."""
        if not await self._store.revoke_key(project_id, key_id, self._clock.now()):
            raise NotFound(f"There is no live key {key_id!r}.")
