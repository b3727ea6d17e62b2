"""Owns the proof that servers work on PostgreSQL: migrated by a command, killed, two at once on one database."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.e2e.agents import CHAT
from tests.e2e.desk import Desk, calls_of, execution_of, finals, text_of
from tests.e2e.http_client import Client
from tests.e2e.model_server import Call, Gate, ModelServer, said
from tests.e2e.server_process import ServerProcess
from tests.postgres.server import PostgresServer


def server_on(address: str, folder: Path, models: ModelServer) -> ServerProcess:
    folder.mkdir(exist_ok=True)
    process = ServerProcess(folder, models.base_url)
    process.database = cast(Path, address)  # it is only written on command lines
    return process


@pytest.fixture
def servers(postgres: str, tmp_path: Path, models: ModelServer) -> Iterator[list[ServerProcess]]:
    """Two servers on one database, not started yet."""
    both = [server_on(postgres, tmp_path / name, models) for name in ("one", "two")]
    yield both
    for process in both:
        if process.process is not None:
            process.kill()


@pytest.fixture
def pair(servers: list[ServerProcess], models: ModelServer) -> tuple[Desk, Client]:
    """A desk at the first server, and a client with the same key at the second."""
    desk = Desk.open(servers[0], models, CHAT)
    return desk, Client(servers[1].start().url, desk.client.key)


def test_a_server_asks_for_the_migration(
    bare_postgres: str, postgres_server: PostgresServer, tmp_path: Path, models: ModelServer
) -> None:
    address = bare_postgres.replace("mainspring@", "mainspring:hunter2@")
    server = server_on(address, tmp_path, models)
    refused = server.run("serve", "--database", address, "--port", "0")
    assert refused.returncode == 1
    assert "mainspring migrate" in refused.stderr
    shown = server.run("migrate", "--dry-run", "--database", address)
    assert "CREATE TABLE mainspring.journal" in shown.stdout
    assert server.run("migrate", "status", "--database", address).returncode == 1
    done = server.run("migrate", "--database", address)
    assert done.returncode == 0, done.stderr
    assert "nothing is missing" in done.stdout
    again = server.run("migrate", "status", "--database", address)
    assert again.returncode == 0
    desk = Desk.open(server, models, CHAT)
    desk.script(said("Hello there."))
    session = desk.session()
    assert desk.client.trigger(session).rest()[-1].data["finishReason"] == "stop"
    assert server.stop() == 0
    told = "".join(each.stdout + each.stderr for each in (refused, shown, done, again)) + server.log()
    assert "hunter2" not in told


def test_a_killed_server_goes_on(servers: list[ServerProcess], models: ModelServer) -> None:
    desk = Desk.open(servers[0], models, CHAT)
    desk.script([Call("get-weather", {"city": "Rome"})], said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.rest()
    (call,) = calls_of(stream)
    desk.crash()
    result = {"toolCallId": call["toolCallId"], "toolName": call["toolName"], "result": "sunny"}
    answer = desk.client.resume(session, execution_of(stream), [result])
    assert answer.rest()[-1].data["finishReason"] == "stop"
    assert text_of(desk.client.messages(session), "user") == ["Hello"]
    assert len(desk.asked()) == 2


def test_a_tool_result_may_come_to_the_other_server(pair: tuple[Desk, Client]) -> None:
    desk, other = pair
    desk.script([Call("get-weather", {"city": "Rome"})], said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.rest()
    (call,) = calls_of(stream)
    result = {"toolCallId": call["toolCallId"], "toolName": call["toolName"], "result": "sunny"}
    answer = other.resume(session, execution_of(stream), [result])
    assert answer.rest()[-1].data["finishReason"] == "stop"
    assert finals(desk, session)[-1]["type"] == "finish"
    assert text_of(other.messages(session), "user") == ["Hello"]
    assert len(desk.asked()) == 2


def test_the_other_server_finishes_what_a_killed_one_began(
    pair: tuple[Desk, Client], servers: list[ServerProcess]
) -> None:
    desk, other = pair
    gate = Gate()
    desk.script([*said("It is "), gate, *said("late.")], said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    gate.wait()
    servers[0].kill()
    stream.close()
    began = time.monotonic()
    desk.client = other
    events = finals(desk, session)
    assert events[-1]["type"] == "finish"
    assert time.monotonic() - began < 8
    cursors = [event["cursor"] for event in events]
    assert cursors == sorted(set(cursors))
    messages = other.messages(session)
    assert text_of(messages, "user") == ["Hello"]
    assert text_of(messages, "assistant") == ["It is sunny."]
    assert len(desk.asked()) == 2


@pytest.mark.timeout(120)
def test_a_server_that_stood_still_can_do_no_harm(
    pair: tuple[Desk, Client], servers: list[ServerProcess]
) -> None:
    desk, other = pair
    gate = Gate()
    desk.script([*said("It is "), gate, *said("late.")], said("It is sunny."))
    session = desk.session()
    stream = desk.client.trigger(session)
    gate.wait()
    frozen = servers[0].process
    assert frozen is not None
    frozen.send_signal(signal.SIGSTOP)
    first, desk.client = desk.client, other
    before = finals(desk, session)
    frozen.send_signal(signal.SIGCONT)
    gate.opened.set()
    stream.close()
    desk.client = first
    assert finals(desk, session) == before
    messages = first.messages(session)
    assert text_of(messages, "user") == ["Hello"]
    assert text_of(messages, "assistant") == ["It is sunny."]
    desk.script(said("Still here."))
    assert first.trigger(session).rest()[-1].data["finishReason"] == "stop"
    assert finals(desk, session, 2)[: len(before)] == before
