"""Owns a real worker process: `mainspring tools serve` on a file whose tools keep a ledger of what they did."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

TOOLS = '''\
"""Tools that write down every start and every effect; an effect is keyed by its call."""

import os
import sqlite3
import time
from pathlib import Path

from mainspring.client import ToolContext

FOLDER = Path(__file__).parent


def note(table, *values):
    with sqlite3.connect(FOLDER / "ledger.db", timeout=10) as db:
        db.execute("CREATE TABLE IF NOT EXISTS began (call, pid, attempt)")
        db.execute("CREATE TABLE IF NOT EXISTS effects (call PRIMARY KEY, pid)")
        marks = ",".join("?" * len(values))
        db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", values)


def get_weather(city: str, context: ToolContext) -> str:
    """Waits for a gate if there is one, then answers."""
    note("began", context.call_id, os.getpid(), context.attempt)
    while (FOLDER / "gate").exists():
        time.sleep(0.02)
    note("effects", context.call_id, os.getpid())
    return f"sunny in {city}"


TOOLS = [get_weather]
'''


class ToolWorker:
    """Worker processes of one folder, with one ledger."""

    def __init__(self, folder: Path, url: str, key: str) -> None:
        self.folder = folder
        self.file = folder / "tools.py"
        self.file.write_text(TOOLS)
        self.environment = {**os.environ, "MAINSPRING_URL": url, "MAINSPRING_KEY": key}
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        """One more worker."""
        with (self.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "mainspring", "tools", "serve", str(self.file), *options],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def rows(self, table: str) -> list[tuple[object, ...]]:
        """What the ledger says."""
        if not (self.folder / "ledger.db").exists():
            return []
        with sqlite3.connect(self.folder / "ledger.db", timeout=10) as db:
            try:
                return db.execute(f"SELECT * FROM {table}").fetchall()
            except sqlite3.OperationalError:
                return []

    def close_gate(self) -> None:
        """Calls begin and wait."""
        (self.folder / "gate").touch()

    def open_gate(self) -> None:
        """They go on."""
        (self.folder / "gate").unlink()

    def end(self) -> None:
        """Ends what still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(10)


def until(true: Callable[[], bool], within: float = 20.0) -> None:
    """Waits until something is so."""
    limit = time.monotonic() + within
    while not true():
        assert time.monotonic() < limit, "it did not come to that"
        time.sleep(0.02)
