"""Several hosts on one store, step by step: who drives, who answers, who reads on; and the time things end by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from mainspring.assembly import Mainspring, assemble
from mainspring.model.errors import Conflict, NotFound, SessionBusy, StaleWriter, StoreError, Unavailable
from mainspring.model.events import decode_event
from mainspring.model.facts import Resumed
from mainspring.model.generation import ModelRequest
from mainspring.model.rows import DELTAS, FACT, Row
from mainspring.model.signals import ToolResult
from mainspring.providers.script import Call, Pause, Say
from mainspring.runtime.commands import KINDS, Commands, Refused, Stop, _error
from mainspring.runtime.dispatch import HostRecord, Letter
from mainspring.runtime.requests import ContinueRequest, TriggerRequest
from mainspring.runtime.steady_time import SteadyTime
from mainspring.runtime.streams import Stream
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock
from tests.runtime.desk import PROJECT, Desk

LEASE = 10.0


def slowly(request: ModelRequest) -> Any:
    return [Say("One "), Pause(8000), Say("two.")]


class Pair(Desk):
    """A desk whose store another host shares: `other`."""

    def __init__(self, script: Any = slowly) -> None:
        super().__init__(script)
        self.store = SqliteStore(":memory:", clock=self.clock, lease=LEASE)
        self.world = replace(self.world, store=self.store, host_id="a")
        self.app = assemble(self.settings, self.world)
        self.other: Mainspring = assemble(self.settings, replace(self.world, host_id="b"))

    async def __aenter__(self) -> Pair:
        await super().__aenter__()
        await self.other.attendant.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.other.sweeper.stop()
        await self.other.hosts.close()
        await self.other.attendant.stop()
        await super().__aexit__()

    async def runs(self) -> str:
        """An execution that `a` runs, in the middle of its text."""
        leg = await self.trigger()
        while self.host.stream.cursor < self.host.journal.cursor or b"One " not in await self.said():
            await self.clock.advance(0.1)
        return leg.execution_id

    async def said(self) -> bytes:
        return b"".join(row.data for row in await self.store.read(self.session_id, 0, 1000))

    async def passes(self, seconds: float) -> None:
        """Lets time pass, and the writer's thread keep up with it."""
        for _ in range(round(seconds / 0.1)):
            await self.clock.advance(0.1)
            await SqliteStore.ping(self.store)

    async def work(self, work: Any) -> Any:
        """What comes of something while time passes."""
        task = asyncio.ensure_future(work)
        for _ in range(200):
            if task.done():
                break
            await self.passes(0.1)
        return await task


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with Pair() as desk:
        yield desk


async def test_looking_takes_nothing(pair: Pair) -> None:
    await pair.runs()
    state = await pair.other.sessions.state(PROJECT, pair.session_id)
    assert state.execution is not None
    assert pair.other.hosts.live(pair.session_id) is None
    assert not pair.host.failed
    assert (await pair.app.sessions.state(PROJECT, pair.session_id)) is pair.host.state


async def test_a_stop_reaches_the_host_that_runs(pair: Pair) -> None:
    execution = await pair.runs()
    assert not await pair.work(pair.other.sessions.stop(PROJECT, pair.session_id, execution_id="exe_none"))
    assert await pair.work(pair.other.sessions.stop(PROJECT, pair.session_id))
    assert pair.host.state.last_execution_id == execution
    assert pair.host.state.last_outcome == "stopped"
    assert not await pair.other.sessions.stop(PROJECT, pair.session_id)


async def test_a_refusal_comes_back_as_it_was(pair: Pair) -> None:
    await pair.runs()
    results = (ToolResult(tool_call_id="call_none", result=1),)
    with pytest.raises(NotFound, match="there is no execution"):
        await pair.work(
            pair.other.sessions.resume_with(
                PROJECT, pair.session_id, ContinueRequest(execution_id="exe_none", results=results)
            )
        )


async def test_a_trigger_waits_for_the_other_host() -> None:
    async with Pair(lambda request: [Say("One "), Pause(1000), Say("two.")]) as pair:
        await triggered_after(pair)


async def triggered_after(pair: Pair) -> None:
    execution = await pair.runs()
    again = pair.other.sessions.trigger(PROJECT, pair.session_id, TriggerRequest(input={"USER_MESSAGE": "x"}))
    leg = await pair.work(again)
    assert leg.execution_id != execution
    assert pair.other.hosts.live(pair.session_id) is not None


