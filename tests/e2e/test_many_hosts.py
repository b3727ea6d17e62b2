"""Owns the proof that servers on one PostgreSQL are one: readers, commands, deaths and deployments cross them."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.e2e.agents import CHAT
from tests.e2e.desk import Desk, execution_of, finals, text_of
from tests.e2e.http_client import Client, Event, Stream
from tests.e2e.model_server import Gate, ModelServer, said
from tests.e2e.server_process import ServerProcess

TAKE_OVER = 1.5
"""Seconds from a `kill -9` to the first event of the other server; on an idle machine it is a quarter of one."""
SOON = 4.0
"""Seconds within which a take-over, its second model call and the answer are over; the take-over alone takes less."""


@pytest.fixture
def servers(postgres: str, tmp_path: Path, models: ModelServer) -> Iterator[list[ServerProcess]]:
    """Two servers on one database, not started yet."""
    both: list[ServerProcess] = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        process = ServerProcess(tmp_path / name, models.base_url, MAINSPRING_HOST_NAME=name)
        process.database = cast(Path, postgres)  # it is only written on command lines
        both.append(process)
    yield both
    for process in both:
        if process.process is not None:
            process.kill()


@pytest.fixture
def desk(servers: list[ServerProcess], models: ModelServer) -> Desk:
    """A desk at the first server."""
    return Desk.open(servers[0], models, CHAT)


@pytest.fixture
def other(desk: Desk, servers: list[ServerProcess]) -> Client:
    """A client with the same key at the second."""
    return Client(servers[1].start().url, desk.client.key)


class Reader(threading.Thread):
    """Follows a session on a thread of its own until an execution ends."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(daemon=True)
        self.stream = stream
        self.events: list[tuple[float, Event]] = []
        self.start()

    def run(self) -> None:
        """Keeps each event with the time it came."""
        for event in self.stream:
            self.events.append((time.monotonic(), event))
            if event.type in ("finish", "error"):
                break
        self.stream.close()

    def until(self, text: str) -> float:
        """When a delta with this text came."""
        deadline = time.monotonic() + SOON
        while time.monotonic() < deadline:
            for at, event in list(self.events):
                if event.data.get("delta") == text:
                    return at
            self.join(0.01)
        raise AssertionError(f"no {text!r} in {[event.data for _, event in self.events]}")

    def whole(self) -> list[dict[str, Any]]:
        """Everything, once it is over."""
        self.join(30)
        assert not self.is_alive()
        return [{"cursor": event.cursor} | event.data for _, event in self.events]


def test_a_reader_of_the_other_server_follows_live(desk: Desk, other: Client) -> None:
    gate = Gate()
    desk.script([*said("One "), gate, *said("two.")])
    session = desk.session()
    reader = Reader(other.follow(session))
    stream = desk.client.trigger(session)
    gate.wait()
    assert reader.until("One ") - time.monotonic() < SOON
    gate.opened.set()
    stream.rest()
    whole = reader.whole()
    assert whole == finals(desk, session)
    assert [event["cursor"] for event in whole] == sorted({cast(int, event["cursor"]) for event in whole})


def test_a_reader_sees_no_gap_when_the_other_server_is_killed(
    desk: Desk, other: Client, servers: list[ServerProcess]
) -> None:
    gate = Gate()
    desk.script([*said("It is "), gate, *said("late.")], said("It is sunny."))
    session = desk.session()
    reader = Reader(other.follow(session))
    stream = desk.client.trigger(session)
    gate.wait()
    reader.until("It is ")
    servers[0].kill()
    killed = time.monotonic()
    stream.close()
    whole = reader.whole()
    assert reader.events[-1][0] - killed < SOON
    (taken,) = [at for at, event in reader.events if event.type == "attempt-superseded"]
    assert taken - killed < TAKE_OVER
    assert whole[-1]["type"] == "finish"
    desk.client = other
    assert whole == finals(desk, session)
    assert text_of(other.messages(session), "assistant") == ["It is sunny."]


def test_what_runs_at_one_server_is_stopped_at_the_other(desk: Desk, other: Client) -> None:
    gate = Gate()
    desk.script([*said("For "), gate, *said("ever.")])
    session = desk.session()
    stream = desk.client.trigger(session)
    gate.wait()
    path = f"/api/agent-sessions/{session}/stop"
    again = other.ask("POST", path, {"executionId": "exe_none"})
    assert (again.status, again.body["stopped"]) == (200, False)
    stopped = other.ask("POST", path, {"executionId": execution_of_started(stream)})
    assert (stopped.status, stopped.body["stopped"]) == (200, True)
    assert stream.rest()[-1].data["finishReason"] == "stop"
    desk.script(said("Here again."))
    assert other.trigger(session).rest()[-1].data["finishReason"] == "stop"
    assert len(desk.asked()) == 2


def execution_of_started(stream: Stream) -> str:
    """The execution of a stream of which nothing was read yet."""
    stream.until(lambda event: event.type == "start")
    return execution_of(stream)


@pytest.mark.timeout(90)
def test_a_server_that_is_deployed_hands_over_at_once(
    desk: Desk, other: Client, servers: list[ServerProcess]
) -> None:
    servers[0].stop()
    servers[0].environment["MAINSPRING_GRACEFUL_TIMEOUT"] = "500ms"
    servers[0].start()
    gate = Gate()
    desk.script([*said("It is "), gate, *said("late.")], said("It is sunny."))
    session = desk.session()
    reader = Reader(other.follow(session))
    stream = desk.client.trigger(session)
    gate.wait()
    reader.until("It is ")
    process = servers[0].process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    stream.rest()
    assert process.wait(20) == 0
    ended = time.monotonic()
    whole = reader.whole()
    assert reader.events[-1][0] - ended < SOON
    assert whole[-1]["type"] == "finish"
    assert text_of(other.messages(session), "assistant") == ["It is sunny."]


def test_an_operator_sees_both(desk: Desk, other: Client, servers: list[ServerProcess]) -> None:
    key = servers[1].create_key("admin")
    operator = Client(other.url, key)
    hosts = operator.ask("GET", "/api/hosts").body["hosts"]
    assert [(host["name"], host.get("answering", False)) for host in hosts] == [("one", False), ("two", True)]
    shown = servers[1].run("hosts", "--url", servers[1].url, "--key", key)
    assert shown.returncode == 0, shown.stderr
    assert "two *" in shown.stdout
    servers[0].kill()
    deadline = time.monotonic() + SOON
    while len(operator.ask("GET", "/api/hosts").body["hosts"]) > 1:
        assert time.monotonic() < deadline
