"""Owns the ports: what the runtime wishes of a store, a model, a clock; contract suites judge who implements them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Literal, Protocol

from mainspring.model.agents import AgentRecord
from mainspring.model.generation import ModelChunk, ModelRequest
from mainspring.model.rows import Row
from mainspring.model.values import Value
from mainspring.runtime.dispatch import Dispatch, Hold


class Clock(Protocol):
    """Time, given."""

    def now(self) -> float:
        """Wall time, Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Returns after that long."""
        ...


class Ids(Protocol):
    """Chance, given."""

    def token(self) -> str:
        """22 characters of 0-9A-Za-z: at least 128 random bits."""
        ...


class Completer(Protocol):
    """A wire to a provider of models."""

    def complete(self, request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk], None]:
        """The answer, in lists of what arrived together; the last chunk is `Finished`. An async generator.

        Raises `ProviderError` on any failure. Closing the iterator closes the provider's socket.
        """
        ...


class Completers(Protocol):
    """Finds the wire for a model name."""

    def find(self, model: str, /) -> Completer:
        """The completer for `provider/model-id`; raises `ProviderError` if unknown or without a key."""
        ...

    async def close(self) -> None:
        """Closes every connection to a provider."""
        ...


class SessionRecord(Value, frozen=True, kw_only=True):
    """A session's row: everything a list or a guard needs without folding the journal.

    `cursor`: the last one used. `epoch` grows each time a host takes the session: older ones are refused; `owner`: the
    host that took it last. `active_execution` is set while an execution is open; `waiting`: nothing is left of it that
    a host performs, only news from outside or the time `wake_at` (Unix seconds) moves it on.
    """

    id: str
    project_id: str
    agent_id: str
    agent_slug: str
    version: str
    format: Literal["interactive", "worker"]
    status: Literal["active", "expired"]
    created_at: float
    updated_at: float
    expires_at: float
    cursor: int = 0
    epoch: int = 0
    active_execution: str | None = None
    waiting: bool = False
    start_key: str | None = None
    owner: str | None = None
    wake_at: float | None = None


class SessionPatch(Value, frozen=True, kw_only=True):
    """Changes of a session's row that ride with an append; None: unchanged.

    `active_execution` "" clears it, and `wake_at` with it; `wake_at` 0 clears that alone.
    """

    status: Literal["active", "expired"] | None = None
    active_execution: str | None = None
    waiting: bool | None = None
    updated_at: float | None = None
    expires_at: float | None = None
    version: str | None = None
    wake_at: float | None = None


class Append(Value, frozen=True, kw_only=True):
    """Rows to add to one journal. Refused (`StaleWriter`) unless `epoch` is the session's and the cursor fits."""

    session_id: str
    epoch: int
    rows: tuple[Row, ...]
    patch: SessionPatch | None = None
    snapshot: bytes | None = None
    """State after the last row, compressed; replaces the one before."""
    claim: bool = False
    """Compare-and-set: refused (`SessionBusy`) if another execution is active."""


class Loaded(Value, frozen=True, kw_only=True):
    """A session as stored: row, snapshot (`snapshot_cursor` 0: none), and the facts after it, without deltas."""

    record: SessionRecord
    snapshot: bytes | None
    snapshot_cursor: int
    facts: tuple[Row, ...]


class ListSessions(Value, frozen=True, kw_only=True):
    """A page of sessions, newest `updated_at` first. `before`: (updated_at, id) of the last one seen."""

    project_id: str
    agent_id: str | None = None
    status: Literal["active", "expired"] | None = None
    before: tuple[float, str] | None = None
    limit: int = 50


