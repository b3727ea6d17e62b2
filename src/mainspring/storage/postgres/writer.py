"""Owns the one task that writes: takes everything queued, commits it as one group, then tells who queued it.

An answer to COMMIT that was lost says nothing: the group is looked for by its key in the database, and written again
only if it is not there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

from mainspring.model.errors import MainspringError, StoreError
from mainspring.runtime.failpoints import ARMED, reach
from mainspring.runtime.ports import Append, Clock
from mainspring.storage.postgres.connections import FAILURES, REFUSALS, Connection, is_loss, translated
from mainspring.storage.postgres.heads import Create, Heads, Take
from mainspring.storage.postgres.statements import statements

T = TypeVar("T")
Job: TypeAlias = Callable[[Connection], Awaitable[Any]]
"""Runs in the group's transaction. It raises `MainspringError` only before it has written anything."""
Work: TypeAlias = "Append | Create | Take | Job"
Item: TypeAlias = "tuple[asyncio.Future[Any], Work]"
Outcome: TypeAlias = "tuple[asyncio.Future[Any], Any, Exception | None]"

MOST_IN_GROUP = 512
TRIES = 3
"""How often a group is begun anew because its connection was lost."""
SETTLE_SECONDS = 10.0
SETTLE_PAUSE = 0.1
COMMITTED = "committed"
OPEN = "in progress"


class Unanswered(Exception):
    """The connection was lost while a group was committed. `key`: the transaction's id, if the group wrote no row."""

    def __init__(self, heads: Heads, outcomes: list[Outcome], key: str | None) -> None:
        super().__init__("The answer to COMMIT was lost.")
        self.heads = heads
        self.outcomes = outcomes
        self.key = key


class Writer:
    """Group commit on a connection of its own, which is made anew when it is lost."""

    def __init__(
        self, connection: Connection, *, connect: Callable[[], Awaitable[Connection]], clock: Clock
    ) -> None:
        self._connection: Connection | None = connection
        self._connect = connect
        self._clock = clock
        self._queue: deque[Item] = deque()
        self._wake = asyncio.Event()
        self._lost: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name="mainspring-writer")

    def append(self, append: Append) -> asyncio.Future[None]:
        """Queues an append, in call order."""
        return self._put(append)

    async def submit(self, work: Create | Take | Job) -> Any:
        """Queues anything else, in call order with the appends, and waits for it."""
        return await self._put(work)

    def _put(self, work: Work) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = self._loop.create_future()
        self._queue.append((future, work))
        self._wake.set()
        return future

    async def stop(self) -> None:
        """Commits what is queued, then closes the connection. Nothing may be queued after it."""
        self._stopping = True
        self._wake.set()
        await self._task
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await _closed(connection)

    async def _run(self) -> None:
        while self._queue or not self._stopping:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            group = [self._queue.popleft() for _ in range(min(len(self._queue), MOST_IN_GROUP))]
            _resolve(await self._commit(group))

    # ------------------------------------------------------------ a group

    async def _commit(self, group: list[Item]) -> list[Outcome]:
        error: BaseException = StoreError("The database does not answer. Try again.")
        for _ in range(TRIES):
            try:
                connection = await self._connected()
                return await self._attempt(connection, group)
            except Unanswered as unanswered:
                try:
                    if await self._is_written(unanswered):
                        return unanswered.outcomes
                except REFUSALS as failure:
                    error = failure
                    break
            except Exception as failure:  # noqa: BLE001 - the task outlives any item; the error goes to who queued it
                error = failure
                if self._connection is not None:
                    return await self._apart(group, failure)
                if isinstance(failure, StoreError):
                    break
        return [self._lose(item, error) for item in group]

    async def _apart(self, group: list[Item], error: BaseException) -> list[Outcome]:
        """Something of the group cannot be written: each item by itself."""
        if len(group) == 1:
            return [self._lose(group[0], error)]
        return [outcome for item in group for outcome in await self._commit([item])]

    async def _attempt(self, connection: Connection, group: list[Item]) -> list[Outcome]:
        """One transaction. Raises `Unanswered`, or what failed; then nothing of it is written."""
        heads = Heads(self._lost)
        try:
            await connection.execute("BEGIN")
            await heads.look(connection, (work for _, work in group))
            outcomes = [await self._perform(connection, heads, *item) for item in group]
            await heads.write(connection)
            key = None if heads.witness else await connection.fetchval(statements("groups")["name_of_this"])
            if ARMED:
                reach("commit.before")
        except Exception as error:
            await self._roll_back(connection, error)
            raise
        try:
            await connection.execute("COMMIT")
            if ARMED:
                reach("commit.after")
        except REFUSALS as error:
            self._drop(connection)
            raise Unanswered(heads, outcomes, key) from error
        return outcomes

    async def _perform(
        self, connection: Connection, heads: Heads, future: asyncio.Future[Any], work: Work
    ) -> Outcome:
        try:
            if isinstance(work, Append):
                heads.append(work)
                return (future, None, None)
            if isinstance(work, Create):
                return (future, heads.create(work), None)
            if isinstance(work, Take):
                return (future, heads.take(work), None)
            return (future, await work(connection), None)
        except MainspringError as refusal:
            return (future, None, refusal)

    async def _is_written(self, unanswered: Unanswered) -> bool:
        """Whether a group is in the database, once that is certain; raises what keeps it from being known."""
        sql = statements("groups")
        connection = await self._connected_again()
        if unanswered.heads.witness is None:
            status = OPEN
            while status == OPEN:
                status = await connection.fetchval(sql["fate_of"], unanswered.key)
                if status == OPEN:
                    await self._clock.sleep(SETTLE_PAUSE)
            return status == COMMITTED
        n, row = unanswered.heads.witness
        # The lock is given only when the lost transaction, which has it, is over.
        await connection.execute("BEGIN")
        try:
            await connection.execute(sql["wait_for"], n)
            found = await connection.fetchrow(sql["witness"], n, row[0])
        except FAILURES as error:
            await self._roll_back(connection, error)
            raise
        await connection.execute("ROLLBACK")
        return found is not None and tuple(found) == row[1:]

    def _lose(self, item: Item, error: BaseException) -> Outcome:
        future, work = item
        if isinstance(work, Append):
            self._lost.add(work.session_id)
        return (future, None, translated(error))

    # ------------------------------------------------------------ the connection

    async def _connected(self) -> Connection:
        if self._connection is not None and self._connection.is_closed():
            self._connection = None
        if self._connection is None:
            self._connection = await self._connect()
        return self._connection

    async def _connected_again(self) -> Connection:
        """A connection as soon as there is a server again; raises `StoreError` after a while."""
        end = self._clock.monotonic() + SETTLE_SECONDS
        while True:
            try:
                return await self._connected()
            except StoreError:
                if self._clock.monotonic() >= end:
                    raise
            await self._clock.sleep(SETTLE_PAUSE)

    async def _roll_back(self, connection: Connection, error: BaseException) -> None:
        """Ends the transaction; a connection that cannot do that, or reaches the wrong server, is given up."""
        if not is_loss(error) and not connection.is_closed():
            try:
                await connection.execute("ROLLBACK")
            except FAILURES:
                self._drop(connection)
            return
        self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        connection.terminate()
        self._connection = None


async def _closed(connection: Connection) -> None:
    try:
        await connection.close(timeout=5.0)
    except FAILURES:
        connection.terminate()


def _resolve(outcomes: list[Outcome]) -> None:
    for future, result, error in outcomes:
        if future.done():
            continue  # cancelled: it is on disk all the same
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def refused(error: StoreError) -> asyncio.Future[None]:
    """A future that has failed already."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future
