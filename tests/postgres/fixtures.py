"""Owns the fixtures that give tests a database; `server.py` says how to use them."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.postgres.server import PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[PostgresServer]":
    """A server of this worker's own."""
    from tests.postgres.server import begun  # most tests need neither the server nor its client

    server = begun()
    yield server
    server.end()


def _database(server: "PostgresServer", *, bare: bool) -> Iterator[str]:
    address = asyncio.run(server.create(bare=bare))
    yield address
    asyncio.run(server.drop(address))


@pytest.fixture
def postgres(postgres_server: "PostgresServer") -> Iterator[str]:
    """The address of a database of this test's own, with its schema."""
    yield from _database(postgres_server, bare=False)


@pytest.fixture
def bare_postgres(postgres_server: "PostgresServer") -> Iterator[str]:
    """The address of an empty database of this test's own."""
    yield from _database(postgres_server, bare=True)
