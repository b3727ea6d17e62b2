"""Tests what the store on PostgreSQL does at its edges: damage, what an engine's errors are called, addresses."""

import asyncpg
import pytest

from mainspring.model.errors import StoreError
from mainspring.storage.postgres.connections import (
    Connection,
    connect,
    connect_pool,
    translated,
    unreachable,
    warn_of_proxy,
)
from mainspring.storage.postgres.store import PostgresStore
from mainspring.system import SystemClock
from mainspring.testing.samples import agent, fact, session
from tests.postgres.server import PostgresServer


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreError("as it is"), "as it is"),
        (asyncpg.DiskFullError("no space"), "the disk is full"),
        (asyncpg.LockNotAvailableError("lock"), "Another process holds"),
        (asyncpg.DeadlockDetectedError("dead"), "Another process holds"),
        (asyncpg.TooManyConnectionsError("many"), "no more connections"),
        (ConnectionResetError("reset"), "does not answer"),
        (asyncpg.AdminShutdownError("bye"), "does not answer"),
        (asyncpg.DataError("odd"), "DataError: odd"),
    ],
)
def test_errors_are_told_in_words(error: Exception, told: str) -> None:
    assert told in translated(error).message


def test_a_proxy_that_refuses_is_named() -> None:
    error = asyncpg.PostgresError("unsupported startup parameter: jit")
    told = unreachable("postgresql://me:hunter2@db/x", error).message
    assert "session mode" in told
    assert "hunter2" not in told


async def test_a_damaged_agent_says_so(postgres: str, postgres_server: PostgresServer) -> None:
    store = PostgresStore(postgres, clock=SystemClock())
    await store.open()
    await store.publish(agent())
    name = postgres.rpartition("/")[2]
    await postgres_server.ask("UPDATE mainspring.agent_versions SET source = '\\x00'", database=name)
    with pytest.raises(StoreError, match="damaged"):
        await store.agents("project-1")
    assert await store.version("project-1", "no-such-hash") is None
    await store.close()


async def test_a_damaged_row_harms_one_session(postgres: str, postgres_server: PostgresServer) -> None:
    store = PostgresStore(postgres, clock=SystemClock())
    await store.open()
    for name in ("session-1", "session-2"):
        await store.create_session(session(name), [fact(1)])
    database = postgres.rpartition("/")[2]
    damage = "UPDATE mainspring.journal SET kind = 3, data = '\\x00ff' WHERE n = (SELECT min(n) FROM mainspring.heads)"
    await postgres_server.ask(damage, database=database)
    with pytest.raises(StoreError, match="damaged"):
        await store.load("session-1")
    assert await store.facts("session-2") == [fact(1)]
    await store.close()


async def test_a_weaker_commit_is_made_durable(postgres: str, postgres_server: PostgresServer) -> None:
    name = postgres.rpartition("/")[2]
    for given, used in (("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")):
        await postgres_server.ask(f"ALTER DATABASE {name} SET synchronous_commit = {given}")
        connection = await connect(postgres)
        assert await connection.fetchval("SHOW synchronous_commit") == used
        await connection.close()
        pool = await connect_pool(postgres)
        async with pool.acquire() as pooled:
            assert await pooled.fetchval("SHOW synchronous_commit") == used
        await pool.close()


async def test_without_a_proxy_nothing_is_said(postgres: str, caplog: pytest.LogCaptureFixture) -> None:
    connection: Connection = await connect(postgres)
    await warn_of_proxy(connection, postgres)
    await connection.close()
    assert caplog.text == ""


@pytest.mark.parametrize("address", ["postgresql://db:port/x", "postgresql://127.0.0.1:1/x?sslmode=never"])
async def test_an_address_that_cannot_be_read_says_so(address: str) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        await connect(address)


async def test_an_old_server_is_refused(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainspring.storage.postgres.schema.OLDEST", 990000)
    with pytest.raises(StoreError, match="PostgreSQL 99 or newer"):
        await PostgresStore(postgres, clock=SystemClock()).open()
