"""Owns opening the API keys of a database file beside a server that may be running on it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from mainspring.runtime.keys import Keys
from mainspring.runtime.ports import Clock
from mainspring.settings import Settings
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.system import SystemClock, SystemIds


@asynccontextmanager
async def opened_keys(settings: Settings) -> AsyncGenerator[tuple[Keys, Clock]]:
    """The keys of the settings' database, and the clock they are judged by; the file is made if it is not there."""
    clock = SystemClock()
    store = SqliteStore(settings.database, clock=clock, exclusive=False)
    await store.open()
    try:
        yield Keys(store, clock=clock, ids=SystemIds()), clock
    finally:
        await store.close()
