"""Kills a writing process again and again: what it was told is on disk is there, whole, in order."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from mainspring.model.rows import DELTAS, Row
from tests.storage.crash_child import SESSIONS, content, store_at

pytestmark = pytest.mark.e2e

KILLS = 25
CHILD = Path(__file__).with_name("crash_child.py")


def run_until_killed(address: str, acknowledgements: int) -> dict[str, int]:
    """Starts a writer and kills it after so many lines; the highest cursor it acknowledged in each session."""
    reader, pipe = os.pipe()
    child = subprocess.Popen([sys.executable, str(CHILD), address], stdout=pipe)
    os.close(pipe)
    with os.fdopen(reader, "rb") as lines:
        told = [lines.readline() for _ in range(acknowledgements)]
        child.send_signal(signal.SIGKILL)
        assert child.wait(30) == -signal.SIGKILL
        told += lines.readlines()
    highest: dict[str, int] = {}
    for line in told:
        if line.endswith(b"\n"):
            name, cursor = line.split()
            highest[name.decode()] = int(cursor)
    return highest


def check_row(row: Row, name: str) -> None:
    if row.kind == DELTAS:
        events = row.data.split(b"\n")
        assert events == [content(name, cursor) for cursor in range(row.first, row.last + 1)]
    else:
        assert row.data == content(name, row.first)


async def check(address: str, acknowledged: dict[str, int]) -> None:
    """Every session is whole, and has at least what was acknowledged."""
    store = store_at(address)
    await store.open()
    for name in SESSIONS:
        rows = await store.read(name, 0, 1_000_000)
        cursor = 0
        for row in rows:
            assert row.first == cursor + 1
            cursor = row.last
            check_row(row, name)
        assert cursor >= acknowledged.get(name, 0)
        loaded = await store.load(name)
        if loaded is not None:
            assert loaded.record.cursor == cursor
            assert loaded.snapshot == (
                str(loaded.snapshot_cursor).encode() if loaded.snapshot_cursor else None
            )
    await store.close()


def check_file(path: Path) -> None:
    connection = apsw.Connection(str(path))
    assert connection.pragma("integrity_check") == "ok"
    connection.close()


@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "mainspring.db"
    acknowledged: dict[str, int] = {}
    for kill in range(KILLS):
        acknowledged |= run_until_killed(str(path), 1 + (kill * 37) % 90)
        assert acknowledged
        asyncio.run(check(str(path), acknowledged))
        check_file(path)
