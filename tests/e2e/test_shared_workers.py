"""Owns the proof that hosts share connected workers: asked at one, answered through another, whichever is killed."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.desk import Desk
from tests.e2e.http_client import Client, Stream
from tests.e2e.model_server import Call, ModelServer, said
from tests.e2e.server_process import ServerProcess
from tests.e2e.test_postgres import server_on
from tests.e2e.test_tool_workers import KEYED, check_answered, connected
from tests.e2e.tool_worker import ToolWorker, until

pytestmark = pytest.mark.timeout(120)


class Town:
    """Two servers on one database; the desk speaks with the first, the workers with the second."""

    def __init__(self, desk: Desk, other: ServerProcess, workers: ToolWorker) -> None:
        self.desk = desk
        self.other = other
        self.workers = workers
        self.there = Client(other.url, desk.client.key)
        self.stream: Stream | None = None

    def move(self) -> None:
        """From now on the desk speaks with the other server."""
        self.desk.client = self.there


@pytest.fixture
def town(postgres: str, tmp_path: Path, models: ModelServer) -> Iterator[Town]:
    servers = [server_on(postgres, tmp_path / name, models) for name in ("one", "two")]
    for server in servers:
        server.environment |= {"MAINSPRING_TOOL_WORKER_LEASE": "3s"}
    servers[0].create_key("admin")
    client = Client(servers[0].start().url, servers[0].keys["admin",])
    servers[1].start()
    desk = Desk.publish(servers[0], models, client, ("tested", KEYED))
    folder = tmp_path / "tools"
    folder.mkdir()
    workers = ToolWorker(folder, servers[1].url, client.key or "")
    made = Town(desk, servers[1], workers)
    yield made
    if made.stream is not None:
        made.stream.close()
    workers.end()
    for server in servers:
        if server.process is not None:
            server.kill()


def begin(town: Town) -> str:
    """A session at the first server whose call runs, held at the gate, on a worker of the second."""
    town.workers.close_gate()
    town.workers.start()
    until(connected(town.desk, 1))
    town.desk.script([Call("get-weather", {"city": "Rome"})], said("It is sunny."))
    session = town.desk.session()
    town.stream = town.desk.client.trigger(session)
    until(lambda: len(town.workers.rows("began")) == 1)
    return session


def test_a_worker_of_one_server_runs_the_call_of_another(town: Town) -> None:
    session = begin(town)
    began = time.monotonic()
    town.workers.open_gate()
    check_answered(town.desk, session, town.workers)
    assert time.monotonic() - began < 3
    assert "waiting" not in town.desk.client.ask("GET", "/api/tool-workers").body


def test_the_server_that_asked_is_killed_and_the_call_goes_on(town: Town) -> None:
    session = begin(town)
    town.desk.server.kill()
    town.move()
    time.sleep(1.5)  # the other one takes the session up while the call runs
    town.workers.open_gate()
    check_answered(town.desk, session, town.workers)
    assert [attempt for _, _, attempt in town.workers.rows("began")] == [1]


def test_the_answer_comes_while_nobody_drives_the_session(town: Town) -> None:
    session = begin(town)
    town.workers.open_gate()
    town.desk.server.kill()
    town.move()
    check_answered(town.desk, session, town.workers)
    assert [attempt for _, _, attempt in town.workers.rows("began")] == [1]


def test_the_server_of_the_workers_is_killed_and_comes_back(town: Town) -> None:
    session = begin(town)
    town.other.kill()
    town.workers.open_gate()
    until(lambda: len(town.workers.rows("effects")) == 1)
    town.other.start()
    check_answered(town.desk, session, town.workers)
    assert [attempt for _, _, attempt in town.workers.rows("began")] == [1]


def test_the_workers_of_a_dead_server_are_lost_and_others_go_on(town: Town) -> None:
    session = begin(town)
    town.other.kill()
    town.workers.end()
    town.workers.open_gate()
    town.workers.environment["MAINSPRING_URL"] = town.desk.server.url
    town.workers.start()
    check_answered(town.desk, session, town.workers)
    began = town.workers.rows("began")
    assert [attempt for _, _, attempt in began] == [1, 2]
    assert len({call for call, _, _ in began}) == 1
