"""Owns being seen: the connection on which a process holds the locks of its hosts, hears hints, and looks after others.

The lock of a host is freed by the server the moment its process is gone, however that came; the others look every
quarter of a second. A process that stands still keeps its locks, and loses its hosts when their sign is too old.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from mainspring.runtime.dispatch import HostRecord, News
from mainspring.runtime.ports import Clock
from mainspring.storage.postgres.connections import FAILURES, REFUSALS, Connection, translated
from mainspring.storage.postgres.hints import CHANNEL, EVERYTHING, Hint, hint_of, hint_text
from mainspring.storage.postgres.statements import statements
from mainspring.storage.postgres.text import read, written

LOG = logging.getLogger("mainspring.storage")
LOCKS = 0x6D73
"""The first number of the advisory locks of hosts; the second is the host's own."""
LOOK_SECONDS = 0.25
GRACE_SECONDS = 0.4
"""How long a host may be without its lock: after a restart of the server all come back at about the same time."""
BEAT_SECONDS = 3.0
LEASE_SECONDS = 15.0
RECONNECT_SECONDS = 0.2


class Seen:
    """What one host of this process is told."""

    def __init__(self, record: HostRecord) -> None:
        self.record = record
        self.lock = 0
        self.held = False
        self.work = True
        self.letters = True
        self.grown: dict[str, int] = {}
        self.woken = asyncio.Event()
        self.woken.set()

    def tell(self, hint: Hint) -> None:
        """There is news, if any of it is for this host."""
        self.work = self.work or hint.work
        self.letters = self.letters or self.record.id in hint.letters
        self.grown.update((read(name), cursor) for name, cursor in hint.grown)
        if hint.work or hint.grown or self.letters:
            self.woken.set()

    def take(self) -> News:
        """What gathered."""
        news = News(work=self.work, letters=self.letters, grown=tuple(self.grown.items()))
        self.work, self.letters, self.grown = False, False, {}
        self.woken.clear()
        return news


