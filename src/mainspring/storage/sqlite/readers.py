"""Owns the threads that read: a few, each with a connection of its own, so the event loop never waits for a disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import apsw

from mainspring.storage.sqlite.connections import Connection, translated

T = TypeVar("T")


class Readers:
    """Up to `size` threads, started when first needed."""

    def __init__(self, connect: Callable[[], Connection], *, size: int) -> None:
        self._connect = connect
        self._local = threading.local()
        self._connections: list[Connection] = []
        self.executor = ThreadPoolExecutor(size, thread_name_prefix="mainspring-reader")

    async def run(self, read: Callable[[Connection], T]) -> T:
        """What `read` returns; an engine's error is raised as `StoreError`."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, self._read, read)

    def _read(self, read: Callable[[Connection], T]) -> T:
        try:
            return read(self._connection())
        except apsw.Error as error:
            raise translated(error) from error

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Waits for the reads under way, then closes; blocks."""
        self.executor.shutdown(wait=True)
        for connection in self._connections:
            connection.close()
