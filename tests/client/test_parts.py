"""Tells how the small parts of the SDK behave: reading bytes, events, settings, refusals, what browsers get."""

import itertools
import subprocess
import sys
from typing import Any

import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from mainspring.client import AsyncClient, Client
from mainspring.client.configuration import Patience, configure
from mainspring.client.errors import ApiError, ConnectionFailed, NotFound, api_error
from mainspring.client.events import ToolOutputAvailable, UnknownEvent, UsageEvent, decode, encode
from mainspring.client.machine import Machine
from mainspring.client.onward import error_event
from mainspring.client.reading import Reading
from mainspring.client.sse import Arrived, EventReader
from mainspring.model.stream_events import (
    AttemptSuperseded,
    BlockEnd,
    BlockStart,
    Finish,
    TextDelta,
    TextStarted,
)
from mainspring.providers.scripted import Fail
from tests.client.callers import SyncCaller
from tests.client.office import Fault
from tests.client.play import Play, asks

STREAM = (
    b': heartbeat\n\nid: 7\ndata: {"a": 1}\n\nretry: 1000\n\nid: x\ndata:{"b":\ndata: 2}\n\ndata: [DONE]\n\n'
)
READ = [Arrived(7, b'{"a": 1}'), Arrived(None, b'{"b":\n2}')]


@given(some.lists(some.integers(0, len(STREAM) * 2), max_size=8), some.booleans())
def test_a_stream_reads_the_same_however_it_is_split(cuts: list[int], crlf: bool) -> None:
    stream = STREAM.replace(b"\n", b"\r\n") if crlf else STREAM
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    reader = EventReader()
    pieces = (stream[begin:end] for begin, end in itertools.pairwise(edges))
    assert [event for piece in pieces for event in reader.feed(piece)] == READ


def test_an_unfinished_event_never_was() -> None:
    assert EventReader().feed(b"id: 1\ndata: {}\n") == []


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"text-delta","id":"t","delta":"x"}',
        b'{"type":"tool-output-available","toolCallId":"c","output":null}',
        b'{"type":"usage","executionId":"e"}',
        b'{"type":"new-thing","a":[1]}',
        b'{"type":"finish","finishReason":"tired","executionId":"e"}',
    ],
)
def test_events_keep_what_they_are(data: bytes) -> None:
    assert encode(decode(data)) == data


def test_events_of_another_time() -> None:
    event = decode(b'{"type":"new-thing","a":[1]}')
    assert event == UnknownEvent(type="new-thing", data={"type": "new-thing", "a": [1]})
    assert decode(b'{"type":"usage","executionId":"e","later":1}') == UsageEvent(execution_id="e")
    assert decode(b"{}") == UnknownEvent(type="")
    with pytest.raises(msgspec.DecodeError):
        decode(b"[]")


def test_settings_come_from_arguments_then_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSPRING_URL", "https://agents.example.org/base/")
    monkeypatch.setenv("MAINSPRING_KEY", "from-the-environment")
    found = configure(None, None, None, None)
    assert (found.url, found.trust_env) == ("https://agents.example.org/base", True)
    assert found.headers["authorization"] == "Bearer from-the-environment"
    given = configure("http://[::1]:4747", "mine", Patience(silence=7), Machine())
    assert (given.url, given.trust_env, given.patience.stream.read) == ("http://[::1]:4747", False, 7)
    assert given.headers["authorization"] == "Bearer mine"
    monkeypatch.delenv("MAINSPRING_URL")
    monkeypatch.delenv("MAINSPRING_KEY")
    bare = configure(None, None, None, None)
    assert bare.url == "http://127.0.0.1:4747"
    assert "authorization" not in bare.headers
    for wrong in ("localhost:4747", "ftp://x", "http://"):
        with pytest.raises(ValueError, match="is not an address"):
            configure(wrong, None, None, None)


async def test_clients_close_what_they_opened() -> None:
    for client in (Client("http://127.0.0.1:1"), Client("http://127.0.0.1:1", http=httpx2.Client())):
        with client:
            pass
    async with AsyncClient("http://127.0.0.1:1"):
        pass
    own = httpx2.AsyncClient()
    async with AsyncClient("http://127.0.0.1:1", http=own):
        pass
    assert not own.is_closed
    await own.aclose()


