"""Owns how a database file is opened, what of a connection is used, and what an engine's error is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Protocol, TypeAlias, cast

import apsw

from mainspring.model.errors import StoreError

MEMORY = ":memory:"
SYNCHRONOUS = ("FULL", "NORMAL", "EXTRA", "OFF")
PAGE_BYTES = 4096
WRITER_CACHE_KIB = 4096
READER_CACHE_KIB = 1024
BUSY_MILLISECONDS = 5000
WAL_KEPT_BYTES = 64 * 1024 * 1024
"""A longer write-ahead log is cut back to this once it has been copied."""


Found: TypeAlias = tuple[Any, ...]
"""A row as the engine returns it: None, int, float, str, bytes."""


class Cursor(Protocol):
    """What a statement found."""

    def __iter__(self) -> Iterator[Found]: ...

    def fetchone(self) -> Found | None:
        """The next row."""
        ...


class Connection(Protocol):
    """What is used of `apsw.Connection`, whose own annotations a strict checker cannot read on Python 3.11."""

    filename: str
    in_transaction: bool
    transaction_mode: str

    def execute(self, statements: str, bindings: Sequence[Any] = ..., /) -> Cursor:
        """Runs statements."""
        ...

    def executemany(self, statements: str, sequenceofbindings: Iterable[Sequence[Any]], /) -> Cursor:
        """Runs a statement once for each of the bindings."""
        ...

    def set_busy_timeout(self, milliseconds: int, /) -> None:
        """How long a statement waits for another connection."""
        ...

    def changes(self) -> int:
        """How many rows the last statement changed."""
        ...

    def pragma(self, name: str, value: str | int = ..., /) -> Any:
        """Reads or sets a pragma."""
        ...

    def wal_checkpoint(self, dbname: str | None = ..., mode: int = ...) -> tuple[int, int]:
        """Copies the write-ahead log; returns (frames in it, frames copied)."""
        ...

    def close(self) -> None:
        """Closes it."""
        ...

    def __enter__(self) -> Any: ...

    def __exit__(
        self,
        etype: type[BaseException] | None,
        evalue: BaseException | None,
        etraceback: TracebackType | None,
        /,
    ) -> bool | None: ...


def translated(error: Exception) -> StoreError:
    """What a caller is told of an engine's error."""
    if isinstance(error, apsw.FullError):
        return StoreError("The database cannot grow: the disk is full.")
    if isinstance(error, apsw.BusyError):
        return StoreError("Another process holds the database. Try again.")
    return StoreError(f"The database failed: {type(error).__name__}: {error}")


def connect_writer(path: str, *, synchronous: str) -> Connection:
    """A connection that may write; raises `apsw.Error`, and `StoreError` where a write-ahead log cannot be kept."""
    connection = cast(Connection, apsw.Connection(path))
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    mode = connection.pragma("journal_mode", "wal")
    if mode != "wal" and path != MEMORY:
        connection.close()
        raise StoreError(f"{path}: this file system cannot hold a SQLite write-ahead log.")
    connection.pragma("synchronous", synchronous)
    connection.pragma("wal_autocheckpoint", 0)
    connection.pragma("journal_size_limit", WAL_KEPT_BYTES)
    connection.pragma("cache_size", -WRITER_CACHE_KIB)
    connection.pragma("temp_store", "memory")
    return connection


def connect_reader(path: str) -> Connection:
    """A connection that only reads."""
    connection = cast(Connection, apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE))
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    connection.pragma("query_only", 1)
    connection.pragma("wal_autocheckpoint", 0)
    connection.pragma("cache_size", -READER_CACHE_KIB)
    return connection
