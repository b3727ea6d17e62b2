"""Owns the proof that a server at its limits refuses, and lives: bodies, descriptors, memory, readers.

The limits are those of the operating system, set on the running process.
"""

import contextlib
import http.client
import json
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.desk import calls_of, execution_of, finals, text_of
from tests.e2e.house import House
from tests.e2e.http_client import Answer
from tests.e2e.model_server import Call, Gate, Rest, Say, said
from tests.e2e.tool_worker import until

ROME = [Call("get-time", {"zone": "CET"})]
MEGABYTE = 1_000_000
BODY = 10 * MEGABYTE
"""The default limit of a body."""


def memory_of(house: House) -> int:
    """The server's resident memory in bytes."""
    with Path(f"/proc/{house.pid}/status").open() as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


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


def reached(house: House) -> bool:
    """Whether the server takes a connection."""
    try:
        return house.client.ask("GET", "/health").status == 200
    except OSError:
        return False


def test_no_descriptors_are_left(house: House) -> None:
    """Like `ulimit -n`: connections beyond it wait or are refused; when some are free it serves again."""
    pid = house.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    held: list[socket.socket] = []
    port = house.server.port
    try:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (60, before[1]))
        for _ in range(120):
            with contextlib.suppress(OSError):  # refused
                held.append(socket.create_connection(("127.0.0.1", port), 5))
                held[-1].sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n")  # no end: it stays open
        time.sleep(0.5)
        assert house.servers[0].alive
    finally:
        for sock in held:
            sock.close()
    until(lambda: reached(house))
    house.check_serves()  # the limit is still there
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def test_many_large_bodies_at_once_take_bounded_memory(house: House) -> None:
    """Eight bodies of the largest size beside each other; whoever sends more is told, and memory comes back."""
    session, execution, call = waiting(house)
    before = memory_of(house)
    body = head_of(execution, call) + b"x" * (BODY - 1000) + b'"}], "wrong": '
    statuses: list[int] = []
    pushing = [
        threading.Thread(target=lambda: statuses.append(send(house, session, iter([body])).status))
        for _ in range(8)
    ]
    for thread in pushing:
        thread.start()
    most = before
    while any(thread.is_alive() for thread in pushing):
        most = max(most, memory_of(house))
        time.sleep(0.01)
    assert statuses == [400] * 8
    assert most - before < 8 * BODY * 3
    house.check_serves()


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
