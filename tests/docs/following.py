"""Owns following a page: its files are written, its commands run in one shell's environment, its outputs compared."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time  # noqa: TID251  a real process is waited for
from pathlib import Path
from typing import Self

from mainspring.settings import process_environment
from tests.docs.pages import ROOT, Fence, fences

PATIENCE = 40
PORT = "4747"
SHELL = shutil.which("bash") or "bash"
_SAME = (
    (re.compile(r"\b(agt|ses|key|exe)_[A-Za-z0-9]{22}\b"), r"\1_"),
    (re.compile(r"\boct_sk_[A-Za-z0-9]{44}\b"), "oct_sk_"),
    (re.compile(r"\bversion [0-9a-f]{12}\b"), "version x"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:0"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "now"),
    (re.compile(r"[ \t]+"), " "),
)


def same(text: str) -> list[str]:
    """The lines of an output without what differs from run to run: ids, ports, times, widths."""
    for pattern, replacement in _SAME:
        text = pattern.sub(replacement, text)
    return [line.strip() for line in text.splitlines() if line.strip()]


def matches(expected: list[str], actual: list[str]) -> bool:
    """Whether the lines are those expected; `...` stands for any lines, none too."""
    if not expected:
        return not actual
    if expected[0] == "...":
        return any(matches(expected[1:], actual[skipped:]) for skipped in range(len(actual) + 1))
    return bool(actual) and actual[0] == expected[0] and matches(expected[1:], actual[1:])


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Following:
    """A reader in an empty folder who does what the page says; `node` has the packages of the interop tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._port = str(free_port())
        self._said = ""
        self._servers: list[subprocess.Popen[bytes]] = []
        environment = process_environment()
        programs = [
            str(Path(sys.executable).parent),
            str(ROOT / ".tools" / "node" / "bin"),
            environment["PATH"],
        ]
        kept = {
            name: environment[name]
            for name in ("HOME", "LANG", "TMPDIR", "PYTHONPATH")
            if name in environment
        }
        self._environment = {**kept, "PATH": os.pathsep.join(programs), "NO_COLOR": "1"}
        (folder / ".state").touch()

    def follow(self, page: Path) -> int:
        """Does all of it, and returns how many blocks were run or compared."""
        return sum(self._do(fence) for fence in fences(page))

    def play(self, fence: Fence) -> list[str]:
        """Runs a block of JavaScript beside what was done before; the lines it prints."""
        (self.folder / "shown.mjs").write_text(fence.text.replace(PORT, self._port), encoding="utf-8")
        self._run("node shown.mjs", fence)
        return same(self._said)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.send_signal(signal.SIGTERM)
            server.wait(PATIENCE)

    def _do(self, fence: Fence) -> bool:
        text = fence.text.replace(PORT, self._port)
        file = fence.word("file")
        if file is not None:
            (self.folder / file).write_text(text, encoding="utf-8")
        elif "background" in fence.words:
            self._begin(text, fence)
        elif "run" in fence.words:
            self._run(text, fence)
        elif "output" in fence.words:
            assert matches(same(text), same(self._said)), f"{fence.place} says otherwise:\n{self._said}"
        else:
            return False
        return True

    def _run(self, text: str, fence: Fence) -> None:
        script = f"set -eu\n. ./.state\n{text}\nexport -p > .state\n"
        done = subprocess.run(
            [SHELL, "-c", script],
            check=False,
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{fence.place} failed:\n{done.stdout}{done.stderr}"
        self._said = done.stdout

    def _begin(self, text: str, fence: Fence) -> None:
        """Starts a server and returns once it takes connections."""
        log = (self.folder / "server.log").open("ab")
        server = subprocess.Popen(
            [SHELL, "-c", f"exec {text.strip()}"],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        log.close()
        self._servers.append(server)
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            alive = server.poll() is None and time.monotonic() < deadline
            assert alive, f"{fence.place} does not serve:\n{(self.folder / 'server.log').read_text()}"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", int(self._port)), timeout=1).close()
        except OSError:
            return False
        return True
