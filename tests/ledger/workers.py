"""Owns the worker processes of a run: `mainspring tools serve`, started again whenever one was killed."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[2]


class Served(Protocol):
    """The tools of a domain."""

    tools_file: Path
    database: Path
    python: str


class Workers:
    """`count` processes, each dialling one of the servers. `linger`: see `hands.py`."""

    def __init__(self, domain: Served, urls: list[str], key: str, *, count: int, linger: float) -> None:
        self.domain = domain
        self.urls = urls
        self.key = key
        self.linger = linger
        self.processes = [self.begin(number) for number in range(count)]

    def begin(self, number: int) -> "subprocess.Popen[bytes]":
        """One more process."""
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                filter(None, (str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH")))
            ),
            "LEDGER_DATABASE": str(self.domain.database),
            "LEDGER_LINGER": str(self.linger),
            "MAINSPRING_URL": self.urls[number % len(self.urls)],
            "MAINSPRING_KEY": self.key,
        }
        with self.domain.database.with_suffix(".log").open("ab") as log:
            return subprocess.Popen(
                [self.domain.python, "-m", "mainspring", "tools", "serve", str(self.domain.tools_file)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def replace(self, number: int, how: signal.Signals) -> None:
        """Ends one and starts another in its place."""
        self.stop(number, how)
        self.processes[number] = self.begin(number)

    def stop(self, number: int, how: signal.Signals) -> None:
        """Ends one."""
        process = self.processes[number]
        if process.poll() is None:
            process.send_signal(how)
        process.wait(10)

    def end(self) -> None:
        """Ends all."""
        for number in range(len(self.processes)):
            self.stop(number, signal.SIGKILL)
