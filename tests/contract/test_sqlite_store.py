"""Runs the store contract on SQLite, in memory and on a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mainspring.runtime.ports import Store
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock
from mainspring.testing.contracts.dispatch import Dies, DispatchContract
from mainspring.testing.store_contract import StoreContract


class TestSqliteInMemory(StoreContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        store = SqliteStore(":memory:", clock=ManualClock())
        await store.open()
        yield store
        await store.close()


class TestSqliteFile(StoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        store = SqliteStore(tmp_path / "mainspring.db", clock=ManualClock(), synchronous="OFF")
        await store.open()
        yield store
        await store.close()


class TestSqliteDispatch(DispatchContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    async def store(self, clock: ManualClock) -> AsyncIterator[Store]:
        store = SqliteStore(":memory:", clock=clock, lease=15.0)
        await store.open()
        yield store
        await store.close()

    @pytest.fixture
    def other(self, store: Store) -> Store:
        return store

    @pytest.fixture
    def dies(self, store: Store, clock: ManualClock) -> Dies:
        async def let_it_die(host_id: str) -> None:
            living = [host for host in await store.hosts() if host.id != host_id]
            await clock.advance(15.0)
            for host in living:
                await store.join(host)

        return let_it_die
