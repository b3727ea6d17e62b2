"""Owns when the write-ahead log is copied into the database file: beside the writer, on it only if the log is long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor

import apsw

from mainspring.storage.sqlite.connections import Connection

GROUPS_BETWEEN_LOOKS = 32
BACKGROUND_PAGES = 1024
WRITER_PAGES = 16384
"""64 MB: the log is longer than a checkpoint beside the writer can keep short, so the writer pauses for it."""


class Checkpoints:
    """Looks at the log every few commits; both checkpoints are passive, so neither waits for a reader."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        executor: Executor,
        *,
        background_pages: int = BACKGROUND_PAGES,
        writer_pages: int = WRITER_PAGES,
    ) -> None:
        self._connect = connect
        self._executor = executor
        self._background_pages = background_pages
        self._writer_pages = writer_pages
        self._groups = 0
        self._idle = threading.Event()
        self._idle.set()

    def after_commit(self, connection: Connection) -> None:
        """Called on the writer thread after each group. An error is left to the commit that meets it."""
        self._groups += 1
        if self._groups % GROUPS_BETWEEN_LOOKS:
            return
        try:
            pages, copied = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
            if pages >= self._writer_pages:
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            elif pages - copied >= self._background_pages and self._idle.is_set():
                self._idle.clear()
                self._executor.submit(self._beside)
        except apsw.Error:
            return

    def _beside(self) -> None:
        try:
            connection = self._connect()
            try:
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            finally:
                connection.close()
        except apsw.Error:
            return
        finally:
            self._idle.set()
