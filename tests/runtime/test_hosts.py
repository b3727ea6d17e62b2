"""Live sessions: taken up after a crash, after a store failure, dropped when idle; other people's failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from msgspec.structs import replace

from mainspring.assembly import assemble
from mainspring.model.errors import Failure, NotFound, ProviderError, StoreError
from mainspring.model.events import Event, decode_event
from mainspring.model.facts import ExecutionEnded, GenerationStarted, Resumed
from mainspring.model.generation import (
    Finished,
    ModelChunk,
    ModelRequest,
    PartEnd,
    ReasoningDelta,
    ReasoningStart,
    TextDelta,
    TextStart,
    Usage,
)
from mainspring.model.rows import Row
from mainspring.model.stream_events import (
    AttemptSuperseded,
    ErrorEvent,
    TextEnded,
    TextStarted,
    ToolInputEnded,
    ToolInputStarted,
    WorkerInputStart,
)
from mainspring.providers.script import Pause, Say
from mainspring.runtime import hosts as hosts_module
from mainspring.runtime.dispatch import Hold
from mainspring.runtime.hosts import open_parts
from mainspring.runtime.ports import Append
from tests.runtime.desk import PROJECT, Desk


async def error_of(desk: Desk) -> ErrorEvent:
    events = await desk.app.sessions.events(PROJECT, desk.session_id)
    return next(event for event in events if isinstance(event, ErrorEvent))


async def test_what_ran_is_taken_up_without_anybody_asking() -> None:
    async with Desk(lambda request: [Say("One "), Pause(1000), Say("two")]) as desk:
        await desk.trigger()
        await desk.until_silent()
        assert await desk.restart() == 1
        while desk.host.busy:
            await desk.clock.advance(1)
        events = await desk.app.sessions.events(PROJECT, desk.session_id)
        assert sum(isinstance(event, Resumed) for event in events) == 1
        assert desk.host.state.scopes["main"].threads["main"].messages[-1].text == "One two"


async def test_a_session_that_cannot_be_taken_up_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Desk(lambda request: [Say("One "), Pause(1000), Say("two")]) as desk:
        first = desk.session_id
        await desk.trigger()
        desk.session_id = await desk.create()
        await desk.trigger()
        await desk.until_silent()
        load = desk.store.load

        async def broken(session_id: str, /) -> Any:
            if session_id == first:
                raise ValueError("bad row")
            return await load(session_id)

        desk.store.load = broken  # type: ignore[method-assign]  # one row of the database is damaged
        assert await desk.restart() == 1
        assert "cannot be taken up" in caplog.text


async def test_a_provider_that_ends_without_an_end_is_an_error() -> None:
    async with Desk() as desk:
        broken(desk, [TextStart(part=0), TextDelta(part=0, text="Half")])
        await desk.turn()
        error = await error_of(desk)
        assert (error.error_type, error.retryable) == ("provider_error", True)
        assert "before it was complete" in error.message


async def test_our_own_failure_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    async with Desk() as desk:
        broken(desk, [TextDelta(part=7, text="no such part")])
        await desk.turn()
        assert (await error_of(desk)).error_type == "internal_error"
        assert "failed in our own code" in caplog.text


async def test_an_answer_that_cannot_be_recorded_ends_the_turn(caplog: pytest.LogCaptureFixture) -> None:
    async with Desk() as desk:
        broken(
            desk,
            [
                ReasoningStart(part=0),
                ReasoningDelta(part=0, text="Hm"),
                PartEnd(part=0, metadata={"bad": "\ud800"}),
                Finished(reason="stop", usage=Usage()),
            ],
        )
        desk.model.script = lambda request: "Fine."
        await desk.trigger()
        ended, events = False, list[Event]()
        while not ended:
            await desk.clock.advance(1)
            events = await desk.app.sessions.events(PROJECT, desk.session_id)
            ended = any(isinstance(event, ExecutionEnded) for event in events)
        assert (await error_of(desk)).code == "EXECUTION_INTERRUPTED"
        assert "failed in our own code" in caplog.text


async def test_a_model_nobody_serves_is_an_error_event() -> None:
    async with Desk() as desk:
        failure = Failure(
            error_type="authentication_error", message="no key", retryable=False, source="provider"
        )

        def find(model: str, /) -> Any:
            raise ProviderError(failure)

        desk.model.find = find  # type: ignore[method-assign]  # the registry refuses
        await desk.turn()
        assert (await error_of(desk)).message == "no key"


def broken(desk: Desk, chunks: list[ModelChunk]) -> None:
    async def complete(request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk], None]:
        yield chunks

    desk.model.complete = complete  # type: ignore[method-assign]  # a provider wire with a defect


async def test_a_failed_append_is_recovered_by_loading_again() -> None:
    async with Desk(lambda request: [Say("One "), Pause(1000), Say("two")]) as desk:
        append = desk.store.append
        failing = True

        def flaky(given: Append, /) -> asyncio.Future[None]:
            if failing and b"generation-settled" in b"".join(row.data for row in given.rows):
                future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                future.set_exception(StoreError("disk full"))
                return future
            return append(given)

        desk.store.append = flaky  # type: ignore[method-assign]  # the disk is full for a while
        await desk.trigger()
        host = desk.host
        while not host.failed:
            await desk.clock.advance(0.1)
        failing = False
        ended, events = False, list[Event]()
        while not ended:
            await desk.clock.advance(0.5)
            events = await desk.app.sessions.events(PROJECT, desk.session_id)
            ended = any(isinstance(event, ExecutionEnded) for event in events)
        assert desk.host is not host
        assert sum(isinstance(event, Resumed) for event in events) == 1


async def test_recovery_waits_while_the_store_is_down() -> None:
    async with Desk(lambda request: [Say("One "), Pause(500), Say("two")]) as desk:
        await desk.trigger()
        await desk.until_silent()
        take, tries = desk.store.take, 0

        async def down(session_id: str, host_id: str, /) -> Hold:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise StoreError("down")
            return await take(session_id, host_id)

        desk.store.take = down  # type: ignore[method-assign]  # the database is away for a while
        host = desk.host
        host.append_failed(StoreError("gone"))
        host.append_failed(StoreError("told once"))
        while desk.app.hosts.live(desk.session_id) is None:
            await desk.clock.advance(1)
        while desk.host.busy:
            await desk.clock.advance(1)
        assert tries == 3


async def test_a_fenced_host_gives_up_quietly(caplog: pytest.LogCaptureFixture) -> None:
    async with Desk(lambda request: [Say("One "), Pause(500), Say("two")]) as desk:
        await desk.trigger()
        await desk.until_silent()
        fenced = desk.host
        desk.store._roster.forget(desk.world.host_id)
        await desk.store.take(desk.session_id, "another")
        assert await desk.app.sessions.stop(PROJECT, desk.session_id)
        assert (fenced.failed, fenced.busy and fenced.idle) == (True, True)
        assert desk.host is not fenced
        assert desk.host.state.last_outcome == "stopped"
        assert not caplog.text


async def test_a_session_that_is_gone_is_not_recovered(caplog: pytest.LogCaptureFixture) -> None:
    async with Desk(lambda request: [Say("One "), Pause(500), Say("two")]) as desk:
        await desk.trigger()
        await desk.until_silent()

        async def gone(session_id: str, host_id: str, /) -> Hold:
            raise NotFound("no such session")

        desk.store.take = gone  # type: ignore[method-assign]  # deleted by hand
        desk.host.append_failed(StoreError("gone"))
        while "cannot be taken up: no such session" not in caplog.text:
            await desk.clock.advance(1)


async def test_idle_sessions_leave_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts_module, "KEPT_HOSTS", 2)
    async with Desk() as desk:
        first = desk.session_id
        await desk.turn()
        for _ in range(3):
            desk.session_id = await desk.create()
            await desk.turn()
        assert desk.app.hosts.live(first) is None
        desk.session_id = first
        await desk.turn("Back again")
        assert len(desk.model.requests[-1].messages) == 3


async def test_a_long_session_is_opened_from_its_snapshot() -> None:
    async with Desk(lambda request: "word " * 400) as desk:
        for _ in range(20):
            await desk.turn()
        before = desk.host.state
        loaded = await desk.store.load(desk.session_id)
        assert loaded is not None
        assert loaded.snapshot is not None
        assert len(loaded.facts) < 20 * 8
        await desk.restart()
        host = await desk.app.hosts.get(desk.session_id)
        assert host.state == before


async def test_two_callers_load_a_session_once() -> None:
    async with Desk() as desk:
        await desk.restart()
        first, second = await asyncio.gather(
            desk.app.hosts.get(desk.session_id), desk.app.hosts.get(desk.session_id)
        )
        assert first is second
        with pytest.raises(NotFound):
            await desk.app.hosts.get("ses_nobody")
        assert desk.app.hosts.running == 0


async def test_a_journal_without_events_is_a_store_error() -> None:
    async with Desk() as desk:
        load = desk.store.load

        async def empty(session_id: str, /) -> Any:
            loaded = await load(session_id)
            assert loaded is not None
            return replace(loaded, facts=())

        await desk.app.hosts.close()
        desk.app = assemble(desk.settings, desk.world)
        desk.store.load = empty  # type: ignore[method-assign]  # rows were deleted by hand
        with pytest.raises(StoreError, match="no journal"):
            await desk.app.hosts.get(desk.session_id)


def test_open_parts_are_found_by_their_ids() -> None:
    started = GenerationStarted(generation_id="gen_1_0_2_1", frame="main", thread="main", step=1, model="a/b")
    events = [
        started,
        TextStarted(id="txt_1_0_2_1_1_0"),
        TextEnded(id="txt_1_0_2_1_1_0"),
        ToolInputStarted(tool_call_id="call_T_0_2_1_1_1", tool_name="look"),
        WorkerInputStart(worker_id="wrk_T_0_2_1_1_2", worker_slug="w"),
        TextStarted(id="txt_9_9_9_9_9_9"),
    ]
    assert open_parts(events) == {
        "gen_1_0_2_1": (
            ("txt_1_0_2_1_1_0", "text", True),
            ("call_T_0_2_1_1_1", "tool", False),
            ("wrk_T_0_2_1_1_2", "worker", False),
        )
    }
    assert open_parts([*events, AttemptSuperseded(generation_id="gen_1_0_2_1", attempt=1)]) == {}
    assert open_parts([*events, ToolInputEnded(tool_call_id="call_T_0_2_1_1_1")])["gen_1_0_2_1"][1][2]


def test_rows_and_chunks_are_plain_values() -> None:
    row = Row(first=1, last=1, kind=0, data=b'{"type":"block-end","blockId":"b"}', at=1.0)
    assert decode_event(row.data).__class__.__name__ == "BlockEnd"
    assert Finished(reason="stop", usage=Usage()).model is None