async def test_the_machine() -> None:
    machine = Machine()
    assert machine.token() != machine.token()
    machine.sleep(0)
    await machine.sleep_async(0)


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, "validation_error", False),
        (404, "not_found_error", False),
        (409, "unknown_error", False),
        (429, "rate_limit_error", True),
        (500, "internal_error", True),
        (504, "provider_timeout", True),
    ],
)
def test_what_a_browser_is_told_of_a_refusal(status: int, kind: str, *, retryable: bool) -> None:
    event = error_event(api_error(status, b'{"error": "No.", "code": "C"}', retry_after=3))
    assert (event.error_type, event.retryable, event.code) == (kind, retryable, "C")
    assert (event.message, event.retry_after) == ("No.", 3)


def test_an_error_that_nobody_wrote() -> None:
    assert isinstance(api_error(404, b"<html>"), NotFound)
    assert type(api_error(418, b'{"error": 7}')) is ApiError
    assert error_event(ConnectionFailed("gone")).error_type == "internal_error"


def text(part: str, said: str, worker: str | None = None) -> list[Any]:
    return [TextStarted(id=part, worker_id=worker), TextDelta(id=part, delta=said, worker_id=worker)]


def block(**given: Any) -> BlockStart:
    return BlockStart(block_id="b", block_name="B", block_type="next-message", display="stream", **given)


def test_only_what_is_said_to_the_user_is_its_text() -> None:
    reading = Reading()
    side = [block(thread="summary"), *text("a", "side"), BlockEnd(block_id="b")]
    quiet = [block(output_to_chat=False), *text("q", "quiet"), BlockEnd(block_id="b")]
    nested = [
        block(worker_id="w", thread="x"),
        *text("w", "worker", "w"),
        BlockEnd(block_id="b", worker_id="w"),
    ]
    cut = [*text("c", "cut"), AttemptSuperseded(generation_id="g", attempt=1, parts=("c", "tool"))]
    end = [Finish(finish_reason="length", execution_id="e"), ToolOutputAvailable(tool_call_id="c", output=1)]
    for event in [*side, *quiet, block(), *nested, *cut, *text("m", "said"), *end]:
        reading.see(event)
    assert reading.outcome("e").text == "said"
    assert reading.outcome("e").finish_reason == "length"


def served(play: Play, turn: Any) -> list[bytes]:
    """A turn as a browser gets it."""
    if isinstance(play.caller, SyncCaller):
        return list(turn.sse())

    async def gathered() -> list[bytes]:
        return [piece async for piece in turn.sse()]

    return play.caller.runner.run(gathered())


def test_a_turn_is_served_onward(play: Play) -> None:
    play.script(["Hello"], asks(("ask-person", {"question": "?"})), [Fail(status=400, message="No.")])
    attached = play.sessions.attach(play.session())
    pieces = served(play, attached.send("Hi"))
    assert all(piece.startswith(b"data: ") and piece.endswith(b"\n\n") for piece in pieces)
    assert b'"text-delta"' in b"".join(pieces)
    assert pieces[-1] == b"data: [DONE]\n\n"
    asked = served(play, attached.send("Hi"))
    assert [b'"client-tool-request"' in asked[-3], b'"client-tool-calls"' in asked[-2]] == [True, True]
    failed = b"".join(served(play, attached.send("Hi")))
    assert failed.count(b'"type":"error"') == 1
    play.office.faults.append(Fault(status=500))
    refused = served(play, attached.send("Hi"))
    assert refused[0].startswith(b'data: {"type":"error","errorType":"internal_error"')
    assert len(refused) == 2


def test_the_sdk_needs_no_other_library() -> None:
    code = (
        "import sys, mainspring.client\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(roots & set(sys.argv[1:])))\n"
        "print(sorted(n for n in sys.modules if n.startswith('mainspring.') and n.count('.') == 1))"
    )
    others = ["aiohttp", "apsw", "click", "jwt", "opentelemetry", "rich", "starlette", "uvicorn", "yaml"]
    done = subprocess.run([sys.executable, "-c", code, *others], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n['mainspring.client', 'mainspring.model']\n"
