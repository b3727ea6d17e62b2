"""Runs the store contract and the dispatch contract on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from mainspring.runtime.ports import Store
from mainspring.storage.postgres.store import PostgresStore
from mainspring.system import SystemClock
from mainspring.testing.clock import ManualClock
from mainspring.testing.contracts.dispatch import Dies, DispatchContract
from mainspring.testing.store_contract import StoreContract


class TestPostgres(StoreContract):
    @pytest.fixture
    async def store(self, postgres: str) -> AsyncIterator[Store]:
        store = PostgresStore(postgres, clock=ManualClock())
        await store.open()
        yield store
        await store.close()


class TestPostgresDispatch(DispatchContract):
    @pytest.fixture
    async def store(self, postgres: str) -> AsyncIterator[Store]:
        store = PostgresStore(postgres, clock=SystemClock())
        await store.open()
        yield store
        await store.close()

    @pytest.fixture
    async def other(self, postgres: str) -> AsyncIterator[Store]:
        store = PostgresStore(postgres, clock=SystemClock())
        await store.open()
        yield store
        await store.close()

    @pytest.fixture
    def dies(self, store: PostgresStore, other: PostgresStore) -> Dies:
        async def let_it_die(host_id: str) -> None:
            """The connection that tells of it is cut and not made anew; the others find out by themselves."""
            for side in (store, other):
                presence = side._presence()
                if host_id in presence._hosts:
                    await presence.stop()
            while any(host.id == host_id for host in await store.hosts()):
                await SystemClock().sleep(0.02)

        return let_it_die
