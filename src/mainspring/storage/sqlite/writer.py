"""Owns the one thread that writes: takes everything queued, commits it as one group, then wakes the loop once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

import apsw

from mainspring.model.errors import MainspringError, StoreError
from mainspring.runtime.failpoints import ARMED, reach
from mainspring.runtime.ports import Append
from mainspring.storage.sqlite.checkpoints import Checkpoints
from mainspring.storage.sqlite.connections import Connection, translated
from mainspring.storage.sqlite.ledger import Ledger

T = TypeVar("T")
Job: TypeAlias = Callable[[Connection], Any]
"""Runs in the group's transaction. It raises `MainspringError` only before it has written anything."""
Item: TypeAlias = "tuple[asyncio.Future[Any], Append | Job]"
Outcome: TypeAlias = "tuple[asyncio.Future[Any], Any, Exception | None]"

MOST_IN_GROUP = 512


class Writer:
    """Group commit. Futures belong to `loop`; they are done when their group is on disk."""

    def __init__(
        self,
        connection: Connection,
        *,
        loop: asyncio.AbstractEventLoop,
        ledger: Ledger,
        checkpoints: Checkpoints | None,
    ) -> None:
        self._connection = connection
        self._loop = loop
        self._ledger = ledger
        self._checkpoints = checkpoints
        self._queue: SimpleQueue[Item | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="mainspring-writer", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def append(self, append: Append) -> asyncio.Future[None]:
        """Queues an append, in call order."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((future, append))
        return future

    def submit(self, job: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Queues a job, in call order with the appends."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((future, job))
        return future

    def stop(self) -> None:
        """Commits what is queued and ends the thread; blocks until then. Nothing may be queued after it."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        running = True
        while running:
            group: list[Item] = []
            running = self._take(group)
            if group:
                self._report(self._commit(group))
                if self._checkpoints is not None:
                    self._checkpoints.after_commit(self._connection)

    def _take(self, group: list[Item]) -> bool:
        """Waits for an item and takes what is queued with it; False at the end."""
        item = self._queue.get()
        left = min(self._queue.qsize(), MOST_IN_GROUP)
        while item is not None:
            group.append(item)
            if not left:
                return True
            left -= 1
            item = self._queue.get()
        return False

    def _report(self, outcomes: list[Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, outcomes)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    def _commit(self, group: list[Item]) -> list[Outcome]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            return [self._lost(item, error) for item in group]
        try:
            outcomes = [self._perform(*item) for item in group]
            self._ledger.flush()
            if ARMED:
                reach("commit.before")
            self._connection.execute("COMMIT")
            if ARMED:
                reach("commit.after")
        except Exception as error:  # noqa: BLE001 - the thread outlives any item; the error goes to who queued it
            self._roll_back()
            if len(group) == 1:
                return [self._lost(group[0], error)]
            return [outcome for item in group for outcome in self._commit([item])]
        return outcomes

    def _perform(self, future: asyncio.Future[Any], work: Append | Job) -> Outcome:
        try:
            if isinstance(work, Append):
                self._ledger.append(work)
                return (future, None, None)
            self._ledger.flush()
            return (future, work(self._connection), None)
        except MainspringError as refusal:
            return (future, None, refusal)

    def _lost(self, item: Item, error: Exception) -> Outcome:
        future, work = item
        if isinstance(work, Append):
            self._ledger.lose(work.session_id)
        return (future, None, translated(error))

    def _roll_back(self) -> None:
        self._ledger.forget()
        if self._connection.in_transaction:  # a full disk has already rolled back
            self._connection.execute("ROLLBACK")


def _resolve(outcomes: list[Outcome]) -> None:
    for future, result, error in outcomes:
        if future.done():
            continue  # cancelled: it is on disk all the same
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def refused(loop: asyncio.AbstractEventLoop, error: StoreError) -> asyncio.Future[None]:
    """A future that has failed already."""
    future: asyncio.Future[None] = loop.create_future()
    future.set_exception(error)
    return future
