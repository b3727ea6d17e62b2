"""Streams as such: heartbeats, slow readers, lost keys, limits, shutdown, failures in the middle."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable

import pytest

from mainspring.model.errors import StoreError
from mainspring.model.rows import FACT, Row
from mainspring.runtime.requests import Batch, Principal
from mainspring.server.options import ServerOptions
from mainspring.server.request import NOBODY, Request
from mainspring.server.seats import Seats
from mainspring.server.sse import ABORT, HEARTBEAT, PORTION, EventStream, portions
from mainspring.testing.clock import ManualClock, settle
from tests.server.asgi import Client, Exchange
from tests.server.desk import Desk, trigger, until
from tests.server.test_legs import Model, ask_weather, results

OPTIONS = ServerOptions()


async def anybody(_secret: str) -> Principal:
    return NOBODY


class Lines:
    """A writer of one line a row, done with the row that says so."""

    def __init__(self) -> None:
        self.done = False

    def open(self) -> bytes:
        return b"open\n"

    def feed(self, rows: Iterable[Row], /) -> bytes:
        data = b"".join(row.data + b"\n" for row in rows)
        self.done = data.endswith(b"end\n")
        return data


class Journal:
    """Batches that a test hands over one by one; counts how many were taken."""

    def __init__(self) -> None:
        self.taken = 0
        self.closed = False
        self._waiting: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()

    def add(self, *items: bytes | Exception | None) -> None:
        """Data of rows; an exception: it is raised; None: the journal ends."""
        for item in items:
            self._waiting.put_nowait(item)

    async def follow(self) -> AsyncIterator[Batch]:
        try:
            while (item := await self._waiting.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                self.taken += 1
                yield Batch(rows=(Row(self.taken, self.taken, FACT, item, 0.0),))
        finally:
            self.closed = True


class Reading:
    """A stream under way over a journal of the test's own."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.journal = Journal()
        self.exchange = Exchange([])
        self.given_up = 0
        self.aborted = False
        self.seats = Seats(self.clock, anybody, OPTIONS)
        self.task: asyncio.Future[None] = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        seat = self.seats.reserve("key", "secret")
        stream = EventStream(
            writer=Lines(),
            batches=self.journal.follow(),
            seat=seat,
            farewell=b"farewell\n",
            left=self._give_up,
        )
        scope = {"type": "http", "extensions": {ABORT: self._abort}}
        request = Request(scope, self.exchange.receive, OPTIONS)
        try:
            await stream.send(request, self.exchange.send, ((b"x-more", b"1"),))
        finally:
            self.seats.release(seat)

    async def _give_up(self) -> None:
        self.given_up += 1

    def _abort(self) -> None:
        self.aborted = True
        self.exchange.leave()


@pytest.fixture
async def reading() -> AsyncIterator[Reading]:
    opened = Reading()
    await settle()
    yield opened
    opened.task.cancel()
    await asyncio.gather(opened.task, return_exceptions=True)
    assert opened.journal.closed
    assert len(opened.seats) == 0


async def test_a_stream_from_start_to_end(reading: Reading) -> None:
    assert (reading.exchange.status, reading.exchange.body) == (200, b"open\n")
    assert reading.exchange.headers["x-more"] == "1"
    reading.journal.add(b"a", b"end", b"never")
    await reading.task
    assert reading.exchange.sends == [b"open\n", b"a\n", b"end\n"]
    assert (reading.exchange.complete, reading.given_up, reading.journal.taken) == (True, 0, 2)


async def test_a_silent_stream_beats_every_15_seconds(reading: Reading) -> None:
    for beats in (1, 2, 3):
        await reading.clock.advance(14)
        assert reading.exchange.sends.count(HEARTBEAT) == beats - 1
        await reading.clock.advance(1)
        assert reading.exchange.sends.count(HEARTBEAT) == beats
    await reading.clock.advance(10)
    reading.journal.add(b"a")
    await settle()
    await reading.clock.advance(14)
    assert reading.exchange.sends == [b"open\n", *[HEARTBEAT] * 3, b"a\n"]


