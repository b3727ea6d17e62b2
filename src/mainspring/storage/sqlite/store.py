"""Owns the SQLite store: the port `Store` on one file (or in memory), for one driving process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import apsw

from mainspring.model.agents import AgentRecord
from mainspring.model.errors import StoreError
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
from mainspring.storage.sqlite import agents, claims, journal, keys, prune, schema, sessions, tokens
from mainspring.storage.sqlite.checkpoints import Checkpoints
from mainspring.storage.sqlite.connections import (
    MEMORY,
    SYNCHRONOUS,
    Connection,
    connect_reader,
    connect_writer,
)
from mainspring.storage.sqlite.drive_lock import DriveLock
from mainspring.storage.sqlite.ledger import Ledger
from mainspring.storage.sqlite.readers import Readers
from mainspring.storage.sqlite.roster import Roster
from mainspring.storage.sqlite.writer import Writer, refused

T = TypeVar("T")

READERS = 2


class SqliteStore:
    """Sessions, agents and keys in one SQLite file.

    `path` ":memory:": gone when closed. `synchronous`: SQLite's word; below FULL a power cut may take the last commits.
    `exclusive`: drives the sessions, as one process may; without it only agents and keys can be written (for commands
    that run beside a server). `lease`: seconds without a sign after which a host of this process counts as dead; None,
    where there is one: it lives as long as the process. Every method raises `StoreError` when the database fails or is
    not open.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        clock: Clock,
        synchronous: str = "FULL",
        exclusive: bool = True,
        lease: float | None = None,
    ) -> None:
        if synchronous not in SYNCHRONOUS:
            raise ValueError(f"synchronous is one of {', '.join(SYNCHRONOUS)}, not {synchronous!r}")
        self._path = str(path)
        self._clock = clock
        self._synchronous = synchronous
        self._exclusive = exclusive
        self._memory = self._path == MEMORY
        self._lock = DriveLock(Path(self._path))
        self._open: _Open | None = None
        self._pace = Pace() if lease is None else Pace(beat=lease / 5, look=lease / 10)
        self._roster = Roster(clock, lease=lease)

    # ------------------------------------------------------------ life

    async def open(self) -> None:
        """Connects and brings the schema up to date, keeping a copy of an older one.

        Raises `StoreError`: another process drives the file, a newer release wrote it, or it cannot be opened.
        """
        if self._open is not None:
            raise StoreError("The database is open already.")
        loop = asyncio.get_running_loop()
        readers = Readers(partial(connect_reader, self._path), size=READERS)
        try:
            connection = await loop.run_in_executor(readers.executor, self._connect)
        except BaseException:
            readers.close()
            self._lock.release()
            raise
        ledger = Ledger(connection)
        checkpoints = None
        if not self._memory:
            connect = partial(connect_writer, self._path, synchronous=self._synchronous)
            checkpoints = Checkpoints(connect, readers.executor)
        writer = Writer(connection, loop=loop, ledger=ledger, checkpoints=checkpoints)
        writer.start()
        self._open = _Open(connection=connection, ledger=ledger, readers=readers, writer=writer)
        if self._exclusive:
            self._roster.schedule_all(await self._write(claims.wakes))

    def _connect(self) -> Connection:
        try:
            if not self._memory:
                _prepare_file(Path(self._path))
                if self._exclusive:
                    self._lock.acquire()
            connection = connect_writer(self._path, synchronous=self._synchronous)
            try:
                self._update_schema(connection)
            except BaseException:
                connection.close()
                raise
        except (apsw.Error, OSError) as error:
            raise StoreError(f"{self._path} cannot be opened: {error}") from error
        return connection

    def _update_schema(self, connection: Connection) -> None:
        """A schema is changed only under the lock: nobody drives the file meanwhile."""
        if schema.is_current(connection):
            return
        borrowed = not (self._memory or self._lock.held)
        if borrowed:
            self._lock.acquire()
        try:
            copy_to = None if self._memory else Path(self._path)
            schema.migrate(connection, now=self._clock.now(), copy_to=copy_to)
        finally:
            if borrowed:
                self._lock.release()

    async def close(self) -> None:
        """Commits what is queued, then closes; a second call does nothing."""
        if self._open is not None:
            opened, self._open = self._open, None
            self._roster.stop()
            try:
                await asyncio.to_thread(opened.shut)
            finally:
                self._lock.release()

    async def ping(self) -> None:
        """Raises `StoreError` if the writer does not answer."""
        await self._write(schema.version_of)

    async def backup(self, path: str | Path) -> None:
        """Copies the database, as it is at one moment, to `path`, while everything goes on.

        Raises `StoreError` if the copy cannot be made, and for a database in memory.
        """
        if self._memory:
            raise StoreError("A database in memory cannot be backed up.")
        await self._read(partial(schema.copy_database, target=Path(path)))

    # ------------------------------------------------------------ sessions

    async def create_session(self, record: SessionRecord, rows: Sequence[Row], /) -> SessionRecord:
        """See `EventLog`; raises `Conflict` if the id is taken."""
        ledger = self._driver().ledger
        return await self._write(
            partial(sessions.create_session, ledger=ledger, record=record, rows=tuple(rows))
        )

    def append(self, append: Append, /) -> asyncio.Future[None]:
        """Queues an append, in call order; judged when its turn comes: unknown session (`NotFound`), older or newer
        epoch (`StaleWriter`), claim of a busy session (`SessionBusy`), cursor that does not fit (`StaleWriter`).
        """
        opened = self._open
        if opened is None or not self._exclusive:
            return refused(asyncio.get_running_loop(), self._refusal())
        future = opened.writer.append(append)
        self._roster.watch(append, future)
        return future

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

    async def read_many(self, wanted: Sequence[tuple[str, int]], limit: int, /) -> dict[str, list[Row]]:
        """See `EventLog`."""
        return await self._read(partial(journal.read_journals, wanted=tuple(wanted), limit=limit))

    async def facts(self, session_id: str, /) -> list[Row]:
        """See `EventLog`."""
        return await self._read(partial(journal.read_all_facts, session_id=session_id))

    async def take(self, session_id: str, host_id: str, /) -> Hold:
        """See `EventLog`; raises `NotFound`."""
        taking = partial(
            claims.take_session, ledger=self._driver().ledger, session_id=session_id, host_id=host_id
        )
        return await self._write(partial(taking, live=self._roster.live))

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
        ledger = self._driver().ledger
        dropped = 0
        while dropped < limit:
            step = await self._read(partial(prune.plan, before=before))
            if step is None:
                break
            dropped += await self._write(partial(prune.carry_out, ledger=ledger, plan=step))
        return dropped

    # ------------------------------------------------------------ hosts

    @property
    def pace(self) -> Pace:
        """See `Dispatch`."""
        return self._pace

    async def join(self, host: HostRecord, /) -> None:
        """See `Dispatch`."""
        self._driver()
        self._roster.join(host)

    async def leave(self, host_id: str, /) -> None:
        """See `Dispatch`."""
        ledger = self._driver().ledger
        await self._write(partial(claims.give_up, ledger=ledger, host_id=host_id))
        self._roster.forget(host_id)

    async def hosts(self) -> list[HostRecord]:
        """See `Dispatch`."""
        return self._roster.hosts()

    async def work(self, host_id: str, now: float, limit: int, /) -> list[Work]:
        """See `Dispatch`."""
        claiming = partial(
            claims.claim_work, ledger=self._driver().ledger, host_id=host_id, now=now, limit=limit
        )
        claimed = await self._write(partial(claiming, live=self._roster.live))
        if self._roster.overdue:
            self._roster.schedule_all(await self._write(claims.wakes))
        return claimed

    async def send(self, letter: Letter, /) -> bytes | None:
        """See `Dispatch`."""
        return await self._roster.send(letter)

    async def letters(self, host_id: str, /) -> list[Letter]:
        """See `Dispatch`."""
        return self._roster.letters(host_id)

    async def answer(self, letter: Letter, body: bytes, /) -> None:
        """See `Dispatch`."""
        self._roster.answer(letter, body)

    async def changed(self, host_id: str, /) -> None:
        """See `Dispatch`."""
        await self._roster.changed(host_id)

    def news(self, host_id: str, /) -> News:
        """See `Dispatch`."""
        return self._roster.news(host_id)

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

    async def _read(self, read: Callable[[Connection], T]) -> T:
        """On a reader's thread; in memory, where there is one connection, on the writer's."""
        opened = self._opened()
        return await (opened.writer.submit(read) if self._memory else opened.readers.run(read))

    async def _write(self, job: Callable[[Connection], T]) -> T:
        return await self._opened().writer.submit(job)

    def _opened(self) -> _Open:
        if self._open is None:
            raise self._refusal()
        return self._open

    def _driver(self) -> _Open:
        if self._open is None or not self._exclusive:
            raise self._refusal()
        return self._open

    def _refusal(self) -> StoreError:
        if self._open is None:
            return StoreError("The database is not open.")
        return StoreError("This process does not drive the database: it may not write sessions.")


class _Open:
    """What exists while the store is open."""

    def __init__(self, *, connection: Connection, ledger: Ledger, readers: Readers, writer: Writer) -> None:
        self.connection = connection
        self.ledger = ledger
        self.readers = readers
        self.writer = writer

    def shut(self) -> None:
        """Blocks until all is committed and closed; the last connection empties the write-ahead log."""
        self.writer.stop()
        self.readers.close()
        self.connection.close()


def _prepare_file(path: Path) -> None:
    """Digests of keys and people's words are in it: only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
