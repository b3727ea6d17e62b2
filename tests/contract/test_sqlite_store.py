"""Runs the store contract on SQLite, in memory and on a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mainspring.runtime.ports import Store
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock
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