async def test_a_trigger_does_not_wait_for_ever() -> None:
    async with Pair(lambda request: [Say("One "), Pause(60_000)]) as pair:
        await pair.runs()
        again = pair.other.sessions.trigger(
            PROJECT, pair.session_id, TriggerRequest(input={"USER_MESSAGE": "x"})
        )
        with pytest.raises(SessionBusy):
            await pair.work(again)


async def test_a_key_finds_what_runs_elsewhere() -> None:
    async with Pair(lambda request: [Say("One "), Pause(60_000)]) as pair:
        request = TriggerRequest(input={"USER_MESSAGE": "x"}, key="k")
        leg = await pair.app.sessions.trigger(PROJECT, pair.session_id, request)
        assert await pair.work(pair.other.sessions.trigger(PROJECT, pair.session_id, request)) == leg


async def test_what_waits_goes_on_at_whoever_has_the_result() -> None:
    def tools(request: ModelRequest) -> Any:
        return "Done." if request.messages[-1].role == "tool" else [Call("look", {})]

    async with Pair(tools) as pair:
        leg = await pair.trigger()
        await pair.settle()
        stale = pair.host
        results = (ToolResult(tool_call_id=pair.open_calls()[0], result="fine"),)
        request = ContinueRequest(execution_id=leg.execution_id, results=results)
        await pair.work(pair.other.sessions.resume_with(PROJECT, pair.session_id, request))
        await pair.passes(1.0)
        again = await pair.work(pair.app.sessions.resume_with(PROJECT, pair.session_id, request))
        assert again.execution_id == leg.execution_id
        assert stale.failed
        other = (ToolResult(tool_call_id=results[0].tool_call_id, result="other"),)
        changed = ContinueRequest(execution_id=leg.execution_id, results=other)
        with pytest.raises(Conflict):
            await pair.work(pair.app.sessions.resume_with(PROJECT, pair.session_id, changed))


async def test_a_session_that_runs_elsewhere_is_cleared(pair: Pair) -> None:
    await pair.runs()
    assert await pair.work(pair.other.sessions.clear(PROJECT, pair.session_id))
    record = await pair.store.record(pair.session_id)
    assert record is not None
    assert (record.status, record.active_execution, record.owner) == ("expired", None, "b")


async def test_a_reader_elsewhere_gets_every_event_once(pair: Pair) -> None:
    seen: list[int] = []

    async def read() -> None:
        async for batch in pair.other.sessions.follow(pair.session_id, 0):
            for row in batch.rows:
                count = len(row.data.split(b"\n")) if row.kind == DELTAS else 1
                seen.extend(range(row.first, row.first + count))
                if b'"execution-ended"' in row.data:
                    return

    reader = asyncio.ensure_future(read())
    await pair.runs()
    assert seen == list(range(1, seen[-1] + 1))
    assert pair.other.attendant.told().readers == 1
    await pair.work(reader)
    assert seen == list(range(1, seen[-1] + 1))


async def test_a_clean_end_hands_over_and_counts_for_nothing(pair: Pair) -> None:
    await pair.runs()
    await pair.app.attendant.retire()
    assert [host.draining for host in await pair.other.attendant.fellows()] == [True, False]
    await pair.app.hosts.close()
    await pair.app.attendant.leave()
    await pair.passes(9.0)
    events = [decode_event(row.data) for row in await pair.store.facts(pair.session_id)]
    (resumed,) = [event for event in events if isinstance(event, Resumed)]
    assert resumed.count == 0
    assert (await pair.other.sessions.state(PROJECT, pair.session_id)).last_outcome == "finished"


async def test_who_ends_takes_no_command_any_more(pair: Pair) -> None:
    """A stop would end the execution without what its cut model call had said."""
    await pair.runs()
    host = pair.host
    await pair.app.hosts.close()
    with pytest.raises(Unavailable):
        await pair.app.sessions.stop(PROJECT, pair.session_id)
    with pytest.raises(StaleWriter):
        host.stop()
    assert b"generation-settled" not in await pair.said()


