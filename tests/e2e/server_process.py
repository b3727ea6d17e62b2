"""Owns a real Mainspring process: started on a free port in a private folder, stopped or killed by its id."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.e2e.model_server import KEY

START = 20.0
"""Seconds a server may take to say where it listens."""
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT", "PYTHONPATH")


class ServerProcess:
    """One server on one SQLite file. It may be started again after it ended, on the same port and file."""

    def __init__(self, folder: Path, model_url: str, **settings: str) -> None:
        self.folder = folder
        self.database = folder / "mainspring.db"
        self.port = 0
        self.url = ""
        self.process: subprocess.Popen[str] | None = None
        self.keys: dict[tuple[str, ...], str] = {}
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment = {**kept, "OPENAI_BASE_URL": model_url, "OPENAI_API_KEY": KEY, **settings}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `mainspring` command in the server's folder, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "mainspring", *arguments],
            check=False,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START,
        )

    def create_key(self, *scopes: str) -> str:
        """A key with `scopes`, made by the command line before the server owns the file; kept in `keys`."""
        options = [part for scope in scopes for part in ("--scope", scope)]
        made = self.run("keys", "create", "--database", str(self.database), *options, "--json")
        assert made.returncode == 0, made.stderr
        self.keys[scopes] = json.loads(made.stdout)["key"]
        return self.keys[scopes]

    def spawn(self) -> "subprocess.Popen[str]":
        """A server process on this file, not waited for."""
        command = ["serve", "--host", "127.0.0.1", "--port", str(self.port), "--database", str(self.database)]
        with (self.folder / "server.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "mainspring", *command, "--json"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def start(self) -> "ServerProcess":
        """Starts, and returns when the server says where it listens."""
        self.process = self.spawn()
        said = self.first_line(self.process)
        if said is None:
            self.kill()
            raise AssertionError(f"the server did not start:\n{self.log()}")
        self.url = said["url"].rstrip("/")
        self.port = int(self.url.rpartition(":")[2])
        return self

    def first_line(self, process: "subprocess.Popen[str]") -> dict[str, Any] | None:
        """The first thing the server says on stdout; None: it ended or said nothing in time."""
        assert process.stdout is not None
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()  # type: ignore[union-attr]  # asserted above
        try:
            line = lines.get(timeout=START)
        except queue.Empty:
            return None
        return json.loads(line) if line else None

    def log(self) -> str:
        """What the server wrote to stderr so far."""
        path = self.folder / "server.log"
        return path.read_text() if path.exists() else ""

    def end(self, how: signal.Signals, within: float) -> int:
        """Sends a signal and returns the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not end within {within} s of {how.name}") from None
        finally:
            assert self.process.stdout is not None
            self.process.stdout.close()

    def kill(self) -> None:
        """`kill -9`."""
        self.end(signal.SIGKILL, 10)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        return self.end(signal.SIGTERM, 40)