async def test_a_slow_reader_takes_one_batch_at_a_time(reading: Reading) -> None:
    reading.exchange.gate.clear()
    reading.journal.add(*[b"a"] * 50)
    await settle()
    assert reading.journal.taken == 1
    await reading.clock.advance(59)
    reading.exchange.gate.set()
    await settle()
    assert reading.journal.taken == 50
    assert reading.exchange.body == b"open\n" + b"a\n" * 50


def test_a_large_batch_is_sent_in_portions() -> None:
    sizes = [10, PORTION - 10, 5, 3 * PORTION, 7]
    rows = tuple(Row(n, n, FACT, b"x" * size, 0.0) for n, size in enumerate(sizes, 1))
    assert [[row.first for row in piece] for piece in portions(rows)] == [[1, 2], [3, 4], [5]]
    assert list(portions(rows[:2])) == [rows[:2]]
    assert list(portions(())) == []


async def test_a_reader_that_takes_nothing_is_cut_off(reading: Reading) -> None:
    reading.exchange.gate.clear()
    reading.journal.add(b"a", b"b")
    await settle()
    await reading.clock.advance(61)
    await reading.task
    assert (reading.aborted, reading.given_up, reading.journal.taken) == (True, 1, 1)
    assert reading.exchange.sends == [b"open\n"]


async def test_a_reader_that_does_not_even_take_the_heartbeat_is_cut_off(reading: Reading) -> None:
    reading.exchange.gate.clear()
    await reading.clock.advance(15)
    reading.journal.add(b"a")
    await reading.clock.advance(61)
    await reading.task
    assert (reading.aborted, reading.exchange.sends) == (True, [b"open\n"])


async def test_without_the_means_to_abort_the_stream_just_ends() -> None:
    clock = ManualClock()
    seats = Seats(clock, anybody, OPTIONS)
    exchange, journal = Exchange([]), Journal()
    stream = EventStream(writer=Lines(), batches=journal.follow(), seat=seats.reserve("k", "s"))
    request = Request({"type": "http"}, exchange.receive, OPTIONS)
    task = asyncio.ensure_future(stream.send(request, exchange.send, ()))
    await settle()
    exchange.gate.clear()
    journal.add(b"a")
    await clock.advance(61)
    await task
    seats.release(stream.seat)
    assert not exchange.complete


async def test_a_reader_that_leaves(reading: Reading) -> None:
    reading.exchange.leave()
    await reading.task
    assert (reading.given_up, reading.exchange.complete) == (1, False)


async def test_a_failure_in_the_middle_is_told_and_logged(
    reading: Reading, caplog: pytest.LogCaptureFixture
) -> None:
    reading.journal.add(b"a", StoreError("gone"))
    await reading.task
    assert reading.exchange.sends == [b"open\n", b"a\n", b"farewell\n"]
    assert (reading.exchange.complete, reading.given_up) == (True, 0)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_a_journal_that_ends_is_told_too(reading: Reading) -> None:
    reading.journal.add(None)
    await reading.task
    assert reading.exchange.sends[-1] == b"farewell\n"


async def test_a_timeout_of_the_journal_is_a_failure(
    reading: Reading, caplog: pytest.LogCaptureFixture
) -> None:
    reading.journal.add(TimeoutError("slow"))
    await reading.task
    assert (reading.exchange.sends[-1], len(caplog.records)) == (b"farewell\n", 1)


async def test_whoever_cancels_the_request_stops_nothing(reading: Reading) -> None:
    reading.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading.task
    assert (reading.given_up, reading.exchange.complete) == (0, False)


