"""What goes wrong only when two things happen at once, or where nobody looks: found by review, held here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mainspring.assembly import assemble
from mainspring.model.errors import SessionBusy
from mainspring.model.generation import (
    Finished,
    ModelChunk,
    ModelRequest,
    PartEnd,
    TextDelta,
    TextStart,
    ToolInputDelta,
    ToolInputStart,
    Usage,
)
from mainspring.model.rows import FACT, Row
from mainspring.model.signals import ToolResult
from mainspring.runtime import failpoints, hosts
from mainspring.runtime.ports import Append, SessionRecord
from mainspring.runtime.requests import RestoreRequest
from mainspring.storage.sqlite import ledger
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock, one_turn
from tests.runtime.desk import HELPER, PROJECT, Desk, source

WORKER = """
input: { TASK: { type: string, optional: true } }
variables: { OUT: { type: string } }
steps:
  Start: { block: start-thread, thread: t, model: scripted/model, system: system }
  Say: { block: next-message, thread: t, output: OUT }
output: OUT
"""
PARENT = """
workers:
  w: { description: A worker }
agent: { model: scripted/model, system: system, agentic: true, workers: [w] }
"""
Step = list[ModelChunk] | asyncio.Event


class Voice:
    """A model that says its answers in turn, the last one for ever; an event in an answer is waited for."""

    def __init__(self, *answers: list[Step]) -> None:
        self._answers = list(answers)
        self.asked = 0

    def find(self, model: str, /) -> Voice:
        """Answers for every model."""
        return self

    async def close(self) -> None:
        """Nothing to close."""

    async def complete(self, request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk], None]:
        """The next answer."""
        self.asked += 1
        for step in self._answers[min(self.asked, len(self._answers)) - 1]:
            if isinstance(step, asyncio.Event):
                await step.wait()
            else:
                yield step


def said(text: str, *waits: asyncio.Event) -> list[Step]:
    """A text, whose end waits for the events."""
    return [[TextStart(0), TextDelta(0, text)], *waits, [PartEnd(0), Finished("stop", Usage())]]


def called(name: str, arguments: str = "{}") -> list[Step]:
    """One tool call."""
    return [
        [
            ToolInputStart(0, name),
            ToolInputDelta(0, arguments),
            PartEnd(0),
            Finished("tool-calls", Usage()),
        ]
    ]


def speaking(
    *answers: list[Step], store: Callable[[ManualClock], SqliteStore] | None = None, **settings: Any
) -> Desk:
    """A desk whose model is a `Voice`."""
    desk = Desk(**settings)
    desk.store = desk.store if store is None else store(desk.clock)
    desk.world = replace(desk.world, completers=Voice(*answers), store=desk.store)
    desk.app = assemble(desk.settings, desk.world)
    return desk


async def until(condition: Callable[[], bool]) -> None:
    """Lets everything else run until the condition holds."""
    async with asyncio.timeout(5):
        while not condition():
            await one_turn()


async def test_one_key_twice_at_once_is_one_execution(tmp_path: Path) -> None:
    desk = speaking(said("Hello"), store=lambda clock: SqliteStore(tmp_path / "m.db", clock=clock))
    async with desk:
        first, second = await asyncio.gather(desk.trigger(key="k"), desk.trigger(key="k"))
        await desk.settle()
    assert first == second


async def test_a_repeated_result_reads_on_from_where_the_first_was_taken() -> None:
    gate = asyncio.Event()
    desk = speaking(called("look"), said("one", gate))
    async with desk:
        leg = await desk.trigger()
        await until(lambda: desk.host.state.execution is not None and not desk.host.busy)
        results = [ToolResult(tool_call_id=call_id, result=1) for call_id in desk.open_calls()]
        first = await desk.results(leg, results)
        await desk.clock.advance(0)
        await until(lambda: desk.host.stream.cursor > first.after + 4)
        try:
            # The model goes on while the second is being written.
            failpoints.arm_with("append.after", gate.set)
            again = await desk.results(leg, results)
        finally:
            failpoints.disarm()
        assert again.after == first.after
        await desk.settle()


async def test_a_caller_that_is_cancelled_does_not_cancel_what_is_being_written() -> None:
    desk = speaking(said("Hello"))
    async with desk:
        asking = asyncio.ensure_future(desk.trigger())
        await until(lambda: (host := desk.app.hosts.live(desk.session_id)) is not None and host.busy)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        events = await desk.read()
        cursors = [cursor for cursor, _ in events]
    assert cursors == list(range(1, len(cursors) + 1))


async def test_a_new_version_leaves_a_running_execution_its_own() -> None:
    gate = asyncio.Event()
    desk = speaking(said("Hello", gate), follow_latest=True)
    async with desk:
        await desk.trigger()
        await until(lambda: bool(desk.host._running))
        await desk.publish(HELPER.replace("Look", "Look again"))
        second = asyncio.ensure_future(desk.trigger("second"))
        await until(lambda: desk.clock.sleepers > 1)
        await desk.clock.advance(3)
        with pytest.raises(SessionBusy):
            await second
        gate.set()
        await until(lambda: desk.host.state.execution is None)
        assert desk.host.state.last_outcome == "finished"


async def test_a_new_version_takes_over_from_an_execution_that_waits() -> None:
    desk = speaking(called("look"), said("Hello"), follow_latest=True)
    async with desk:
        first = await desk.trigger()
        await until(lambda: desk.host.state.execution is not None and not desk.host.busy)
        await desk.publish(HELPER.replace("Look", "Look again"))
        second = await desk.turn("second")
        assert first.execution_id != second.execution_id == desk.host.state.last_execution_id
        assert desk.host.state.version in desk.host.library.programs


async def test_the_next_trigger_calls_todays_worker() -> None:
    desk = speaking(said("Hello"))
    async with desk:
        await desk.publish(WORKER, slug="w", kind="worker")
        await desk.publish(PARENT)
        desk.session_id = await desk.create()
        await desk.turn()
        before = desk.host.library.workers["w"]
        await desk.publish(WORKER.replace("TASK", "JOB"), slug="w", kind="worker")
        await desk.turn("again")
        assert desk.host.library.workers["w"] != before


@pytest.mark.parametrize("republished", [False, True])
async def test_an_open_worker_goes_on_after_its_agent_is_archived(*, republished: bool) -> None:
    gate = asyncio.Event()
    desk = speaking(called("w"), said("lost", gate), said("done"))
    async with desk:
        await desk.publish(WORKER, slug="w", kind="worker")
        await desk.publish(PARENT)
        desk.session_id = await desk.create()
        await desk.trigger()
        await until(
            lambda: desk.host.state.execution is not None and len(desk.host.state.execution.frames) == 2
        )
        await desk.app.agents.archive(PROJECT, "w")
        if republished:
            await desk.publish(WORKER.replace("TASK", "JOB"), slug="w", kind="worker")
        desk.host.cancel()
        again = assemble(desk.settings, desk.world)
        host = await again.hosts.get(desk.session_id)
        await until(lambda: host.state.execution is None)
    assert host.state.last_outcome == "finished"


async def test_a_version_that_is_nowhere_is_none() -> None:
    desk = Desk()
    async with desk:
        assert await desk.store.version(PROJECT, "0" * 64) is None


async def test_who_comes_second_to_a_restore_can_go_on_at_once() -> None:
    desk = speaking(said("Hello"))
    async with desk:
        await desk.publish(WORKER, slug="w", kind="worker")
        await desk.app.sessions.clear(PROJECT, desk.session_id)
        await desk.publish(PARENT)

        async def restore() -> bool:
            request = RestoreRequest(messages=())
            return await desk.app.sessions.restore(PROJECT, desk.session_id, request)

        first = asyncio.ensure_future(restore())
        await until(
            lambda: (
                (host := desk.app.hosts.live(desk.session_id)) is not None and host.state.status == "active"
            )
        )
        assert desk.host.state.version in desk.host.library.programs
        assert await first
        await desk.turn()


async def test_what_was_used_since_the_list_was_made_does_not_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = speaking(said("Hello"), session_lifetime=10.0, sweep_interval=1e6)
    async with desk:
        await desk.turn()
        due = [await desk.store.record(desk.session_id)]
        await desk.clock.advance(9)
        await desk.turn("I am back")
        await desk.clock.advance(2)
        monkeypatch.setattr(desk.store, "due_sessions", lambda now, limit: _given(due))
        assert await desk.app.sessions.expire_due() == 0
        assert desk.host.state.status == "active"


async def _given(records: list[Any]) -> list[Any]:
    return records


async def test_a_damaged_session_does_not_keep_others_alive(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(session_lifetime=10.0, sweep_interval=1e6)
    async with desk:
        other = await desk.create()
        damage = "UPDATE journal SET data = x'7b' WHERE key >> 32 = 1"
        await desk.store._write(lambda connection: connection.execute(damage))
        await desk.clock.advance(11)
        assert await desk.app.sessions.expire_due() == 1
        found = await desk.store.record(other)
        assert found is not None
        assert found.status == "expired"
    assert desk.session_id in caplog.text


async def test_a_host_stays_while_its_next_model_call_is_being_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = asyncio.Event()
    desk = speaking(called("nowhere"), said("Hello", gate))
    async with desk:
        await desk.trigger()
        host = desk.host
        monkeypatch.setattr(hosts, "KEPT_HOSTS", 0)
        try:
            failpoints.arm_with("append.after", desk.app.hosts._evict, last=0)
            await until(lambda: host.state.execution is not None and bool(host._running))
            await until(lambda: ("gen_1_0_1_2", 1) in host._running)
        finally:
            failpoints.disarm()
        assert desk.host is host
        gate.set()
        await desk.settle()


async def test_readers_leave_nothing_behind() -> None:
    desk = Desk()
    async with desk:
        streams = desk.app.hosts._streams
        batches = desk.app.sessions.follow(desk.session_id, 0)
        await anext(batches)
        waiting = asyncio.ensure_future(anext(batches))
        await until(lambda: bool(streams._streams[desk.session_id]._waiting))
        stream = streams._streams[desk.session_id]
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not stream._waiting
        assert not streams._streams
        leg = await desk.trigger()
        await desk.read(leg.after)
        assert desk.host.stream.since(leg.after) is None


async def test_a_worker_that_does_not_compile_any_more_hinders_nobody_else() -> None:
    desk = Desk()
    async with desk:
        agent_id = await desk.publish(WORKER, slug="w", kind="worker")
        record = await desk.app.agents.get(PROJECT, agent_id)
        broken = msgspec.structs.replace(
            record, version="f" * 64, source=source("steps: 7", slug="w", kind="worker")
        )
        await desk.store.publish(broken)
        await desk.publish(HELPER.replace("Look", "Look again"))
        assert await desk.publish(WORKER, slug="w", kind="worker") == agent_id


async def test_a_full_cache_of_heads_forgets_nothing_of_the_open_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "HEADS_KEPT", 2)
    store = SqliteStore(":memory:", clock=ManualClock(1.0))
    await store.open()
    epochs = {}
    for name in ("x", "y", "z"):
        await store.create_session(_record(name), (_row(1),))
        epochs[name] = (await store.take(name, "host-1")).epoch
    appends = [
        store.append(Append(session_id=name, epoch=epochs[name], rows=(_row(cursor),)))
        for name, cursor in (("x", 2), ("y", 2), ("z", 2), ("x", 3), ("y", 3), ("z", 3))
    ]
    await asyncio.gather(*appends)
    await store.close()


def _row(cursor: int) -> Row:
    return Row(cursor, cursor, FACT, b'{"type":"finish"}', 1.0)


def _record(session_id: str) -> SessionRecord:
    return SessionRecord(
        id=session_id,
        project_id=PROJECT,
        agent_id="agt",
        agent_slug="helper",
        version="v",
        format="interactive",
        status="active",
        created_at=1.0,
        updated_at=1.0,
        expires_at=9.0,
    )