async def test_what_a_dead_host_ran_goes_on_and_it_is_fenced(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    await pair.runs()
    frozen = pair.host
    await pair.app.attendant.stop()
    await pair.passes(0.5)
    await pair.other.attendant.stop()
    pair.store._roster.forget("a")
    assert await pair.other.attendant.start() == 1
    await pair.passes(9.0)
    assert frozen.failed
    assert (await pair.app.sessions.state(PROJECT, pair.session_id)).last_outcome == "finished"


async def test_a_host_that_was_silent_looks_what_is_its_own(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    await pair.runs()
    frozen = pair.host
    epoch = frozen.epoch
    pair.store._roster.forget("a")
    await pair.store.take(pair.session_id, "b")
    pair.app.attendant._beaten -= 60
    await pair.passes(LEASE / 5)
    assert frozen.failed
    assert frozen.epoch == epoch
    assert "gave no sign" in caplog.text


async def test_a_letter_gets_one_answer(pair: Pair) -> None:
    execution = await pair.runs()
    commands = pair.app.attendant._commands
    letter = Letter(
        id="l",
        to="a",
        session_id=pair.session_id,
        body=b'{"type":"stop","executionId":"%b"}' % execution.encode(),
    )
    await asyncio.gather(commands.reply(letter), commands.reply(letter))
    assert pair.host.state.last_outcome == "stopped"
    assert await commands._answer(replace_session(letter, "ses_none")) == b'{"type":"not-here"}'


def replace_session(letter: Letter, session_id: str) -> Letter:
    return Letter(id="m", to=letter.to, session_id=session_id, body=letter.body)


async def test_who_gets_no_answer_says_so(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    execution = await pair.runs()

    async def silent(self: Commands, letter: Letter) -> None:
        return None

    monkeypatch.setattr(Commands, "reply", silent)
    monkeypatch.setattr("mainspring.runtime.commands.ANSWER_WAIT", 0.01)
    record = await pair.store.record(pair.session_id)
    assert record is not None
    with pytest.raises(Unavailable, match="does not answer"):
        await pair.work(pair.other.sessions._commands.give(record, Stop(execution_id=execution)))


def test_errors_keep_their_kind() -> None:
    for name, kind in KINDS.items():
        error = _error(Refused(kind=name, message="m", code="C", details={"a": 1}))
        assert (type(error), error.message, error.code, error.details) == (kind, "m", "C", {"a": 1})
    assert isinstance(_error(Refused(kind="eval", message="m", code="C")), Unavailable)


async def test_a_store_that_fails_is_asked_again(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    letters, failures = pair.store.letters, 2

    async def failing(host_id: str, /) -> list[Letter]:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreError("away") if failures else ValueError("ours")
        return await letters(host_id)

    pair.store.letters = failing  # type: ignore[method-assign]  # the database is away for a while
    await pair.passes(5.0)
    assert failures == 0
    assert "cannot be read" in caplog.text
    assert "failed in our own code" in caplog.text
    execution = await pair.runs()
    assert await pair.work(pair.other.sessions.stop(PROJECT, pair.session_id, execution_id=execution))


def test_a_clock_that_is_set_forward_is_believed_slowly(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock(1000.0)
    time = SteadyTime(clock)
    clock.shift(7200.0)
    assert time.now() == 1000.0
    assert "7200 s forward" in caplog.text
    clock._monotonic += 60.0
    assert time.now() == 1120.0
    clock.shift(-7200.0)
    assert time.now() == 1060.0
    clock.shift(-100.0)
    assert time.now() == 960.0


async def test_a_jump_of_the_clock_ends_no_session() -> None:
    async with Desk() as desk:
        await desk.turn()
        desk.clock.shift(10 * 86_400.0)
        assert await desk.app.sweeper.sweep() == (0, 0)
        assert (await desk.app.sessions.record(PROJECT, desk.session_id)).status == "active"
        desk.clock.shift(-10 * 86_400.0)
        await desk.clock.advance(2 * 86_400.0)
        assert (await desk.app.sessions.record(PROJECT, desk.session_id)).status == "expired"


def test_what_is_here_already_is_passed_over() -> None:
    def row(cursor: int) -> Row:
        return Row(first=cursor, last=cursor, kind=FACT, data=b"{}", at=1.0)

    stream = Stream(1)
    stream.publish((row(2), row(3)))
    stream.publish((row(3), row(4)))
    assert stream.since(1) == (row(2), row(3), row(4))
    stream.publish((row(2),))
    assert stream.cursor == 4
    stream.publish((row(7),))
    assert (stream.cursor, stream.since(4)) == (7, None)


async def test_hosts_of_one_store_are_listed(pair: Pair) -> None:
    await pair.store.join(HostRecord(id="c", name="c", version="1", since=0.5, seen=0.5))
    assert [host.id for host in await pair.app.attendant.fellows()] == ["c", "a", "b"]
