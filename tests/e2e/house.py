"""Owns a house: one or two servers on one store that are killed and go on, and what its people hold in their hands.

Its client goes to the first server that lives, as a load balancer would. Its agent has a tool that the caller runs and
one that runs in the servers; that one keeps a ledger of what it did.
"""

import asyncio
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from tests.e2e.agents import CHAT
from tests.e2e.armed_server import ArmedServer
from tests.e2e.desk import SCOPES, Desk
from tests.e2e.http_client import Client
from tests.e2e.model_server import ModelServer, said
from tests.e2e.tool_worker import TOOLS

if TYPE_CHECKING:
    from tests.postgres.server import PostgresServer

Kind = Literal["sqlite-restart", "postgres-restart", "postgres-take-over"]
KINDS: tuple[Kind, ...] = ("sqlite-restart", "postgres-restart", "postgres-take-over")
PROTOCOL = CHAT.replace(
    "    description: Looks up the weather\n",
    "    description: Looks up the weather\n    policy: {onUnknownOutcome: retry, idempotent: true}\n",
).replace("    description: Reads the clock\n", "    description: Reads the clock\n    display: stream\n")


class House(Desk):
    """A desk whose server may be any of several."""

    def __init__(self, servers: list[ArmedServer], models: ModelServer, folder: Path) -> None:
        self.servers = servers
        self.folder = folder
        first = servers[0]
        key = first.create_key(*SCOPES)
        self.clients = [Client(server.start().url, key) for server in servers]
        published = Desk.publish(first, models, self.clients[0], ("tested", PROTOCOL))
        self.server, self.models = first, models
        self.agent, self.model = published.agent, published.model

    @property
    def client(self) -> Client:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]  # read-only here
        """A client of a server that lives."""
        alive = [client for server, client in zip(self.servers, self.clients, strict=True) if server.alive]
        return alive[0] if alive else self.clients[0]

    def mend(self) -> None:
        """Every server lives and nothing is armed, whatever the test before left behind."""
        for server in self.servers:
            if server.process is not None and not server.alive:
                server.kill()
                server.start()
            server.arm("")

    def dies(self) -> None:
        """Returns when the first server has killed itself."""
        first = self.servers[0]
        assert first.process is not None
        assert first.process.wait(20) == -signal.SIGKILL, first.log()
        first.kill()

    def turn_around(self) -> None:
        """The server that died is started again, and becomes the last one."""
        self.servers[0].start()
        self.servers.append(self.servers.pop(0))
        self.clients.append(self.clients.pop(0))

    def noted(self, table: str, call: str) -> int:
        """How often the ledger of the tool that runs in the servers has a call: in `began`, in `effects`."""
        path = self.folder / "ledger.db"
        if not path.exists():
            return 0
        with sqlite3.connect(path, timeout=10) as ledger:
            return ledger.execute(f"SELECT count(*) FROM {table} WHERE call = ?", [call]).fetchone()[0]

    @property
    def pid(self) -> int:
        """The first server's process."""
        assert self.servers[0].process is not None
        return self.servers[0].process.pid

    def check_serves(self) -> None:
        """A new session has a turn."""
        self.script(said("Here I am."))
        assert self.client.trigger(self.session()).rest()[-1].data["finishReason"] == "stop"

    def end(self) -> None:
        """Kills what still runs."""
        for server in self.servers:
            if server.process is not None:
                server.kill()


@contextmanager
def house_of(kind: Kind, folder: Path, postgres: "PostgresServer | None") -> Iterator[House]:
    """A house with a store of its own."""
    address = "" if postgres is None else asyncio.run(postgres.create())
    (folder / "tools.py").write_text(TOOLS)
    with ModelServer() as models:
        servers: list[ArmedServer] = []
        for number in range(2 if kind == "postgres-take-over" else 1):
            (folder / str(number)).mkdir()
            server = ArmedServer(folder / str(number), models.base_url)
            server.options = ("--tools", str(folder / "tools.py"))
            if address:
                server.database = cast(Path, address)  # it is only written on command lines
            servers.append(server)
        house = House(servers, models, folder)
        try:
            yield house
            assert models.wrong() == []
        finally:
            house.end()
            if postgres is not None:
                asyncio.run(postgres.drop(address))
