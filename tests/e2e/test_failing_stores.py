"""Owns the proof that a store that fails under a server loses nothing and is used again: full, held, cut off."""

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import apsw
import pytest

from tests.e2e.desk import Desk, finals, text_of
from tests.e2e.house import House
from tests.e2e.model_server import Rest, Say, said

if TYPE_CHECKING:
    from tests.postgres.server import PostgresServer

MEGABYTE = 1_000_000


@pytest.mark.parametrize("seconds", [3])
def test_a_store_that_another_holds_is_waited_for(house: House, seconds: int) -> None:
    house.script(said("It is noon."))
    session = house.session()
    release = hold(house)
    timer = threading.Timer(seconds, release)
    timer.start()
    began = time.monotonic()
    events = house.client.trigger(session).rest()
    timer.join()
    assert time.monotonic() - began > seconds - 0.5
    assert events[-1].data["finishReason"] == "stop"


@pytest.mark.timeout(120)
def test_a_store_that_another_holds_for_too_long_is_said_to_be_busy(house: House) -> None:
    session = house.session()
    release = hold(house)
    began = time.monotonic()
    try:
        body = {"triggerName": "user-message", "input": {"USER_MESSAGE": "Hello"}}
        refused = house.client.ask("POST", f"/api/agent-sessions/{session}/trigger", body)
    finally:
        release()
    assert refused.status == 503, refused
    assert time.monotonic() - began < 30
    house.script(said("It is noon."))
    assert house.client.trigger(session).rest()[-1].data["finishReason"] == "stop"
    assert text_of(house.client.messages(session), "user") == ["Hello"]


def hold(house: House) -> Any:
    """Holds the store as a backup would; what lets go."""
    if not str(house.server.database).startswith("postgresql"):
        other = apsw.Connection(str(house.server.database))
        other.set_busy_timeout(5000)
        other.execute("BEGIN IMMEDIATE")
        return other.close
    script = (
        "import asyncio, asyncpg, sys\n"
        "async def main():\n"
        "    c = await asyncpg.connect(sys.argv[1])\n"
        "    async with c.transaction():\n"
        "        await c.execute('LOCK TABLE mainspring.journal IN EXCLUSIVE MODE')\n"
        "        print('held', flush=True)\n"
        "        await asyncio.to_thread(sys.stdin.readline)\n"
        "asyncio.run(main())\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(house.server.database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return lambda: holder.communicate("\n", timeout=10)


def test_a_disk_that_is_full_is_told_and_lives_on(house: House, request: pytest.FixtureRequest) -> None:
    """No room to write: 503, reads go on, and it serves as soon as there is room, without a restart."""
    house.script(said("It is noon."))
    session = house.session()
    assert house.client.trigger(session).rest()[-1].type == "finish"
    pids = writers(house, request)
    body = {
        "triggerName": "user-message",
        "input": {"USER_MESSAGE": random.Random(1).randbytes(3 * MEGABYTE // 2).hex()},
    }
    statuses: list[int] = []
    try:
        limit_files(pids, str(room(house)))
        for _ in range(12):
            house.script([Say(("no.",))])
            connection, response = house.client.open("POST", f"/api/agent-sessions/{session}/trigger", body)
            statuses.append(response.status)
            response.read()
            response.close()
            connection.close()
            if response.status == 503:
                break
        assert statuses[-1] == 503, statuses
        assert house.servers[0].alive
        assert text_of(house.client.messages(session), "assistant")[0] == "It is noon."
    finally:
        limit_files(pids, "unlimited")
    house.models.scripts.clear()
    house.check_serves()
    questions = text_of(house.client.messages(session), "user")
    assert len(questions) == len(statuses), "the refused one is not half there"
    house.script(said("It is noon."))
    assert house.client.trigger(session).rest()[-1].data["finishReason"] == "stop"


def test_a_log_that_cannot_be_written_is_no_success(house: House, request: pytest.FixtureRequest) -> None:
    """The disk fails under the log: PostgreSQL gives up and recovers, SQLite rolls back; nothing is half there."""
    house.models.rule(house.model, lambda asked: [Say(("It is noon.",))])
    session = house.session()
    pids = writers(house, request)
    limit_files(pids, "4096")
    body = {"triggerName": "user-message", "input": {"USER_MESSAGE": "Hello"}}
    connection, response = house.client.open("POST", f"/api/agent-sessions/{session}/trigger", body)
    response.read()
    response.close()
    connection.close()
    limit_files([pid for pid in pids if Path(f"/proc/{pid}").exists()], "unlimited")
    house.servers[0].arm("")
    deadline = time.monotonic() + 10
    while (answer := house.client.ask("GET", f"/api/agent-sessions/{session}?format=ui")).status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if response.status == 200:
        finals(house, session)
        answer = house.client.ask("GET", f"/api/agent-sessions/{session}?format=ui")
        assert text_of(answer.body["messages"], "user") == ["Hello"]
    else:
        assert response.status == 503
        assert text_of(answer.body["messages"], "user") == []
    del house.models.rules[house.model]
    house.check_serves()


def limit_files(pids: list[int], most: str) -> None:
    """How large the files of processes may become, set as the user who runs them."""
    for pid in pids:
        owner = Path(f"/proc/{pid}").stat()
        stranger = owner.st_uid != os.geteuid()
        subprocess.run(
            ["prlimit", "--pid", str(pid), f"--fsize={most}:unlimited"],
            check=True,
            user=owner.st_uid if stranger else None,
            group=owner.st_gid if stranger else None,
            extra_groups=[] if stranger else None,
        )


def writers(house: House, request: pytest.FixtureRequest) -> list[int]:
    """The processes that write: the server itself, or its connections at PostgreSQL."""
    if not str(house.server.database).startswith("postgresql"):
        return [house.pid]
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = str(house.server.database).rpartition("/")[2]
    rows = asyncio.run(server.ask(f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}'"))
    return [cast(int, pid) for (pid,) in rows]


def room(house: House) -> int:
    """How large files may become: the log of SQLite as it is; with PostgreSQL the segments of its log have to fit."""
    if str(house.server.database).startswith("postgresql"):
        return 16 * 1024 * 1024
    return house.server.database.with_name("mainspring.db-wal").stat().st_size


def test_copies_taken_at_any_moment_open(desk: Desk) -> None:
    """As after a loss of power: the file and its log at some moment are a whole database with whole sessions."""
    desk.models.rule(
        desk.model, lambda asked: [Say(("It ",)), Rest(0.01), Say(("is ",)), Rest(0.01), Say(("noon.",))]
    )
    over = threading.Event()

    def talk() -> None:
        session = desk.session()
        while not over.is_set():
            desk.client.trigger(session).rest()

    talking = [threading.Thread(target=talk) for _ in range(3)]
    for thread in talking:
        thread.start()
    chance = random.Random(7)
    copies = desk.server.folder / "copies"
    copies.mkdir()
    log = desk.server.database.with_name("mainspring.db-wal")
    for number in range(12):
        time.sleep(chance.random() / 10)
        copy = copies / f"{number}.db"
        shutil.copyfile(desk.server.database, copy)
        shutil.copyfile(log, copy.with_name(f"{number}.db-wal"))
    over.set()
    for thread in talking:
        thread.join(20)
    for number in range(12):
        with closing(sqlite3.connect(copies / f"{number}.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    for number in (0, 11):
        told = desk.server.run("doctor", "--database", str(copies / f"{number}.db"))
        assert told.returncode == 0, told.stdout + told.stderr
