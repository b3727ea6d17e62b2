"""Owns the PostgreSQL server of a run: the tests' one with its syncs on, or why there is none."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.subjects import TICKS, pin

if TYPE_CHECKING:
    from tests.postgres.server import PostgresServer

DURABLE = {"fsync": "on", "full_page_writes": "on", "max_connections": "100", "shared_buffers": "128MB"}


@contextmanager
def postgres() -> "Generator[PostgresServer | str]":
    """A server on the measured core, gone afterwards; or what keeps it from being there, in words."""
    try:
        from tests.postgres.server import PostgresServer

        pin(0)
        server = PostgresServer.begin(DURABLE)
    except (ImportError, AssertionError, OSError) as error:
        yield f"no PostgreSQL here, so nothing was measured on it: {str(error).strip().splitlines()[-1]}"
        return
    finally:
        pin(1)
    try:
        yield server
    finally:
        server.end()


def cpu_of(server: "PostgresServer") -> float:
    """CPU seconds of all its processes that still live, and of those that are gone."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == server.pid:
            total += int(fields[11]) + int(fields[12])
        elif int(stat.parent.name) == server.pid:
            total += sum(map(int, fields[11:15]))
    return total / TICKS