class EventLog(Protocol):
    """Sessions and their journals."""

    async def create_session(self, record: SessionRecord, rows: Sequence[Row], /) -> SessionRecord:
        """Stores a new session with its first rows; with a `start_key` that exists already: that session instead."""
        ...

    def append(self, append: Append, /) -> asyncio.Future[None]:
        """Queues an append, in call order; the result is done when it is on disk. See `Append` for refusals."""
        ...

    async def load(self, session_id: str, /) -> Loaded | None:
        """A session, its snapshot and the facts after it."""
        ...

    async def record(self, session_id: str, /) -> SessionRecord | None:
        """Only the row."""
        ...

    async def record_by_key(self, project_id: str, start_key: str, /) -> SessionRecord | None:
        """The session that was created with a `start_key`."""
        ...

    async def read(self, session_id: str, after: int, limit: int, /) -> list[Row]:
        """Up to `limit` rows whose `last` > `after`, in order, stubs included."""
        ...

    async def facts(self, session_id: str, /) -> list[Row]:
        """Every fact row of a journal, in order (for projections)."""
        ...

    async def read_many(self, wanted: Sequence[tuple[str, int]], limit: int, /) -> dict[str, list[Row]]:
        """As `read` for many (session, after) at once, up to `limit` rows of each; only sessions that have some."""
        ...

    async def take(self, session_id: str, host_id: str, /) -> Hold:
        """A new epoch for a host that has joined: older writers are fenced from now on. Raises `NotFound`.

        Unless another host that is live runs an execution in the session (open and not `waiting`): then nothing
        changes, and the answer names it. Idle and waiting sessions, one's own, and those of dead hosts can be taken.
        Judged in the order of the appends: one queued before by the same store is written first.
        """
        ...

    async def sessions(self, query: ListSessions, /) -> list[SessionRecord]:
        """A page of sessions."""
        ...

    async def due_sessions(self, now: float, limit: int, /) -> list[SessionRecord]:
        """Active sessions without an active running execution whose `expires_at` has passed."""
        ...

    async def prune(self, before: float, limit: int, /) -> int:
        """Turns delta rows older than `before` of settled executions into stubs; returns how many rows were dropped."""
        ...


class AgentStore(Protocol):
    """Published agents, every version kept."""

    async def publish(self, record: AgentRecord, /) -> AgentRecord:
        """Creates or updates by (project, slug), keeping `id` and `created_at`; the slug of an archived one is free."""
        ...

    async def agents(self, project_id: str, /) -> list[AgentRecord]:
        """Not archived, by slug."""
        ...

    async def agent(self, project_id: str, id_or_slug: str, /) -> AgentRecord | None:
        """The current version, by id, else by slug; None if unknown or archived."""
        ...

    async def agent_version(self, project_id: str, agent_id: str, version: str, /) -> AgentRecord | None:
        """One version, also of an archived agent."""
        ...

    async def version(self, project_id: str, version: str, /) -> AgentRecord | None:
        """One version of any agent of the project, archived or not, by its hash alone."""
        ...

    async def archive(self, project_id: str, agent_id: str, at: float, /) -> bool:
        """Takes an agent out of lists; its slug is free again."""
        ...


class KeyRecord(Value, frozen=True, kw_only=True):
    """An API key: only the digest of the secret is kept. `prefix` is shown to people."""

    id: str
    project_id: str
    name: str
    prefix: str
    digest: bytes
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None


class TokenRecord(Value, frozen=True, kw_only=True):
    """An ephemeral token, minted with a key: bound to one agent, perhaps to one session; only a digest is kept.

    `triggers`: the only ones it may start; None: all. `tools`: those whose results it may bring. `revoked_at`: also the
    time its key was revoked.
    """

    id: str
    project_id: str
    key_id: str
    digest: bytes
    agent_id: str
    session_id: str | None
    created_at: float
    expires_at: float
    triggers: tuple[str, ...] | None = None
    tools: tuple[str, ...] = ()
    revoked_at: float | None = None


class KeyStore(Protocol):
    """API keys, and the tokens minted with them."""

    async def add_key(self, record: KeyRecord, /) -> None:
        """Stores a key."""
        ...

    async def key_by_digest(self, digest: bytes, /) -> KeyRecord | None:
        """The key, revoked and expired ones included (the caller judges)."""
        ...

    async def keys(self, project_id: str, /) -> list[KeyRecord]:
        """All, newest first."""
        ...

    async def revoke_key(self, project_id: str, key_id: str, at: float, /) -> bool:
        """Whether it was there and live."""
        ...

    async def add_token(self, record: TokenRecord, /, *, forget: float) -> None:
        """Stores a token, and drops those that expired before `forget`."""
        ...

    async def token_by_digest(self, digest: bytes, /) -> TokenRecord | None:
        """The token, revoked and expired ones included (the caller judges)."""
        ...

    async def revoke_token(self, project_id: str, token_id: str, at: float, /) -> bool:
        """Whether it was there and not revoked, by itself or with its key."""
        ...


class Store(EventLog, AgentStore, KeyStore, Dispatch, Protocol):
    """A database, and what it knows of the hosts that share it."""

    async def open(self) -> None:
        """Connects and brings the schema up to date."""
        ...

    async def close(self) -> None:
        """Commits what is queued, then closes."""
        ...

    async def ping(self) -> None:
        """Raises `StoreError` if the database does not answer."""
        ...
