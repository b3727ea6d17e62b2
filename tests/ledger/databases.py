"""Owns the servers that a ledger is played on: one on a file, or two on one PostgreSQL database."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from tests.e2e.model_server import ModelServer
from tests.e2e.server_process import ServerProcess


@contextmanager
def on_sqlite(folder: Path, models: ModelServer) -> Iterator[list[ServerProcess]]:
    """One server."""
    yield [ServerProcess(folder, models.base_url)]


@contextmanager
def on_postgres(folder: Path, models: ModelServer) -> Iterator[list[ServerProcess]]:
    """Two servers, on a database server of their own."""
    from tests.postgres.server import begun  # only here is its client needed

    server = begun()
    try:
        address = asyncio.run(server.create(bare=False))
        yield two_on(address, folder, models)
        asyncio.run(server.drop(address))
    finally:
        server.end()


def two_on(address: str, folder: Path, models: ModelServer) -> list[ServerProcess]:
    """Two servers on one database."""
    made: list[ServerProcess] = []
    for name in ("one", "two"):
        (folder / name).mkdir()
        process = ServerProcess(folder / name, models.base_url)
        process.database = cast(Path, address)  # it is only written on command lines
        made.append(process)
    return made
