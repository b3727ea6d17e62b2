"""Owns the database of a simulation: the real SQLite store on one thread; its writer's turns come by chance."""

import asyncio
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

import apsw

from mainspring.runtime.dispatch import Hold
from mainspring.runtime.ports import Append
from mainspring.storage.sqlite import claims, journal, schema
from mainspring.storage.sqlite.connections import MEMORY, Connection, connect_reader, connect_writer
from mainspring.storage.sqlite.ledger import Ledger
from mainspring.storage.sqlite.readers import Readers
from mainspring.storage.sqlite.store import SqliteStore, _Open
from mainspring.storage.sqlite.writer import Item, Outcome, Writer
from mainspring.testing.simulation.chance import Chance
from mainspring.testing.simulation.timeline import LoopClock

LATENCIES = ((0.0, 6), (0.0005, 6), (0.004, 4), (0.03, 2), (0.4, 1))
Committed = Callable[[str], None]


class Database:
    """What survives every crash. `path` None: in memory."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._kept: Connection | None = None

    def connect(self) -> Connection:
        """A connection that writes; in memory there is only the one."""
        if self.path is not None:
            return connect_writer(str(self.path), synchronous="OFF")
        if self._kept is None:
            self._kept = connect_writer(MEMORY, synchronous="OFF")
        return self._kept

    def leave(self, connection: Connection) -> None:
        """The process that had it is gone."""
        if self.path is not None:
            connection.close()

    def close(self) -> None:
        """Ends it."""
        if self._kept is not None:
            self._kept.close()


class Turns(Writer):
    """The real writer without its thread: what is queued is committed when its turn comes."""

    dead = False
    trouble = ""
    """`refuse`: nothing can be written. `lose`: it is written, and the answer is an error."""

    def bind(self, chance: Chance, committed: Committed) -> None:
        """Chance decides how long a commit takes; `committed` is told of each session that has more on disk."""
        self._chance = chance
        self._committed = committed
        self._due = False

    def start(self) -> None:
        """There is no thread."""

    def stop(self) -> None:
        """Commits what is queued."""
        while not self._queue.empty():
            self.turn()
        self.dead = True

    def append(self, append: Append) -> asyncio.Future[None]:
        future = super().append(append)
        self._ring()
        return future

    def submit(self, job: Any) -> asyncio.Future[Any]:
        future = super().submit(job)
        self._ring()
        return future

    def _ring(self) -> None:
        if not self._due and not self.dead:
            self._due = True
            self._loop.call_later(self._chance.weighted(LATENCIES), self.turn)

    def withdraw(self, futures: Collection[asyncio.Future[None]]) -> None:
        """What somebody queued who is gone now is lost."""
        kept: list[Item | None] = []
        while not self._queue.empty():
            kept.append(self._queue.get())
        for item in kept:
            if item is not None and item[0] in futures:
                item[0].cancel()
            else:
                self._queue.put(item)

    def turn(self, *, report: bool = True) -> None:
        """Commits what is queued; without a report, as a process does that dies after it."""
        self._due = False
        if self.dead or self._queue.empty():
            return
        group: list[Item] = []
        self._take(group)
        outcomes = self._commit(group)
        appended = {work.session_id for _, work in group if isinstance(work, Append)}
        for session_id in sorted(appended):
            self._committed(session_id)
        if self.trouble == "lose":
            lost = apsw.IOError("the answer was lost")
            outcomes = [self._lost(item, lost) for item in group]
        if report:
            self._report(outcomes)
        if not self._queue.empty():
            self._ring()

    def _commit(self, group: list[Item]) -> list[Outcome]:
        if self.trouble == "refuse":
            return [self._lost(item, apsw.FullError("full")) for item in group]
        return super()._commit(group)


class SimulatedStore(SqliteStore):
    """One process's hold on the database."""

    def __init__(
        self,
        database: Database,
        *,
        clock: LoopClock,
        chance: Chance,
        committed: Committed,
        lease: float | None = None,
    ) -> None:
        super().__init__(MEMORY, clock=clock, lease=lease)
        self._database = database
        self._chance = chance
        self._committed = committed
        self.turns: Turns
        self.robbed: list[str] = []

    async def open(self) -> None:
        connection = self._database.connect()
        if not schema.is_current(connection):
            schema.migrate(connection, now=0.0, copy_to=None)
        ledger = Ledger(connection)
        loop = asyncio.get_running_loop()
        self.turns = Turns(connection, loop=loop, ledger=ledger, checkpoints=None)
        self.turns.bind(self._chance, self._committed)
        readers = Readers(lambda: connect_reader(MEMORY), size=1)
        self._open = _Open(connection=connection, ledger=ledger, readers=readers, writer=self.turns)
        self._roster.schedule_all(claims.wakes(connection))

    async def take(self, session_id: str, host_id: str, /) -> Hold:
        return await self._write(partial(self._taken, session_id, host_id))

    def _taken(self, session_id: str, host_id: str, connection: Connection) -> Hold:
        assert self._open is not None
        ledger = self._open.ledger
        head = ledger.head(session_id)
        owner = head.owner if head.running else None
        hold = claims.take_session(
            connection, ledger, session_id=session_id, host_id=host_id, live=self._roster.live
        )
        robbed = hold.driver is None and owner not in (None, host_id) and self._roster.live(owner or "")
        if robbed:
            self.robbed.append(f"{host_id} takes {session_id}, in which {owner} lives and runs an execution")
        return hold

    def kill(self, *, commits_first: bool) -> None:
        """The process is gone: what was queued is lost, or committed and nobody was told."""
        opened = self._open
        assert opened is not None
        if commits_first:
            self.turns.turn(report=False)
        self.turns.dead = True
        self._roster.stop()
        self._database.leave(opened.connection)

    def epoch(self, session_id: str) -> int:
        """The epoch of a session."""
        assert self._open is not None
        return self._open.ledger.head(session_id).epoch

    def rows(self, session_id: str, after: int) -> list[Any]:
        """What is on disk after a cursor, as nobody but the simulation may look."""
        assert self._open is not None
        return journal.read_journal(
            self._open.connection, session_id=session_id, after=after, limit=1_000_000
        )
