"""Owns opening the API keys of a database beside a server that may be running on it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from mainspring.assembly import database_of
from mainspring.runtime.keys import Keys
from mainspring.runtime.ports import Clock
from mainspring.settings import Settings
from mainspring.system import SystemClock, SystemIds


@asynccontextmanager
async def opened_keys(settings: Settings) -> AsyncGenerator[tuple[Keys, Clock]]:
    """The keys of the settings' database, and the clock they are judged by; a file is made if it is not there."""
    clock = SystemClock()
    store = database_of(settings, clock, exclusive=False)
    await store.open()
    try:
        yield Keys(store, clock=clock, ids=SystemIds()), clock
    finally:
        await store.close()
