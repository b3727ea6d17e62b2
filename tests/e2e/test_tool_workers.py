"""Owns the proof that connected workers lose nothing: killed workers, a killed server, shared load, a clean end."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.agents import CHAT
from tests.e2e.desk import Desk, text_of
from tests.e2e.http_client import Client
from tests.e2e.model_server import Call, ModelServer, Reply, said
from tests.e2e.server_process import ServerProcess
from tests.e2e.tool_worker import ToolWorker, until

ROME: Reply = [Call("get-weather", {"city": "Rome"})]
KEYED = CHAT.replace(
    "    description: Looks up the weather\n",
    "    description: Looks up the weather\n    policy: {onUnknownOutcome: retry, idempotent: true}\n",
)


@pytest.fixture
def workers(tmp_path: Path, server: ServerProcess) -> Iterator[Callable[[Desk], ToolWorker]]:
    """Workers of a desk, ended with the test."""
    made: list[ToolWorker] = []

    def of(desk: Desk) -> ToolWorker:
        folder = tmp_path / "tools"
        folder.mkdir()
        made.append(ToolWorker(folder, desk.server.url, desk.client.key or ""))
        return made[-1]

    yield of
    for one in made:
        one.end()


@pytest.fixture
def desk(server: ServerProcess, models: ModelServer) -> Desk:
    """A server that notices a lost worker soon, and an agent whose tool may be run again under its key."""
    server.environment |= {
        "MAINSPRING_TOOL_WORKER_LEASE": "2s",
        "MAINSPRING_TOOL_WORKER_NAMES": "get-weather",
    }
    server.create_key("admin")
    client = Client(server.start().url, server.keys["admin",])
    return Desk.publish(server, models, client, ("tested", KEYED))


def connected(desk: Desk, count: int) -> Callable[[], bool]:
    """Whether that many workers are there."""
    return lambda: len(desk.client.ask("GET", "/api/tool-workers").body["workers"]) == count


def check_answered(desk: Desk, session: str, workers: ToolWorker) -> None:
    """One effect a call, one result, one answer."""
    until(lambda: text_of(desk.client.messages(session), "assistant") == ["It is sunny."])
    (answer,) = [message for message in desk.client.messages(session) if message["role"] == "assistant"]
    results = [part["result"] for part in answer["parts"] if part["type"] == "tool-call"]
    assert results == ["sunny in Rome"] * len(results)
    assert len(workers.rows("effects")) == len(results)


def test_a_worker_runs_the_call_in_the_one_stream(desk: Desk, workers: Any) -> None:
    hands = workers(desk)
    hands.start("--name", "one")
    until(connected(desk, 1))
    desk.script(ROME, said("It is sunny."))
    session = desk.session()
    events = desk.client.trigger(session).rest()
    assert "tool-request" not in [event.type for event in events]
    outputs = [event.data["output"] for event in events if event.type == "tool-output-available"]
    assert outputs == ["sunny in Rome"]
    check_answered(desk, session, hands)


def test_a_worker_killed_in_mid_call_gives_it_to_another(desk: Desk, workers: Any) -> None:
    hands = workers(desk)
    hands.close_gate()
    first = hands.start()
    until(connected(desk, 1))
    desk.script(ROME, said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    until(lambda: len(hands.rows("began")) == 1)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    hands.open_gate()
    hands.start()
    stream.rest()
    check_answered(desk, session, hands)
    began = hands.rows("began")
    assert [attempt for _, _, attempt in began] == [1, 2]
    assert len({call for call, _, _ in began}) == 1


def test_a_server_killed_with_calls_running_takes_their_answers(desk: Desk, workers: Any) -> None:
    hands = workers(desk)
    hands.close_gate()
    hands.start()
    until(connected(desk, 1))
    desk.script([*ROME, Call("get-weather", {"city": "Rome"})], said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    until(lambda: len(hands.rows("began")) == 2)
    desk.server.kill()
    stream.close()
    hands.open_gate()
    until(lambda: len(hands.rows("effects")) == 2)
    desk.server.start()
    check_answered(desk, session, hands)
    # The same processes, the same attempts: nothing began a second time.
    assert [attempt for _, _, attempt in hands.rows("began")] == [1, 1]


def test_two_workers_share_the_load(desk: Desk, workers: Any) -> None:
    hands = workers(desk)
    hands.close_gate()
    hands.start()
    hands.start()
    until(connected(desk, 2))
    desk.script([Call("get-weather", {"city": "Rome"}) for _ in range(8)], said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    until(lambda: len(hands.rows("began")) == 8)
    hands.open_gate()
    stream.rest()
    check_answered(desk, session, hands)
    by_process = [pid for _, pid, _ in hands.rows("began")]
    assert sorted(by_process.count(pid) for pid in set(by_process)) == [4, 4]


def test_a_worker_that_is_told_to_end_finishes_what_it_runs(desk: Desk, workers: Any) -> None:
    hands = workers(desk)
    hands.close_gate()
    process = hands.start()
    until(connected(desk, 1))
    desk.script(ROME, said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    until(lambda: len(hands.rows("began")) == 1)
    process.send_signal(signal.SIGTERM)
    hands.open_gate()
    assert process.wait(15) == 0
    until(connected(desk, 0))
    stream.rest()
    check_answered(desk, session, hands)
    assert [attempt for _, _, attempt in hands.rows("began")] == [1]
