"""The use cases of sessions on an assembled runtime."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mainspring.model.errors import Conflict, InvalidRequest, NotFound, SessionBusy
from mainspring.model.events import decode_event
from mainspring.model.facts import Triggered
from mainspring.model.generation import ModelRequest
from mainspring.model.parts import ToolCallPart, ToolResultPart
from mainspring.model.signals import ToolResult
from mainspring.providers.script import Call, Pause, Say
from mainspring.runtime.ports import ListSessions
from mainspring.runtime.requests import ContinueRequest, RestoreRequest, TriggerRequest
from tests.runtime.desk import PROJECT, Desk


def slow(request: ModelRequest) -> Any:
    return [Say("One "), Pause(60_000), Say("two")]


def tools_first(request: ModelRequest) -> Any:
    if any(message.role == "tool" for message in request.messages):
        return "Seen."
    return [Call("look", {}), Call("look", {})]


async def test_a_session_needs_an_interactive_agent() -> None:
    async with Desk() as desk:
        with pytest.raises(NotFound, match="no agent 'nobody'"):
            await desk.app.sessions.create(PROJECT, "nobody", {})
        await desk.publish(
            "steps: { Start: { block: start-thread, thread: t, model: scripted/x, system: system } }",
            slug="worker",
            kind="worker",
        )
        with pytest.raises(InvalidRequest, match="is a worker"):
            await desk.app.sessions.create(PROJECT, "worker", {})
        with pytest.raises(InvalidRequest, match="is not a worker"):
            await desk.app.sessions.run_worker(PROJECT, "helper", {})


async def test_a_missing_input_is_refused() -> None:
    async with Desk() as desk:
        await desk.publish("input: { NAME: { type: string } }\nagent: { model: scripted/x, system: system }")
        with pytest.raises(InvalidRequest, match="NAME"):
            await desk.create()
        assert await desk.create(NAME="Ada", EXTRA=1)


async def test_the_same_start_key_finds_the_same_session() -> None:
    async with Desk() as desk:
        first = await desk.app.sessions.create(PROJECT, "helper", {}, start_key="k")
        again = await desk.app.sessions.create(PROJECT, "helper", {}, start_key="k")
        other = await desk.app.sessions.create(PROJECT, "helper", {}, start_key="l")
        assert first.id == again.id != other.id


async def test_another_project_sees_nothing() -> None:
    async with Desk() as desk:
        await desk.turn()
        for call in (
            desk.app.sessions.record("other", desk.session_id),
            desk.app.sessions.state("other", desk.session_id),
            desk.app.sessions.events("other", desk.session_id),
            desk.app.sessions.stop("other", desk.session_id),
            desk.app.sessions.clear("other", desk.session_id),
            desk.app.sessions.trigger("other", desk.session_id, TriggerRequest()),
            desk.app.sessions.resume_with("other", desk.session_id, ContinueRequest(execution_id="exe")),
            desk.app.sessions.restore("other", desk.session_id, RestoreRequest(messages=())),
        ):
            with pytest.raises(NotFound):
                await call
        assert await desk.app.sessions.list(ListSessions(project_id="other")) == []


async def test_a_trigger_waits_briefly_for_the_one_before() -> None:
    async with Desk(slow) as desk:
        await desk.trigger()
        await desk.until_silent()
        second = asyncio.create_task(desk.trigger("Me too"))
        while not second.done():
            await desk.clock.advance(0.5)
        with pytest.raises(SessionBusy):
            await second


async def test_a_trigger_follows_the_one_before() -> None:
    async with Desk(lambda request: [Say("One "), Pause(500), Say("two")]) as desk:
        await desk.trigger()
        await desk.until_silent()
        second = asyncio.create_task(desk.trigger("Me too"))
        while not second.done():
            await desk.clock.advance(0.5)
        leg = await second
        while desk.host.busy:
            await desk.clock.advance(0.5)
        seen = await desk.read(leg.after)
        assert b'"triggered"' in seen[0][1]


async def test_twenty_triggers_at_once_never_interleave() -> None:
    async with Desk() as desk:
        triggers = [asyncio.create_task(desk.trigger(str(number))) for number in range(20)]
        await asyncio.gather(*triggers, return_exceptions=True)
        await desk.settle()
        roles = [message.role for message in desk.host.state.scopes["main"].threads["main"].messages]
        assert roles == ["user", "assistant"] * (len(roles) // 2)


async def test_the_same_key_again_attaches() -> None:
    async with Desk() as desk:
        first = await desk.trigger(key="once")
        await desk.settle()
        again = await desk.trigger(key="once")
        assert (again.execution_id, again.after) == (first.execution_id, first.after)
        await desk.trigger(key="twice")
        await desk.settle()
        events = await desk.app.sessions.events(PROJECT, desk.session_id)
        assert sum(isinstance(event, Triggered) for event in events) == 2


async def test_results_are_taken_once_and_answered_the_same() -> None:
    async with Desk(tools_first) as desk:
        leg = await desk.trigger()
        await desk.settle()
        results = [ToolResult(tool_call_id=call, result=1) for call in desk.open_calls()]
        first = await desk.results(leg, results)
        await desk.settle()
        again = await desk.results(leg, results)
        assert first.continuation
        assert first == again
        assert len(desk.model.requests) == 2
        with pytest.raises(Conflict):
            await desk.results(leg, [ToolResult(tool_call_id=results[0].tool_call_id, result=2)])
        with pytest.raises(NotFound):
            await desk.results(leg.__class__(session_id="s", execution_id="exe_other", after=0), results)


async def test_continuing_without_results_is_told_again_what_is_open() -> None:
    async with Desk(tools_first) as desk:
        leg = await desk.trigger()
        await desk.settle()
        again = await desk.results(leg, [])
        seen = await desk.read(again.after, until=b'"tool-request"')
        assert [b'"tool-request"' in event for _, event in seen] == [True]
        assert len(desk.open_calls()) == 2


async def test_two_posts_of_the_same_results_at_once() -> None:
    async with Desk(tools_first) as desk:
        leg = await desk.trigger()
        await desk.settle()
        results = [ToolResult(tool_call_id=call, result=1) for call in desk.open_calls()]
        legs = await asyncio.gather(desk.results(leg, results), desk.results(leg, results))
        await desk.settle()
        assert legs[0].after == legs[1].after
        assert len(desk.model.requests) == 2


async def test_stopping_is_idempotent_and_frees_the_session() -> None:
    async with Desk(slow) as desk:
        leg = await desk.trigger()
        await desk.until_silent()
        sessions = desk.app.sessions
        assert not await sessions.stop(PROJECT, desk.session_id, execution_id="exe_other")
        assert await sessions.stop(PROJECT, desk.session_id, execution_id=leg.execution_id)
        assert not await sessions.stop(PROJECT, desk.session_id)
        desk.model.script = lambda request: "Again."
        await desk.turn()
        assert [message.text for message in desk.model.requests[-1].messages] == ["Hi", "One ", "Hi"]


async def test_inactivity_expires_and_the_first_reader_sees_it() -> None:
    async with Desk(session_lifetime=60.0, sweep_interval=1e9) as desk:
        await desk.turn()
        await desk.clock.advance(61)
        record = await desk.app.sessions.record(PROJECT, desk.session_id)
        assert record.status == "expired"
        with pytest.raises(NotFound) as caught:
            await desk.trigger()
        assert caught.value.code == "SESSION_EXPIRED"


async def test_a_session_that_waits_expires_with_its_round_closed() -> None:
    async with Desk(tools_first, session_lifetime=60.0) as desk:
        leg = await desk.trigger()
        await desk.settle()
        results = [ToolResult(tool_call_id=call, result=1) for call in desk.open_calls()]
        await desk.clock.advance(100)
        await desk.app.sweeper.sweep()
        assert desk.host.state.status == "expired"
        assert desk.host.state.execution is None
        with pytest.raises(Conflict):
            await desk.results(leg, results)


async def test_clearing_is_idempotent() -> None:
    async with Desk() as desk:
        await desk.turn()
        assert await desk.app.sessions.clear(PROJECT, desk.session_id)
        assert not await desk.app.sessions.clear(PROJECT, desk.session_id)


async def test_clearing_stops_what_runs() -> None:
    async with Desk(slow) as desk:
        await desk.trigger()
        await desk.until_silent()
        assert await desk.app.sessions.clear(PROJECT, desk.session_id)
        assert desk.host.state.execution is None


STORED: tuple[dict[str, Any], ...] = (
    {"id": "u1", "role": "user", "status": "done", "createdAt": "2026-01-01T00:00:00Z",
     "parts": [{"type": "text", "text": "Earlier", "status": "done"}]},
    {"id": "a1", "role": "assistant", "status": "done", "createdAt": "2026-01-01T00:00:00Z",
     "parts": [{"type": "tool-call", "toolCallId": "c1", "toolName": "look", "args": {}, "status": "running"},
               {"type": "text", "text": "So it was", "status": "done"}]},
)  # fmt: skip


async def test_restoring_rebuilds_and_every_call_has_its_answer() -> None:
    async with Desk() as desk:
        await desk.turn()
        sessions = desk.app.sessions
        assert not await sessions.restore(PROJECT, desk.session_id, RestoreRequest(messages=STORED))
        await sessions.clear(PROJECT, desk.session_id)
        both = await asyncio.gather(
            sessions.restore(PROJECT, desk.session_id, RestoreRequest(messages=STORED)),
            sessions.restore(PROJECT, desk.session_id, RestoreRequest(messages=STORED)),
        )
        assert sorted(both) == [False, True]
        await desk.turn("And now?")
        parts = [part for message in desk.model.requests[-1].messages for part in message.parts]
        calls = [part.call_id for part in parts if isinstance(part, ToolCallPart)]
        assert calls == [part.call_id for part in parts if isinstance(part, ToolResultPart)] != []
        assert desk.model.requests[-1].messages[-1].text == "And now?"


async def test_restoring_needs_the_input_again() -> None:
    async with Desk() as desk:
        await desk.publish("input: { NAME: { type: string } }\nagent: { model: scripted/x, system: system }")
        desk.session_id = await desk.create(NAME="Ada")
        await desk.app.sessions.clear(PROJECT, desk.session_id)
        with pytest.raises(InvalidRequest, match="NAME"):
            await desk.app.sessions.restore(PROJECT, desk.session_id, RestoreRequest(messages=()))
        request = RestoreRequest(messages=(), input={"NAME": "Bo"})
        assert await desk.app.sessions.restore(PROJECT, desk.session_id, request)
        assert desk.host.state.scopes["main"].input == {"NAME": "Bo"}


async def test_a_session_keeps_its_version() -> None:
    async with Desk() as desk:
        await desk.turn()
        await desk.publish("agent: { model: scripted/newer, system: system }")
        await desk.turn()
        assert desk.model.requests[-1].model == "scripted/model"


async def test_a_session_follows_its_agent_if_told() -> None:
    async with Desk(follow_latest=True) as desk:
        await desk.turn()
        await desk.publish("agent: { model: scripted/newer, system: system }")
        await desk.turn()
        await desk.turn()
        assert [request.model for request in desk.model.requests] == [
            "scripted/model",
            "scripted/newer",
            "scripted/newer",
        ]
        record = await desk.app.sessions.record(PROJECT, desk.session_id)
        assert (await desk.app.sessions.program(record)).agent is not None


async def test_a_worker_by_itself_goes_on_with_its_results() -> None:
    worker = """
