"""Owns the fixtures of the process tests: a provider, a server for each test, published agents."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from tests.e2e.agents import CHAT
from tests.e2e.desk import Desk
from tests.e2e.house import House, Kind, house_of
from tests.e2e.model_server import ModelServer
from tests.e2e.server_process import ServerProcess

if TYPE_CHECKING:
    from tests.postgres.server import PostgresServer


@pytest.fixture(scope="module", params=["sqlite-restart", "postgres-restart"])
def house_of_each_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A house on each store, for all tests of a module."""
    kind = cast(Kind, request.param)
    server: PostgresServer | None = None
    if kind != "sqlite-restart":
        server = request.getfixturevalue("postgres_server")
    with house_of(kind, tmp_path_factory.mktemp(kind), server) as house:
        yield house


@pytest.fixture
def house(house_of_each_store: House) -> House:
    """The house, with a server that lives and a model that has nothing to say yet."""
    house_of_each_store.mend()
    house_of_each_store.models.scripts.clear()
    return house_of_each_store


@pytest.fixture
def models() -> Iterator[ModelServer]:
    """A strict provider; the test fails if any request to it was wrong."""
    with ModelServer() as server:
        yield server
        assert server.wrong() == []


@pytest.fixture
def server(tmp_path: Path, models: ModelServer) -> Iterator[ServerProcess]:
    """A server process, not started yet."""
    process = ServerProcess(tmp_path, models.base_url)
    yield process
    if process.process is not None:
        process.kill()


@pytest.fixture
def open_desk(server: ServerProcess, models: ModelServer) -> Callable[..., Desk]:
    """Starts the server and publishes one agent of a protocol; everything a test holds in its hands."""

    def desk(protocol: str = CHAT) -> Desk:
        return Desk.open(server, models, protocol)

    return desk


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """A started server with the agent `CHAT`."""
    return open_desk()
