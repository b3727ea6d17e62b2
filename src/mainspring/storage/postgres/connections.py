"""Owns how a database is connected to, what of a connection is used, and what an engine's error is called."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias, cast

import asyncpg  # type: ignore[import-untyped]  # it ships no annotations; what is used is in the protocols below

from mainspring.model.errors import MainspringError, StoreError
from mainspring.storage.addresses import shown

LOG = logging.getLogger("mainspring.storage")
ENGINE: Any = asyncpg
OLDEST = 140000
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0
READERS = 8
SERVER_SETTINGS = {
    "application_name": "mainspring",
    "idle_in_transaction_session_timeout": "5s",
    "jit": "off",
    "lock_timeout": "10s",
}
"""A host that stands still within a transaction loses it after 5 s, and with it the locks that others wait for."""
SYNCHRONOUS = """
SELECT set_config('synchronous_commit', 'on', FALSE) WHERE current_setting('synchronous_commit') IN ('off', 'local')
"""
"""A commit is on disk, and on the synchronous replicas if there are any, before it is answered."""

Found: TypeAlias = Sequence[Any]
"""A row as the engine returns it: None, bool, int, float, str, bytes."""


class Connection(Protocol):
    """What is used of `asyncpg.Connection`."""

    async def execute(self, query: str, *args: object) -> str:
        """Runs statements; with arguments one."""
        ...

    async def fetch(self, query: str, *args: object) -> list[Found]:
        """All rows."""
        ...

    async def fetchrow(self, query: str, *args: object) -> Found | None:
        """The first row."""
        ...

    async def fetchval(self, query: str, *args: object) -> Any:
        """The first column of the first row."""
        ...

    def cursor(self, query: str, *args: object, prefetch: int) -> AsyncIterator[Found]:
        """Rows as they are needed, within a transaction."""
        ...

    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False
    ) -> AbstractAsyncContextManager[object]:
        """A transaction."""
        ...

    async def add_listener(self, channel: str, callback: Callable[[Any, int, str, object], None]) -> None:
        """Listens: the callback gets the connection, who notified, the channel and what was told."""
        ...

    def is_closed(self) -> bool:
        """Whether it is of no more use."""
        ...

    def is_in_transaction(self) -> bool:
        """Whether a transaction is open."""
        ...

    def get_server_pid(self) -> int:
        """The process that the server said it would be served by."""
        ...

    def terminate(self) -> None:
        """Closes it at once."""
        ...

    async def close(self, *, timeout: float | None = None) -> None:
        """Closes it."""
        ...


class Pool(Protocol):
    """What is used of `asyncpg.Pool`."""

    def acquire(self, *, timeout: float | None = None) -> AbstractAsyncContextManager[Connection]:
        """A connection for a while; a broken one is replaced."""
        ...

    async def close(self) -> None:
        """Waits for what is under way, then closes."""
        ...

    def terminate(self) -> None:
        """Closes at once."""
        ...


FAILURES: tuple[type[BaseException], ...] = (
    ENGINE.PostgresError,
    ENGINE.InterfaceError,
    ENGINE.InternalClientError,
    OSError,
    TimeoutError,
)
"""What the engine, its client and the network raise."""
REFUSALS: tuple[type[BaseException], ...] = (*FAILURES, MainspringError)
"""And what we made of it."""
BAD_ADDRESS: tuple[type[BaseException], ...] = (*FAILURES, ValueError)


def translated(error: BaseException) -> StoreError:
    """What a caller is told of an engine's error."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, ENGINE.DiskFullError):
        return StoreError("The database cannot grow: the disk is full.")
    if isinstance(error, (ENGINE.LockNotAvailableError, ENGINE.DeadlockDetectedError)):
        return StoreError("Another process holds what is needed of the database. Try again.")
    if isinstance(error, ENGINE.TooManyConnectionsError):
        return StoreError("The database takes no more connections. Try again.")
    if isinstance(error, (OSError, TimeoutError)) or is_loss(error):
        return StoreError("The database does not answer. Try again.")
    return StoreError(f"The database failed: {type(error).__name__}: {error}")


def is_loss(error: BaseException) -> bool:
    """Whether an error says that the connection is gone, or of no more use: the next one may reach another server."""
    return isinstance(
        error,
        (
            OSError,
            TimeoutError,
            ENGINE.PostgresConnectionError,
            ENGINE.InterfaceError,
            ENGINE.OperatorInterventionError,
            ENGINE.ReadOnlySQLTransactionError,
            ENGINE.IdleInTransactionSessionTimeoutError,
        ),
    )


def _arguments(address: str) -> Mapping[str, Any]:
    return {
        "dsn": address,
        "timeout": CONNECT_SECONDS,
        "command_timeout": COMMAND_SECONDS,
        "server_settings": SERVER_SETTINGS,
    }


async def connect(address: str) -> Connection:
    """A connection of one's own that may write; raises `StoreError`."""
    try:
        connection = cast(Connection, await ENGINE.connect(**_arguments(address)))
    except BAD_ADDRESS as error:
        raise unreachable(address, error) from error
    try:
        await connection.execute(SYNCHRONOUS)
    except FAILURES as error:
        connection.terminate()
        raise translated(error) from error
    return connection


async def connect_pool(address: str) -> Pool:
    """Connections for reading and for small writes, made when first needed."""
    made: Any = ENGINE.create_pool(**_arguments(address), min_size=0, max_size=READERS, init=_synchronous)
    return cast(Pool, await made)


async def _synchronous(connection: Connection) -> None:
    await connection.execute(SYNCHRONOUS)


def unreachable(address: str, error: BaseException) -> StoreError:
    """What is said when no connection can be made; never with the password."""
    if "unsupported startup parameter" in str(error):
        return StoreError(
            f"{shown(address)} cannot be used: {error}. There is a pooling proxy in between: connect to PostgreSQL "
            "itself, or through the proxy in session mode with ignore_startup_parameters."
        )
    if isinstance(error, (OSError, TimeoutError)):
        return StoreError(f"{shown(address)} does not answer.")
    return StoreError(f"{shown(address)} cannot be opened: {type(error).__name__}: {error}")


async def warn_of_proxy(connection: Connection, address: str) -> None:
    """Logs a hint if something between here and the server shares its connections."""
    if await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid():
        LOG.warning(
            "%s is reached through a pooling proxy. Use session mode: prepared statements, LISTEN and advisory locks "
            "do not work in transaction mode.",
            shown(address),
        )
