"""Owns the PostgreSQL store: the port `Store` on one database that any number of hosts share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from mainspring.model.agents import AgentRecord
from mainspring.model.errors import MainspringError, StoreError
from mainspring.model.rows import Row
from mainspring.runtime.dispatch import Hold, HostRecord, Letter, News, Pace, Work
from mainspring.runtime.ports import (
    Append,
    Clock,
    KeyRecord,
    ListSessions,
    Loaded,
    SessionRecord,
    TokenRecord,
)
from mainspring.storage.postgres import (
    agents,
    claims,
    journal,
    keys,
    letters,
    prune,
    schema,
    sessions,
    tokens,
)
from mainspring.storage.postgres.connections import (
    COMMAND_SECONDS,
    FAILURES,
    Connection,
    Pool,
    connect,
    connect_pool,
    is_loss,
    translated,
    warn_of_proxy,
)
from mainspring.storage.postgres.heads import Create, Take
from mainspring.storage.postgres.hints import Hint
from mainspring.storage.postgres.presence import Presence
from mainspring.storage.postgres.writer import Writer, refused

T = TypeVar("T")

READ_TRIES = 3
LOOK_SECONDS = 1.0
"""How often is looked for what a hint should have told."""
PACE = Pace(beat=5.0, look=LOOK_SECONDS)
"""The store gives signs of life by itself; a beat only says what a host does."""


class PostgresStore:
    """Sessions, agents and keys in one PostgreSQL database.

    `address`: `postgresql://user:password@host:port/database`, with what libpq knows after `?`; never logged whole.
    `migrate`: the schema is brought up to date when the store opens; without it an old one is refused. Every method
    raises `StoreError` when the database fails, does not answer or is not open; the same call may succeed later.
    """

    def __init__(self, address: str, *, clock: Clock, migrate: bool = False) -> None:
        self._address = address
        self._clock = clock
        self._migrate = migrate
        self._pool: Pool | None = None
        self._writer: Writer | None = None
        self._hosts: Presence | None = None

    # ------------------------------------------------------------ life

    async def open(self) -> None:
        """Connects and looks at the schema.

        Raises `StoreError`: no server answers, the schema is older (`SCHEMA_BEHIND`) or newer than ours.
        """
        if self._writer is not None:
            raise StoreError("The database is open already.")
        connection = await connect(self._address)
        try:
            await self._prepare(connection)
            self._pool = await connect_pool(self._address)
        except FAILURES as error:
            connection.terminate()
            raise translated(error) from error
        except BaseException:
            connection.terminate()
            raise
        self._writer = Writer(connection, connect=partial(connect, self._address), clock=self._clock)
        self._hosts = Presence(partial(connect, self._address), self._clock)

    async def _prepare(self, connection: Connection) -> None:
        await warn_of_proxy(connection, self._address)
        if await schema.check(connection, self._address):
            return
        if not self._migrate:
            raise schema.behind(self._address, await schema.version_of(connection))
        await schema.migrate(connection, self._address)

    async def close(self) -> None:
        """Commits what is queued, then closes; a second call does nothing."""
        writer, self._writer = self._writer, None
        pool, self._pool = self._pool, None
        hosts, self._hosts = self._hosts, None
        if writer is None or pool is None or hosts is None:
            return
        await writer.stop()
        await hosts.stop()
        try:
            await asyncio.wait_for(pool.close(), COMMAND_SECONDS)
        except FAILURES:
            pool.terminate()

    async def ping(self) -> None:
        """Raises `StoreError` if the database does not answer."""
        await self._read(schema.version_of)

    # ------------------------------------------------------------ sessions

    async def create_session(self, record: SessionRecord, rows: Sequence[Row], /) -> SessionRecord:
        """See `EventLog`; raises `Conflict` if the id is taken."""
        made: SessionRecord = await self._driver().submit(Create(record, tuple(rows)))
        return made

    def append(self, append: Append, /) -> asyncio.Future[None]:
        """Queues an append, in call order; judged when its turn comes: unknown session (`NotFound`), older or newer
        epoch (`StaleWriter`), claim of a busy session (`SessionBusy`), cursor that does not fit (`StaleWriter`).
        """
        if self._writer is None:
            return refused(_not_open())
        return self._writer.append(append)

    async def load(self, session_id: str, /) -> Loaded | None:
        """See `EventLog`."""
        return await self._read(partial(journal.load_session, session_id=session_id))

    async def record(self, session_id: str, /) -> SessionRecord | None:
        """See `EventLog`."""
        return await self._read(partial(sessions.find_record, session_id=session_id))

    async def record_by_key(self, project_id: str, start_key: str, /) -> SessionRecord | None:
        """See `EventLog`."""
        return await self._read(partial(sessions.find_by_key, project_id=project_id, start_key=start_key))

    async def read(self, session_id: str, after: int, limit: int, /) -> list[Row]:
        """See `EventLog`; the first row may begin before `after`."""
        return await self._read(
            partial(journal.read_journal, session_id=session_id, after=after, limit=limit)
        )

    async def facts(self, session_id: str, /) -> list[Row]:
        """See `EventLog`."""
        return await self._read(partial(journal.read_all_facts, session_id=session_id))

    async def read_many(self, wanted: Sequence[tuple[str, int]], limit: int, /) -> dict[str, list[Row]]:
        """See `EventLog`; one query for all."""
        return await self._read(partial(journal.read_journals, wanted=tuple(wanted), limit=limit))

    async def take(self, session_id: str, host_id: str, /) -> Hold:
        """See `EventLog`; raises `NotFound`."""
        hold: Hold = await self._driver().submit(Take(session_id, host_id))
        return hold

    async def sessions(self, query: ListSessions, /) -> list[SessionRecord]:
        """See `EventLog`."""
        return await self._read(partial(sessions.list_sessions, query=query))

    async def due_sessions(self, now: float, limit: int, /) -> list[SessionRecord]:
        """See `EventLog`."""
        return await self._read(partial(sessions.due_sessions, now=now, limit=limit))

    async def prune(self, before: float, limit: int, /) -> int:
        """See `EventLog`. Works in small steps, so appends wait for none of them long; a part is never cut in two,
        so a few rows more than `limit` may go.
        """
        dropped = 0
        while dropped < limit:
            step = await self._read(partial(prune.plan, before=before))
            if step is None:
                break
            dropped += await self._read(partial(prune.carry_out, plan=step), tries=1)
        await self._read(prune.forget_executions)
        return dropped

    # ------------------------------------------------------------ hosts

    @property
    def pace(self) -> Pace:
        """See `Dispatch`."""
        return PACE

    async def join(self, host: HostRecord, /) -> None:
        """See `Dispatch`."""
        await self._presence().join(host)

    async def leave(self, host_id: str, /) -> None:
        """See `Dispatch`."""
        presence = self._presence()
        await self._read(partial(claims.leave, host_id=host_id))
        await presence.leave(host_id)

    async def hosts(self) -> list[HostRecord]:
        """See `Dispatch`."""
        return await self._read(claims.living)

    async def work(self, host_id: str, now: float, limit: int, /) -> list[Work]:
        """See `Dispatch`."""
        return await self._read(partial(claims.claim_work, host_id=host_id, now=now, limit=limit), tries=1)

    async def send(self, letter: Letter, /) -> bytes | None:
        """See `Dispatch`."""
        presence = self._presence()
        answered = presence.expect(letter.id)
        try:
            if not await self._read(partial(letters.send, letter=letter)):
                return None
            while True:
                answered.clear()
                there, answer = await self._read(partial(letters.look, letter_id=letter.id))
                if not there or answer is not None:
                    return answer
                await self._told(answered)
        finally:
            presence.forget(letter.id)
            await self._read(partial(letters.settle, letter=letter))

    async def letters(self, host_id: str, /) -> list[Letter]:
        """See `Dispatch`."""
        return await self._read(partial(letters.fetch, host_id=host_id))

    async def answer(self, letter: Letter, body: bytes, /) -> None:
        """See `Dispatch`."""
        await self._read(partial(letters.answer, letter=letter, body=body))

    async def changed(self, host_id: str, /) -> None:
        """See `Dispatch`."""
        await self._presence().changed(host_id)

    def news(self, host_id: str, /) -> News:
        """See `Dispatch`."""
        return self._presence().news(host_id)

    # ------------------------------------------------------------ agents

    async def publish(self, record: AgentRecord, /) -> AgentRecord:
        """See `AgentStore`; the same version again changes nothing; raises `Conflict` if the id is another agent's."""
        return await self._write(partial(agents.publish, record=record))

    async def agents(self, project_id: str, /) -> list[AgentRecord]:
        """See `AgentStore`."""
        return await self._read(partial(agents.list_agents, project_id=project_id))

    async def agent(self, project_id: str, id_or_slug: str, /) -> AgentRecord | None:
        """See `AgentStore`."""
        return await self._read(partial(agents.find_agent, project_id=project_id, id_or_slug=id_or_slug))

    async def agent_version(self, project_id: str, agent_id: str, version: str, /) -> AgentRecord | None:
        """See `AgentStore`."""
        return await self._read(
            partial(agents.find_version, project_id=project_id, agent_id=agent_id, version=version)
        )

    async def version(self, project_id: str, version: str, /) -> AgentRecord | None:
        """See `AgentStore`."""
        return await self._read(partial(agents.find_hash, project_id=project_id, version=version))

    async def archive(self, project_id: str, agent_id: str, at: float, /) -> bool:
        """See `AgentStore`."""
        return await self._write(
            partial(agents.archive_agent, project_id=project_id, agent_id=agent_id, at=at)
        )

    # ------------------------------------------------------------ keys

    async def add_key(self, record: KeyRecord, /) -> None:
        """See `KeyStore`; raises `Conflict` if the id or the digest is there."""
        await self._write(partial(keys.add_key, record=record))

    async def key_by_digest(self, digest: bytes, /) -> KeyRecord | None:
        """See `KeyStore`."""
        return await self._read(partial(keys.find_key, digest=digest))

    async def keys(self, project_id: str, /) -> list[KeyRecord]:
        """See `KeyStore`."""
        return await self._read(partial(keys.list_keys, project_id=project_id))

    async def revoke_key(self, project_id: str, key_id: str, at: float, /) -> bool:
        """See `KeyStore`."""
        return await self._write(partial(keys.revoke_key, project_id=project_id, key_id=key_id, at=at))

    async def add_token(self, record: TokenRecord, /, *, forget: float) -> None:
        """See `KeyStore`; raises `Conflict` if the id or the digest is there."""
        await self._write(partial(tokens.add_token, record=record, forget=forget))

    async def token_by_digest(self, digest: bytes, /) -> TokenRecord | None:
        """See `KeyStore`."""
        return await self._read(partial(tokens.find_token, digest=digest))

    async def revoke_token(self, project_id: str, token_id: str, at: float, /) -> bool:
        """See `KeyStore`."""
        return await self._write(
            partial(tokens.revoke_token, project_id=project_id, token_id=token_id, at=at)
        )

    # ------------------------------------------------------------ ways in

    async def run(self, job: Callable[[Connection], Awaitable[T]], *, tries: int = READ_TRIES) -> T:
        """For what lives beside the store in its database: a job that bears being done twice, if `tries` > 1."""
        return await self._read(job, tries=tries)

    def listen(self, listener: Callable[[Hint], None]) -> None:
        """Tells somebody of every hint until the store is closed. Hints come once a host has joined."""
        self._presence().listen(listener)

    async def _read(self, read: Callable[[Connection], Awaitable[T]], *, tries: int = READ_TRIES) -> T:
        """On a connection of the pool; one that turns out to be lost is replaced."""
        while True:
            pool = self._pool
            if pool is None:
                raise _not_open()
            try:
                async with pool.acquire(timeout=COMMAND_SECONDS) as connection:
                    return await read(connection)
            except MainspringError:
                raise
            except FAILURES as error:
                tries -= 1
                if not tries or not is_loss(error):
                    raise translated(error) from error

    async def _write(self, job: Callable[[Connection], Awaitable[T]]) -> T:
        done: T = await self._driver().submit(job)
        return done

    async def _told(self, event: asyncio.Event) -> None:
        """Until something is told, or it is time to look without being told."""
        looking = asyncio.ensure_future(self._clock.sleep(LOOK_SECONDS))
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((looking, waiting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            looking.cancel()
            waiting.cancel()

    def _presence(self) -> Presence:
        if self._hosts is None:
            raise _not_open()
        return self._hosts

    def _driver(self) -> Writer:
        if self._writer is None:
            raise _not_open()
        return self._writer


def _not_open() -> StoreError:
    return StoreError("The database is not open.")
