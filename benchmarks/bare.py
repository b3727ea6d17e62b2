"""Owns the bare journal loops: the least that makes rows durable in order, by hand, on either database.

One table, one writer that commits everything queued. Nobody asks who may append, what runs, who reads.
"""

import asyncio
import queue
import threading
from collections.abc import Awaitable
from pathlib import Path

import apsw

from benchmarks.store_turns import Step
from mainspring.storage.postgres.connections import Connection, connect

TABLE = "CREATE TABLE journal (session TEXT, last BIGINT, span INTEGER, data {bytes}, PRIMARY KEY (session, last))"
INSERT = "INSERT INTO journal SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::bytea[])"
Item = tuple[list[tuple[str, int, int, bytes]], "asyncio.Future[None]"]


def item(session: str, step: Step) -> Item:
    """The rows of a step, and who waits for them."""
    rows = [(session, row.last, row.last - row.first, row.data) for row in step.rows]
    return rows, asyncio.get_running_loop().create_future()


def wake(group: list[Item]) -> None:
    """Tells all that they are on disk."""
    for _, done in group:
        done.set_result(None)


class BareSqlite:
    """WAL, full sync, a thread that writes."""

    def __init__(self, path: Path) -> None:
        self.queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self.loop = asyncio.get_running_loop()
        self.thread = threading.Thread(target=self.write, args=(str(path),), daemon=True)
        self.thread.start()

    async def begin(self, session: str) -> None:
        """Nothing: a session is its rows."""

    def append(self, session: str, step: Step) -> Awaitable[None]:
        """Queues a step."""
        queued = item(session, step)
        self.queue.put(queued)
        return queued[1]

    def write(self, path: str) -> None:
        """The thread."""
        connection = apsw.Connection(path)
        connection.execute("PRAGMA journal_mode = wal").fetchall()
        connection.execute("PRAGMA synchronous = full")
        connection.execute(TABLE.format(bytes="BLOB") + " WITHOUT ROWID")
        while (first := self.queue.get()) is not None:
            group = [first]
            while not self.queue.empty() and (more := self.queue.get()) is not None:
                group.append(more)
            with connection:
                for rows, _ in group:
                    connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?)", rows)
            self.loop.call_soon_threadsafe(wake, group)
        connection.close()

    async def close(self) -> None:
        """Ends the thread."""
        self.queue.put(None)
        await asyncio.to_thread(self.thread.join)


class BarePostgres:
    """One connection, synchronous commit, a task that writes."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.queued: list[Item] = []
        self.stirred = asyncio.Event()
        self.task = asyncio.ensure_future(self.write())

    @classmethod
    async def open(cls, address: str) -> "BarePostgres":
        """On an empty database."""
        connection = await connect(address)
        await connection.execute(TABLE.format(bytes="BYTEA"))
        return cls(connection)

    async def begin(self, session: str) -> None:
        """Nothing: a session is its rows."""

    def append(self, session: str, step: Step) -> Awaitable[None]:
        """Queues a step."""
        queued = item(session, step)
        self.queued.append(queued)
        self.stirred.set()
        return queued[1]

    async def write(self) -> None:
        """The task."""
        while True:
            await self.stirred.wait()
            self.stirred.clear()
            group, self.queued = self.queued, []
            rows = [row for some, _ in group for row in some]
            await self.connection.execute(INSERT, *map(list, zip(*rows, strict=True)))
            wake(group)

    async def close(self) -> None:
        """Hangs up."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.connection.close()
