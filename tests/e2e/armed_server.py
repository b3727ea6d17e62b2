"""Owns a real server whose fail-points are armed while it runs: a line on its standard input says which.

So that a process which has long started, and serves, kills itself at the moment a test is about, and the tests of many
moments share servers. Run as a script it is that process; imported it is what holds it.
"""

import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.e2e.server_process import ServerProcess

CHECKOUT = Path(__file__).resolve().parents[2]


class ArmedServer(ServerProcess):
    """A server that takes fail-points at any time; nothing is armed when it starts."""

    options: tuple[str, ...] = ()
    """What follows `serve` on its command line besides the address and the database."""

    def spawn(self) -> "subprocess.Popen[str]":
        """A server process that listens for fail-points, not waited for."""
        command = ["serve", "--host", "127.0.0.1", "--port", str(self.port), "--database", str(self.database)]
        with (self.folder / "server.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.armed_server", *command, *self.options, "--json"],
                cwd=CHECKOUT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def arm(self, points: str) -> None:
        """Arms these points and no others; returns when they are."""
        process = self.process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(points + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "armed\n"

    def end(self, how: signal.Signals, within: float) -> int:
        """Sends a signal and returns the exit status."""
        try:
            return super().end(how, within)
        finally:
            assert self.process is not None
            assert self.process.stdin is not None
            self.process.stdin.close()

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None


def listen() -> None:
    """Arms what each line of standard input says."""
    from mainspring.runtime import failpoints

    for line in sys.stdin:
        failpoints.disarm()
        failpoints.arm(failpoints.parse_points(line.strip()))
        sys.stdout.write("armed\n")
        sys.stdout.flush()


if __name__ == "__main__":
    from mainspring.cli.main import main

    threading.Thread(target=listen, daemon=True).start()
    main()