async def test_a_goodbye_that_is_not_taken_is_no_failure(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainspring.server.sse.GOODBYE", 0)
    reading.exchange.gate.clear()
    reading.journal.add(None)
    await reading.task
    assert not reading.exchange.complete


async def test_a_shutdown_lets_streams_end_and_tells_the_rest(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    quick, slow = await desk.session(), await desk.session()
    async with (
        desk.client.open("GET", f"/api/agent-sessions/{quick}/events") as watching,
        desk.client.open("POST", f"/api/agent-sessions/{quick}/trigger", trigger()) as first,
    ):
        await first.until("One ")
        draining = asyncio.ensure_future(desk.app.drain(10))
        await until(lambda: desk.app.seats.draining)
        refused = await desk.say(slow)
        assert (refused.status, refused.json["code"]) == (503, "UNAVAILABLE")
        assert int(refused.headers["retry-after"]) >= 1
        await desk.clock.advance(9)
        assert not first.complete
        await desk.clock.advance(1)
    await draining
    assert first.events[-1]["type"] == "error"
    assert (first.events[-1]["retryable"], first.events[-1]["code"]) == (True, "STREAM_ENDED")
    assert first.body.endswith(b"data: [DONE]\n\n")
    assert watching.complete
    assert watching.types == first.types[:-1]
    assert model.cut == 0


async def test_a_shutdown_without_streams_is_over_at_once(desk: Desk) -> None:
    await desk.app.drain(60)
    assert desk.clock.monotonic() == 0


async def test_streams_are_counted(desk: Desk) -> None:
    desk.use(ServerOptions(max_streams=4, max_streams_per_key=3))
    session = await desk.session()
    events = f"/api/agent-sessions/{session}/events"
    other = Client(desk.app, await desk.key("sessions"))
    async with (
        desk.client.open("GET", events) as one,
        desk.client.open("GET", events) as two,
        desk.client.open("GET", events) as three,
    ):
        await until(lambda: len(desk.app.seats) == 3)
        refused = await desk.client.get(events)
        assert (refused.status, refused.json["code"]) == (503, "UNAVAILABLE")
        async with other.open("GET", events) as four:
            await until(lambda: len(desk.app.seats) == 4)
            assert (await other.get(events)).status == 503
            assert (await desk.client.get("/api/agents")).status == 200
            for reader in (one, two, three, four):
                reader.leave()
    assert len(desk.app.seats) == 0
    assert (await desk.client.get(f"{events}?follow=false")).status == 200


async def test_refused_work_has_not_begun_and_open_work_goes_on(desk: Desk) -> None:
    desk.models.script = ask_weather
    desk.use(ServerOptions(max_streams=4))
    session, watched = await desk.session(), await desk.session()
    first = await desk.say(session)
    path = f"/api/agent-sessions/{session}"
    readers = [desk.client.open("GET", f"/api/agent-sessions/{watched}/events") for _ in range(4)]
    opened = [await reader.__aenter__() for reader in readers]
    await until(lambda: len(desk.app.seats) == 4)
    assert (await desk.say(watched)).status == 503
    assert (await desk.client.post(f"{path}/trigger", results(first))).types[-1] == "finish"
    for reader, exchange in zip(readers, opened, strict=True):
        exchange.leave()
        await reader.__aexit__(None, None, None)
    export = (await desk.client.get(f"/api/agent-sessions/{watched}/export")).json
    assert [event["event"]["type"] for event in export["events"]] == ["session-created"]


async def test_a_revoked_key_loses_its_streams(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    session = await desk.session()
    secret, record = await desk.mainspring.keys.create("first", name="x", scopes=("sessions",))
    events = f"/api/agent-sessions/{session}/events"
    async with (
        desk.client.open("GET", events) as kept,
        Client(desk.app, secret).open("GET", events) as lost,
    ):
        await until(lambda: len(desk.app.seats) == 2)
        await desk.mainspring.keys.revoke("first", record.id)
        await desk.clock.advance(5)
        await until(lambda: lost.complete)
        assert not kept.complete
        kept.leave()
    assert not caplog.records


async def test_a_key_store_that_does_not_answer_ends_no_stream(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = await desk.session()

    async def verify(secret: str) -> None:
        raise StoreError("gone")

    async with desk.client.open("GET", f"/api/agent-sessions/{session}/events") as reader:
        await until(lambda: len(desk.app.seats) == 1)
        monkeypatch.setattr(desk.app.seats, "_verify", verify)
        await desk.clock.advance(60)
        assert not reader.complete
        assert reader.body.count(HEARTBEAT) == 4
        reader.leave()
    assert "gone" in caplog.text


async def test_a_stop_that_fails_is_logged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk.models.script = Model()
    session = await desk.session()

    async def stop(*_: object, **__: object) -> None:
        raise StoreError("gone")

    monkeypatch.setattr(desk.mainspring.sessions, "stop", stop)
    async with desk.client.open("POST", f"/api/agent-sessions/{session}/trigger", trigger()) as leg:
        await leg.until("One ")
        leg.leave()
    assert "was not stopped" in caplog.text
