"""Owns the proof that a server at its limits refuses, and lives: disk, locks, descriptors, memory, readers.

On both stores. The limits are those of the operating system, set on the running process.
"""

import asyncio
import contextlib
import http.client
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import apsw
import pytest

from tests.e2e.desk import calls_of, execution_of, finals, text_of
from tests.e2e.house import House, Kind, house_of
from tests.e2e.http_client import Answer
from tests.e2e.model_server import Call, Gate, Rest, Say, said

if TYPE_CHECKING:
    from tests.postgres.server import PostgresServer

ROME = [Call("get-time", {"zone": "CET"})]
MEGABYTE = 1_000_000
BODY = 10 * MEGABYTE
"""The default limit of a body."""


@pytest.fixture(scope="module", params=["sqlite-restart", "postgres-restart"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house on each store."""
    kind = cast(Kind, request.param)
    server: PostgresServer | None = None
    if kind != "sqlite-restart":
        server = request.getfixturevalue("postgres_server")
    with house_of(kind, tmp_path_factory.mktemp(kind), server) as house:
        yield house


@pytest.fixture
def house(shared: House) -> House:
    """The house, with a server that lives and a model that has nothing to say yet."""
    shared.mend()
    shared.models.scripts.clear()
    return shared


def pid_of(house: House) -> int:
    """The server's process."""
    assert house.server.process is not None
    return house.server.process.pid


def memory_of(house: House) -> int:
    """The server's resident memory in bytes."""
    with Path(f"/proc/{pid_of(house)}/status").open() as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def check_serves(house: House) -> None:
    """A new session has a turn."""
    house.script(said("Here I am."))
    assert house.client.trigger(house.session()).rest()[-1].data["finishReason"] == "stop"


def waiting(house: House) -> tuple[str, str, dict[str, Any]]:
    """A session that waits for one result: its id, the execution, the call."""
    house.script(ROME, said("It is noon."))
    session = house.session()
    stream = house.client.trigger(session)
    stream.rest()
    (call,) = calls_of(stream)
    return session, execution_of(stream), call


def result(call: dict[str, Any], value: Any) -> dict[str, Any]:
    """A result as the SDK sends it."""
    return {"toolCallId": call["toolCallId"], "toolName": call["toolName"], "result": value}


def send(house: House, session: str, pieces: Iterator[bytes]) -> Answer:
    """Posts a body in chunks, as long as the server takes them."""
    connection = http.client.HTTPConnection(house.client.url.removeprefix("http://"), timeout=20)
    connection.putrequest("POST", f"/api/agent-sessions/{session}/trigger")
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    for name, value in {**headers, "Authorization": f"Bearer {house.client.key}"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    try:
        for piece in pieces:
            connection.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        connection.send(b"0\r\n\r\n")
    except OSError:
        pass  # it has heard enough
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return Answer(response.status, {}, json.loads(data))


def huge(head: bytes, size: int) -> Iterator[bytes]:
    """A result of that size, in pieces."""
    yield head
    for _ in range(size // MEGABYTE):
        yield b"x" * MEGABYTE
    yield b'"}]}'


def head_of(execution: str, call: dict[str, Any]) -> bytes:
    """How the body of a result begins, up to the text of the result."""
    return (
        f'{{"executionId": "{execution}", "toolResults": [{{"toolCallId": "{call["toolCallId"]}",'
        f' "toolName": "{call["toolName"]}", "result": "'
    ).encode()


def test_a_result_of_fifty_megabytes_is_refused_unread(house: House) -> None:
    session, execution, call = waiting(house)
    before = memory_of(house)
    answer = send(house, session, huge(head_of(execution, call), 50 * MEGABYTE))
    assert answer.status == 413
    assert "10000000" in json.dumps(answer.body).replace(",", "").replace("_", "") or "MB" in str(answer.body)
    assert memory_of(house) - before < 2 * BODY
    assert (
        house.client.resume(session, execution, [result(call, "noon")]).rest()[-1].data["finishReason"]
        == "stop"
    )


STRANGE = [
    (b"null", None),
    (b'"a\\u0000b"', "a\x00b"),
    (b'{"\\u0000": ["\\u0000"]}', {"\x00": ["\x00"]}),
    (b"1e308", 1e308),
    (b"12345678901234567890123", 12345678901234567890123.0),  # as JavaScript has it
    (b'"a\\ud800b"', "a\ufffdb"),  # what no text can hold
    (b'"\\ud83d\\ude00"', "\U0001f600"),
    (b"[[[[[[]]]]]]", [[[[[[]]]]]]),
]
REFUSED = [
    b"NaN",
    b"Infinity",
    b'{"a": 1, "a": 2}',
    b"{",
    b'"\xff\xfe"',
    b"[" * 500 + b"]" * 500,
]


def raw(house: House, session: str, execution: str, call: dict[str, Any], value: bytes) -> Answer:
    """Posts a result whose JSON is these bytes; of a stream only the status."""
    body = head_of(execution, call)[:-1] + value + b"}]}"
    connection = http.client.HTTPConnection(house.client.url.removeprefix("http://"), timeout=20)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {house.client.key}"}
    connection.request("POST", f"/api/agent-sessions/{session}/trigger", body, headers)
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return Answer(response.status, {}, data)


@pytest.mark.parametrize(("written", "meant"), STRANGE)
def test_strange_json_is_read_back_as_it_is(house: House, written: bytes, meant: Any) -> None:
    session, execution, call = waiting(house)
    assert raw(house, session, execution, call, written).status == 200
    stored = [
        part["result"]
        for message in house.client.messages(session)
        for part in message["parts"]
        if part["type"] == "tool-call"
    ]
    assert stored == [meant]


@pytest.mark.parametrize("written", REFUSED)
def test_what_is_no_json_is_refused_and_the_call_stays_open(house: House, written: bytes) -> None:
    session, execution, call = waiting(house)
    assert raw(house, session, execution, call, written).status == 400
    assert raw(house, session, execution, call, b'"noon"').status == 200
    assert text_of(house.client.messages(session), "assistant") == ["It is noon."]


def test_no_descriptors_are_left(house: House) -> None:
    """Like `ulimit -n`: connections beyond it wait or are refused; when some are free it serves again."""
    pid = pid_of(house)
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    held: list[socket.socket] = []
    port = house.server.port
    try:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (60, before[1]))
        for _ in range(120):
            sock = socket.create_connection(("127.0.0.1", port), 5)
            sock.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n")  # and no end: it stays open
            held.append(sock)
        time.sleep(0.5)
        assert house.servers[0].alive
    finally:
        for sock in held:
            sock.close()
    check_serves(house)  # the limit is still there
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def test_memory_runs_out(house: House) -> None:
    """Like `ulimit -v`, under large bodies: what is too much fails, the server does not."""
    pid = pid_of(house)
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    with Path(f"/proc/{pid}/statm").open() as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    session, execution, call = waiting(house)
    resource.prlimit(pid, resource.RLIMIT_AS, (now + 40 * MEGABYTE, before[1]))
    body = head_of(execution, call) + b"x" * (BODY - 1000) + b'"}]}'

    def push() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):  # refused or cut
            send(house, session, iter([body]))

    pushing = [threading.Thread(target=push) for _ in range(8)]
    for thread in pushing:
        thread.start()
    for thread in pushing:
        thread.join(40)
    assert house.servers[0].alive
    resource.prlimit(pid, resource.RLIMIT_AS, before)
    check_serves(house)


def test_a_reader_that_takes_nothing_costs_little_and_slows_nobody(house: House) -> None:
    house.script([Say(tuple("x" * 5000 for _ in range(2000)))])  # ten megabytes
    session = house.session()
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", house.server.port))
    slow.sendall(
        f"GET /api/agent-sessions/{session}/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {house.client.key}\r\n\r\n".encode()
    )
    before = memory_of(house)
    stream = house.client.trigger(session)
    times: list[float] = []

    def others() -> None:
        for _ in range(20):
            began = time.monotonic()
            assert house.client.ask("GET", "/api/agents").status == 200
            times.append(time.monotonic() - began)

    asking = threading.Thread(target=others)
    asking.start()
    whole = "".join(event.data["delta"] for event in stream.rest() if event.type == "text-delta")
    asking.join(30)
    slow.close()
    assert len(whole) == 10 * MEGABYTE
    assert memory_of(house) - before < 80 * MEGABYTE
    assert sorted(times)[18] < 2.0


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
    check_serves(house)
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
    check_serves(house)


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
        return [pid_of(house)]
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = str(house.server.database).rpartition("/")[2]
    rows = asyncio.run(server.ask(f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}'"))
    return [cast(int, pid) for (pid,) in rows]


def room(house: House) -> int:
    """How large files may become: the log of SQLite as it is; with PostgreSQL the segments of its log have to fit."""
    if str(house.server.database).startswith("postgresql"):
        return 16 * 1024 * 1024
    return house.server.database.with_name("mainspring.db-wal").stat().st_size


def test_fifty_streams_end_when_the_server_is_deployed(house: House) -> None:
    """SIGTERM: each stream ends with a word that says so, in time; what they asked is answered by who comes next."""
    first = house.server
    first.stop()
    first.environment["MAINSPRING_GRACEFUL_TIMEOUT"] = "1"
    first.start()
    gates = [Gate() for _ in range(50)]
    house.script(*([Say(("Half, ",)), gate] for gate in gates))
    sessions = [house.session() for _ in gates]
    streams = [house.client.trigger(session) for session in sessions]
    for gate in gates:
        gate.wait()
    began = time.monotonic()
    assert first.process is not None
    first.process.send_signal(signal.SIGTERM)
    ends = [stream.rest()[-1] for stream in streams]
    assert first.process.wait(10) == 0
    assert time.monotonic() - began < 1 + 2
    first.kill()
    assert {end.type for end in ends} <= {"finish", "error"}
    assert all(end.data.get("retryable", True) for end in ends)
    assert not any(stream.broken for stream in streams)
    del first.environment["MAINSPRING_GRACEFUL_TIMEOUT"]
    house.models.rule(house.model, lambda asked: [Say(("Whole.",)), Rest(0)])
    first.start()
    for session in sessions:
        assert finals(house, session)[-1]["type"] in {"finish", "error"}
        assert text_of(house.client.messages(session), "user") == ["Hello"]
    del house.models.rules[house.model]