class Presence:
    """The hosts of this process, and one connection for all of them."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], clock: Clock) -> None:
        self._connect = connect
        self._clock = clock
        self._hosts: dict[str, Seen] = {}
        self._awaited: dict[str, asyncio.Event] = {}
        self._silent: dict[str, float] = {}
        self._beaten = 0.0
        self._listeners: list[Callable[[Hint], None]] = []
        self._connection: Connection | None = None
        self._busy = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    # ------------------------------------------------------------ hosts of this process

    async def join(self, record: HostRecord) -> None:
        """Enters a host, or tells again of one; raises `StoreError`."""
        seen = self._hosts.get(record.id)
        if seen is None:
            seen = self._hosts[record.id] = Seen(record)
        seen.record = record
        async with self._busy:
            try:
                connection = await self._connected()
                await self._enter(connection, seen)
            except FAILURES as error:
                self._lose()
                raise translated(error) from error
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="mainspring-presence")

    async def leave(self, host_id: str) -> None:
        """Frees the lock of a host. It is out of the table already."""
        seen = self._hosts.pop(host_id, None)
        if seen is None or not seen.held:
            return
        async with self._busy:
            if self._connection is not None:
                try:
                    await self._connection.execute(statements("hosts")["release"], LOCKS, seen.lock)
                except FAILURES:
                    self._lose()

    async def stop(self) -> None:
        """Ends the watch and the connection: the locks are free."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close(timeout=5.0)
            except FAILURES:
                connection.terminate()

    # ------------------------------------------------------------ what they are told

    async def changed(self, host_id: str) -> None:
        """See `Dispatch.changed`; a host that is not of this process is told nothing, for ever."""
        seen = self._hosts.get(host_id)
        if seen is None:
            await asyncio.get_running_loop().create_future()
        else:
            await seen.woken.wait()

    def news(self, host_id: str) -> News:
        """See `Dispatch.news`."""
        seen = self._hosts.get(host_id)
        return News() if seen is None else seen.take()

    def expect(self, letter_id: str) -> asyncio.Event:
        """Set when there may be an answer to a letter, until it is forgotten."""
        return self._awaited.setdefault(letter_id, asyncio.Event())

    def forget(self, letter_id: str) -> None:
        """Nobody waits for that answer any more."""
        self._awaited.pop(letter_id, None)

    def listen(self, listener: Callable[[Hint], None]) -> None:
        """Tells somebody of every hint, for as long as it is open."""
        self._listeners.append(listener)

    def hear(self, hint: Hint) -> None:
        """Tells the hosts of this process."""
        for listener in self._listeners:
            listener(hint)
        for seen in self._hosts.values():
            seen.tell(hint)
        for letter_id in hint.answered:
            event = self._awaited.get(letter_id)
            if event is not None:
                event.set()

    # ------------------------------------------------------------ the connection

    def _heard(self, connection: object, pid: int, channel: str, payload: object) -> None:
        self.hear(hint_of(str(payload)))

    async def _connected(self) -> Connection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        self._lose()
        connection = await self._connect()
        await connection.add_listener(CHANNEL, self._heard)
        self._connection = connection
        for seen in self._hosts.values():
            await self._enter(connection, seen)
            seen.tell(Hint(work=True, letters=(seen.record.id,)))
        for listener in self._listeners:
            listener(EVERYTHING)
        return connection

    def _lose(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
        self._silent.clear()
        for seen in self._hosts.values():
            seen.held = False

    async def _enter(self, connection: Connection, seen: Seen) -> None:
        """Writes the row of a host and takes its lock; one that an own lost connection still has is tried again."""
        sql = statements("hosts")
        host = seen.record
        lock = await connection.fetchval(
            sql["join"],
            written(host.id),
            written(host.name),
            written(host.version),
            host.since,
            host.seen,
            host.draining,
            host.running,
            host.readers,
        )
        if not seen.held or lock != seen.lock:
            seen.lock = lock
            seen.held = await connection.fetchval(sql["hold"], LOCKS, lock)

    # ------------------------------------------------------------ the watch

    async def _watch(self) -> None:
        while True:
            try:
                async with self._busy:
                    await self._look(await self._connected())
                await self._clock.sleep(LOOK_SECONDS)
            except REFUSALS as error:
                LOG.warning("The connection that tells of this host is lost (%s); it is made anew.", error)
                self._lose()
                await self._clock.sleep(RECONNECT_SECONDS)

    async def _look(self, connection: Connection) -> None:
        sql = statements("hosts")
        now = self._clock.monotonic()
        if now - self._beaten >= BEAT_SECONDS:
            self._beaten = now
            await self._beat(connection)
        silent = dict(await self._silent_hosts(connection))
        self._silent = {host_id: self._silent.get(host_id, now) for host_id in silent}
        for host_id, overdue in silent.items():
            if overdue or now - self._silent[host_id] >= GRACE_SECONDS:
                await self._bury(connection, host_id)
        if self._hosts and await connection.fetchval(sql["is_due"], self._clock.now()):
            self.hear(Hint(work=True))

    async def _beat(self, connection: Connection) -> None:
        """Gives a sign for each host; one that was found dead meanwhile lives again, without what it drove."""
        mine = [written(host_id) for host_id in self._hosts]
        found = await connection.fetch(statements("hosts")["beat"], mine)
        there = {read(row[0]) for row in found}
        for host_id, seen in self._hosts.items():
            if host_id not in there or not seen.held:
                seen.held = False
                await self._enter(connection, seen)

    async def _silent_hosts(self, connection: Connection) -> list[tuple[str, bool]]:
        found = await connection.fetch(statements("hosts")["silent"], LOCKS, LEASE_SECONDS)
        return [(read(row[0]), row[1]) for row in found if read(row[0]) not in self._hosts]

    async def _bury(self, connection: Connection, host_id: str) -> None:
        sql = statements("hosts")
        if await connection.fetchval(sql["bury"], written(host_id), LOCKS, LEASE_SECONDS) is None:
            return
        LOG.warning("Host %s is dead; what it drove is taken over.", host_id)
        await come_back(connection, host_id)


async def come_back(connection: Connection, host_id: str) -> None:
    """A host is gone: its letters come back to who sent them, and all are told that there may be work."""
    back = await connection.fetch(statements("letters")["come_back"], written(host_id))
    hint = Hint(work=True, answered=tuple(read(row[0]) for row in back))
    await connection.execute(statements("hosts")["notify"], hint_text(hint))
