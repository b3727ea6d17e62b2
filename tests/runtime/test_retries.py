"""Failures of a model as a session lives through them: retries that show, backups that stay, nothing said twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.model.errors import ProviderError
from mainspring.model.events import Event, decode_event
from mainspring.model.facts import ExecutionEnded, GenerationFailed, GenerationSettled
from mainspring.model.generation import ModelRequest, Usage
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import (
    ErrorEvent,
    Finish,
    ReasoningEnded,
    ReasoningStarted,
    RetryScheduled,
    TextDelta,
    TextEnded,
    TextStarted,
    ToolInputEnded,
    ToolInputStarted,
)
from mainspring.providers.script import Call, Fail, Say, Think
from mainspring.runtime.classify import Fault, classify
from mainspring.runtime.requests import ContinueRequest
from tests.runtime.desk import PROJECT, Desk

WITH_BACKUP = """
tools:
  look: { description: Look }
agent:
  model: scripted/first
  backupModel: spare/second
  system: system
  agentic: true
  tools: [look]
"""
HIDDEN = """
agent: { model: scripted/model, system: system }
handlers:
  user-message:
    Ask: { block: next-message, display: hidden }
"""


def fail(status: int, **more: Any) -> Fail:
    return Fail(status=status, **more)


async def whole(desk: Desk, text: str = "Hi") -> list[Event]:
    """A turn to its end, or to its tool calls, whatever it waits for; its events."""
    host = desk.app.hosts.live(desk.session_id)
    before = 0 if host is None else host.journal.cursor
    await desk.trigger(text)
    while desk.host.busy:
        await desk.clock.advance(1)
    until = b'"tool-request"' if desk.host.state.execution else b'"execution-ended"'
    return [decode_event(data) for _, data in await desk.read(before, until=until)]


def of(events: list[Event], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def said(desk: Desk) -> str:
    return desk.host.state.scopes["main"].threads["main"].messages[-1].text


async def test_a_failure_that_passes_shows_as_a_wait_and_not_as_an_error() -> None:
    answers = iter([fail(429, retry_after=3.0), Say("At last.")])
    async with Desk(lambda request: next(answers)) as desk:
        events = await whole(desk)
        assert said(desk) == "At last."
        (retry,) = of(events, RetryScheduled)
        assert (retry.attempt, retry.error_class, retry.model) == (2, "rate_limit", "scripted/model")
        assert 3.0 <= retry.delay <= 3.3
        assert not of(events, ErrorEvent)
        assert len(of(events, Finish)) == 1


async def test_what_failed_attempts_cost_is_counted() -> None:
    answers = iter(
        [
            fail(500, usage=Usage(input_tokens=9, output_tokens=1)),
            fail(500),
            Say("At last."),
            fail(401, usage=Usage(input_tokens=5)),
            [Say("Half"), fail(500, usage=Usage(input_tokens=4, output_tokens=2))],
        ]
    )
    async with Desk(lambda request: next(answers)) as desk:
        events = await whole(desk)
        (settled,) = of(events, GenerationSettled)
        assert settled.usage == Usage(input_tokens=9 + 8, output_tokens=1 + 2)
        assert of(events, ExecutionEnded)[0].usage == settled.usage
        events = await whole(desk)
        assert of(events, GenerationFailed)[0].usage == Usage(input_tokens=5)
        assert of(events, ExecutionEnded)[0].usage == Usage(input_tokens=5)
        events = await whole(desk)
        assert not of(events, GenerationFailed)
        assert of(events, ExecutionEnded)[0].usage == Usage(input_tokens=4, output_tokens=2)


async def test_waits_inside_hidden_blocks_stay_hidden() -> None:
    answers = iter([fail(500), Say("At last.")])
    async with Desk(lambda request: next(answers), HIDDEN) as desk:
        assert not of(await whole(desk), RetryScheduled)
        assert len(desk.model.requests) == 2


async def test_what_a_hidden_attempt_said_is_forgotten() -> None:
    answers = iter([[Say("Wrong "), fail(500)], [Say("Right.")]])
    async with Desk(lambda request: next(answers), HIDDEN) as desk:
        await whole(desk)
        assert said(desk) == "Right."


async def test_a_stop_cuts_the_wait() -> None:
    async with Desk(lambda request: fail(429, retry_after=60.0)) as desk:
        await desk.trigger()
        await desk.until_silent()
        await desk.app.sessions.stop(PROJECT, desk.session_id)
        await desk.settle()
        events = list(await desk.app.sessions.events(PROJECT, desk.session_id))
        assert of(events, Finish)[0].finish_reason == "stop"
        assert not of(events, ErrorEvent)
        assert len(desk.model.requests) == 1


async def test_a_backup_takes_over_for_the_execution() -> None:
    def script(request: ModelRequest) -> Any:
        if request.model == "scripted/first":
            return fail(503)
        return Say("Done.") if request.messages[-1].role == "tool" else Call("look")

    async with Desk(script, WITH_BACKUP) as desk:
        await desk.trigger()
        await desk.clock.advance(30)
        while desk.host.busy:
            await desk.clock.advance(1)
        execution = desk.host.state.execution
        assert execution is not None
        results = tuple(ToolResult(tool_call_id=call_id, result=1) for call_id in desk.open_calls())
        await desk.clock.advance(3600)
        await desk.app.sessions.resume_with(
            PROJECT, desk.session_id, ContinueRequest(execution_id=execution.id, results=results)
        )
        await desk.settle()
        asked = [request.model for request in desk.model.requests]
        assert asked == ["scripted/first", "scripted/first", "spare/second", "spare/second"]
        events = list(await desk.app.sessions.events(PROJECT, desk.session_id))
        assert [event.model for event in of(events, GenerationSettled)] == ["spare/second", "spare/second"]
        assert said(desk) == "Done."
        # The next execution begins with the first model again, once that has rested.
        await desk.clock.advance(3600)
        await whole(desk)
        assert desk.model.requests[4].model == "scripted/first"


async def test_if_all_fail_the_first_failure_is_told() -> None:
    def script(request: ModelRequest) -> Any:
        return fail(529 if request.model == "scripted/first" else 500)

    async with Desk(script, WITH_BACKUP) as desk:
        (error,) = of(await whole(desk), ErrorEvent)
        assert (error.code, error.error_class) == ("SCRIPTED_529", "overloaded")


async def test_nobody_is_asked_instead_once_something_was_shown() -> None:
    async with Desk(lambda request: [Say("Half "), fail(503)], WITH_BACKUP) as desk:
        events = await whole(desk)
        assert len(desk.model.requests) == 1
        assert len(of(events, ErrorEvent)) == 1
        assert desk.host.state.scopes["main"].threads["main"].messages[-1].incomplete


async def test_our_own_failure_is_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    def broken(model: str, /) -> Any:
        raise RuntimeError("bug")

    async with Desk() as desk:
        desk.model.find = broken  # type: ignore[method-assign]  # the model that cannot be found
        (error,) = of(await whole(desk), ErrorEvent)
        assert error.error_type == "internal_error"
        assert "failed in our own code" in caplog.text


async def test_a_model_that_is_not_there_says_so() -> None:
    def find(model: str, /) -> Any:
        raise ProviderError(classify(Fault(provider="nobody", status=404)))

    async with Desk() as desk:
        desk.model.find = find  # type: ignore[method-assign]  # the model that cannot be found
        (error,) = of(await whole(desk), ErrorEvent)
        assert error.code == "NOBODY_404"


PIECES = (
    Say("One two three. "),
    Think("Hmm, let me see."),
    Call("look", args={"at": "it", "and": "that"}),
    Say("Four."),
)


def cut_at(position: int) -> Iterator[Any]:
    yield Fail(status=503, after=position)
    yield from PIECES


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 13), max_size=3), min_size=1, max_size=8))
async def test_a_fault_anywhere_leaves_one_answer_and_everything_closed(turns: list[list[int]]) -> None:
    """Faults at any places of any answers: no text twice, no half call kept, every part closed."""
    async with Desk() as desk:
        for positions in turns:
            left = iter([*(list(cut_at(position)) for position in positions), [Say("Whole. "), Say("All.")]])
            desk.model.script = lambda request, left=left: next(left)  # type: ignore[misc]  # the turn's own
            await desk.clock.advance(60)
            check_turn(await whole(desk))


def check_turn(events: list[Event]) -> None:
    opened = [e.id for e in of(events, TextStarted) + of(events, ReasoningStarted)]
    closed = [e.id for e in of(events, TextEnded) + of(events, ReasoningEnded)]
    assert sorted(opened) == sorted(closed)
    assert len(set(opened)) == len(opened)
    calls = [e.tool_call_id for e in of(events, ToolInputStarted)]
    assert calls == [e.tool_call_id for e in of(events, ToolInputEnded)]
    assert len(of(events, ErrorEvent)) + len(of(events, Finish)) == 1
    (settled,) = of(events, GenerationSettled) or [None]
    shown = "".join(e.delta for e in of(events, TextDelta))
    if settled is None:
        assert not opened
        return
    assert settled.message.text == shown
    assert settled.message.incomplete == bool(of(events, ErrorEvent))
    assert not [part for part in settled.message.parts if type(part).__name__ == "ToolCallPart"]