tools: { look: { description: Look } }
steps:
  Start: { block: start-thread, thread: t, model: scripted/x, system: system, tools: [look] }
  Say: { block: next-message, thread: t }
"""
    async with Desk(tools_first) as desk:
        worker_id = await desk.publish(worker, slug="worker", kind="worker")
        leg = await desk.app.sessions.run_worker(PROJECT, worker_id, {})
        desk.session_id = leg.session_id
        assert leg.execution_id == leg.session_id
        await desk.settle()
        results = tuple(ToolResult(tool_call_id=call, result=1) for call in desk.open_calls())
        request = ContinueRequest(execution_id=leg.execution_id, results=results)
        with pytest.raises(NotFound):
            await desk.app.sessions.continue_worker(PROJECT, "helper", request)
        second = await desk.app.sessions.continue_worker(PROJECT, "worker", request)
        await desk.settle()
        assert second.continuation
        assert desk.host.state.last_outcome == "finished"


async def test_lists_are_paged_by_time() -> None:
    async with Desk() as desk:
        for _ in range(3):
            await desk.clock.advance(1)
            await desk.create()
        page = await desk.app.sessions.list(ListSessions(project_id=PROJECT, limit=2))
        rest = ListSessions(project_id=PROJECT, before=(page[-1].updated_at, page[-1].id))
        everything = [one.id for one in page] + [one.id for one in await desk.app.sessions.list(rest)]
        assert len(set(everything)) == 4


async def test_every_event_can_be_read_back() -> None:
    async with Desk() as desk:
        leg = await desk.turn()
        seen = await desk.read()
        assert [cursor for cursor, _ in seen] == list(range(1, len(seen) + 1))
        assert [decode_event(event) for _, event in seen][leg.after].__class__ is Triggered
