"""Readers: replay from the store, live from memory, whole parts where deltas were dropped, any number at once."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from mainspring.model.errors import StoreError
from mainspring.model.events import decode_event
from mainspring.model.generation import ModelRequest
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import ReasoningDelta, TextDelta, ToolInputDelta, WorkerInputDelta
from mainspring.providers.script import Call, Pause, Say, Think
from mainspring.runtime.streams import RING_ROWS, Stream, Streams
from mainspring.testing.samples import fact
from tests.runtime.desk import PROJECT, Desk


def everything(request: ModelRequest) -> Any:
    if request.messages[-1].role == "tool":
        return "Done with it."
    return [Think("Let me think. "), Say("One two three. "), Call("look", {"far": True})]


async def test_a_replay_is_the_live_stream() -> None:
    async with Desk() as desk:
        live = asyncio.create_task(desk.read())
        await desk.turn()
        seen = await live
        assert await desk.read() == seen
        await desk.restart()
        assert await desk.read() == seen


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_reader_goes_on_from_any_cursor(restarted: bool) -> None:
    async with Desk() as desk:
        await desk.turn()
        whole = await desk.read()
        if restarted:
            await desk.restart()
        for after in range(len(whole)):
            assert await desk.read(after) == whole[after:]


async def test_fifty_readers_see_the_same() -> None:
    async with Desk(lambda request: [Say("One "), Pause(100), Say("two")]) as desk:
        readers = [asyncio.create_task(desk.read()) for _ in range(50)]
        await desk.trigger()
        while desk.host.busy:
            await desk.clock.advance(0.1)
        first, *others = await asyncio.gather(*readers)
        assert all(one == first for one in others)


async def test_dropped_deltas_come_back_whole() -> None:
    async with Desk(everything, delta_retention=60.0) as desk:
        leg = await desk.trigger()
        await desk.settle()
        await desk.results(leg, [ToolResult(tool_call_id=desk.open_calls()[0], result=1)])
        await desk.settle()
        before = await desk.read()
        await desk.clock.advance(120)
        await desk.app.sweeper.sweep()
        await desk.restart()
        after = await desk.read()
        assert len(after) < len(before)
        assert texts(after) == texts(before)


def texts(seen: list[tuple[int, bytes]]) -> dict[str, str]:
    """The text of every part, by its id."""
    found: dict[str, str] = {}
    for _, data in seen:
        event = decode_event(data)
        if isinstance(event, (TextDelta, ReasoningDelta)):
            found[event.id] = found.get(event.id, "") + event.delta
        elif isinstance(event, ToolInputDelta):
            arguments = found.get(event.tool_call_id, "") + event.input_text_delta
            found[event.tool_call_id] = arguments
        elif isinstance(event, WorkerInputDelta):
            found["input of " + event.worker_id] = found.get("input of " + event.worker_id, "") + event.delta
    return {part: canonical(text) for part, text in found.items()}


def canonical(text: str) -> str:
    try:
        return msgspec.json.encode(msgspec.json.decode(text)).decode()
    except msgspec.DecodeError:
        return text


async def test_dropped_input_of_a_worker_comes_back_whole() -> None:
    def script(request: ModelRequest) -> Any:
        if request.tags["agent"] == "talker":
            return "Talk talk."
        if request.messages[-1].role == "tool":
            return "Heard."
        return [Call("talker", {"WORD": "tea"})]

    main = """
workers: { talker: { description: T } }
agent: { model: scripted/x, system: system, agentic: true, workers: [talker] }
"""
    talker = """
input: { WORD: { type: string } }
steps:
  Start: { block: start-thread, thread: t, model: scripted/x, system: system }
  Say: { block: next-message, thread: t }
"""
    async with Desk(script, delta_retention=60.0) as desk:
        await desk.publish(talker, slug="talker", kind="worker")
        await desk.publish(main)
        desk.session_id = await desk.create()
        await desk.turn()
        before = await desk.read()
        await desk.clock.advance(120)
        await desk.app.sweeper.sweep()
        await desk.restart()
        assert texts(await desk.read()) == texts(before)


async def test_deltas_of_a_cut_answer_are_gone_for_good() -> None:
    async with Desk(lambda request: [Say("One "), Pause(2000), Say("two")], delta_retention=60.0) as desk:
        await desk.trigger()
        await desk.until_silent()
        await desk.restart()
        while desk.host.busy:
            await desk.clock.advance(1)
        await desk.clock.advance(120)
        await desk.app.sweeper.sweep()
        await desk.restart()
        assert sorted(texts(await desk.read(until=b'"finish"')).values()) == ["One ", "two"]


async def test_a_gap_in_the_journal_is_an_error_not_a_spin() -> None:
    async with Desk() as desk:
        await desk.turn()
        streams = Streams(desk.store)
        streams.open(desk.session_id, 10_000)
        with pytest.raises(StoreError, match="gap"):
            await anext(streams.follow(desk.session_id, 5_000))


def test_a_ring_forgets_what_is_old() -> None:
    stream = Stream(0)
    for cursor in range(1, 3 * RING_ROWS):
        stream.publish((fact(cursor),))
    assert stream.since(0) is None
    recent = stream.since(3 * RING_ROWS - 3)
    assert recent is not None
    assert [row.last for row in recent] == [3 * RING_ROWS - 2, 3 * RING_ROWS - 1]
    stream.publish(())
    assert stream.cursor == 3 * RING_ROWS - 1


async def test_an_idle_session_keeps_no_rows_in_memory() -> None:
    async with Desk() as desk:
        await desk.turn()
        assert desk.host.stream.since(desk.host.stream.cursor) == ()
        assert desk.host.stream.since(desk.host.stream.cursor - 1) is None
        assert await desk.read()


async def test_a_stream_that_is_read_is_not_released() -> None:
    async with Desk() as desk:
        await desk.turn()
        streams = Streams(desk.store)
        reader = streams.follow(desk.session_id, 0)
        await anext(reader)
        streams.release(desk.session_id)
        assert streams.open(desk.session_id, 99).cursor != 99
        await reader.aclose()  # type: ignore[attr-defined]  # follow is an async generator
        streams.release(desk.session_id)
        assert streams.open(desk.session_id, 99).cursor == 99
        streams.release("nobody")


async def test_the_session_list_is_the_projects() -> None:
    async with Desk() as desk:
        state = await desk.app.sessions.state(PROJECT, desk.session_id)
        assert state.session_id == desk.session_id
