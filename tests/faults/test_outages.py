"""A provider that is dead, or half dead, for many sessions at once: it is not hammered, and nobody else notices."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mainspring.model.events import Event, decode_event
from mainspring.model.facts import GenerationFailed, GenerationSettled
from mainspring.model.generation import ModelRequest
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import ErrorEvent, Finish, RetryScheduled
from mainspring.providers.script import Call, Fail, Say
from mainspring.runtime.requests import ContinueRequest, TriggerRequest
from tests.faults.checking import of
from tests.runtime.desk import HELPER, PROJECT, Desk

SESSIONS = 200
OTHERS = 20
EVERY = 120
"""Seconds between two messages of a session."""
TEN_MINUTES = 600
LONGEST_WAIT = 30
"""Seconds within which a turn has to be over."""

Answer = Callable[[ModelRequest], Any]


class Town:
    """Many sessions of several agents on one server."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, Answer] = {}
        desk.model.script = self._answer

    def _answer(self, request: ModelRequest) -> Any:
        provider = request.model.partition("/")[0]
        self.asked[provider] += 1
        return self.answers[provider](request)

    async def settle(self, slug: str, model: str, count: int, *, backup: str = "") -> list[str]:
        """New sessions of an agent with that model."""
        line = f"\n  backupModel: {backup}" if backup else ""
        await self.desk.publish(HELPER.replace("scripted/model", model + line), slug=slug)
        return [(await self.desk.app.sessions.create(PROJECT, slug, {})).id for _ in range(count)]

    async def say(self, session: str) -> None:
        """A message, taken."""
        await self.desk.app.sessions.trigger(PROJECT, session, TriggerRequest(input={"USER_MESSAGE": "Hi"}))

    def busy(self, session: str) -> bool:
        """Whether a turn is under way."""
        host = self.desk.app.hosts.live(session)
        return host is not None and host.busy

    async def events(self, session: str) -> list[Event]:
        """The whole journal."""
        rows = await self.desk.store.read(session, 0, 100_000)
        return [decode_event(data) for row in rows for data in row.data.split(b"\n")]


@asynccontextmanager
async def town() -> AsyncIterator[Town]:
    async with Desk() as desk:
        yield Town(desk)


def down(_: ModelRequest) -> Any:
    return Fail(status=503)


def well(_: ModelRequest) -> Any:
    return Say("Fine.")


async def _through(town: Town, sessions: list[str], others: list[str]) -> tuple[int, dict[str, float]]:
    """Ten minutes: everybody speaks every two minutes. How often that was, and how long the others waited."""
    said = 0
    waits: dict[str, float] = dict.fromkeys(others, 0.0)
    for _ in range(TEN_MINUTES // EVERY):
        for session in [*sessions, *others]:
            await town.say(session)
            said += session not in waits
        for second in range(EVERY):
            for session in others:
                if town.busy(session):
                    waits[session] = max(waits[session], float(second))
            await town.desk.clock.advance(1)
            if second == LONGEST_WAIT:
                assert not [session for session in sessions if town.busy(session)]
    return said, waits


async def test_a_dead_provider_is_asked_hardly_more_than_usual_and_everybody_is_told() -> None:
    async with town() as place:
        place.answers = {"dead": down, "well": well}
        sessions = await place.settle("ill", "dead/model", SESSIONS)
        others = await place.settle("fine", "well/model", OTHERS)
        said, waits = await _through(place, sessions, others)
        assert said == SESSIONS * TEN_MINUTES // EVERY
        assert place.asked["dead"] <= 1.2 * said
        assert max(waits.values()) <= 1
        for session in sessions:
            events = await place.events(session)
            errors = of(events, ErrorEvent)
            assert len(errors) == TEN_MINUTES // EVERY
            assert {(error.code, error.error_class, error.retryable) for error in errors} == {
                ("SCRIPTED_503", "overloaded", True)
            }
        for session in others:
            events = await place.events(session)
            assert len(of(events, Finish)) == TEN_MINUTES // EVERY
            assert not of(events, ErrorEvent, RetryScheduled)


async def test_with_a_backup_everybody_is_answered_and_the_dead_one_rests() -> None:
    async with town() as place:
        place.answers = {"dead": down, "spare": well}
        sessions = await place.settle("ill", "dead/model", SESSIONS, backup="spare/model")
        said, _ = await _through(place, sessions, [])
        assert place.asked["dead"] <= 0.5 * said
        assert place.asked["spare"] == said
        for session in sessions:
            events = await place.events(session)
            assert len(of(events, Finish)) == TEN_MINUTES // EVERY
            assert {event.model for event in of(events, GenerationSettled)} == {"spare/model"}


async def test_if_the_backup_is_dead_too_the_first_failure_is_told_and_the_others_are_kept() -> None:
    async with town() as place:
        place.answers = {"dead": down, "spare": lambda _: Fail(status=500)}
        (session,) = await place.settle("ill", "dead/model", 1, backup="spare/model")
        await place.say(session)
        await place.desk.clock.advance(LONGEST_WAIT)
        events = await place.events(session)
        (error,) = of(events, ErrorEvent)
        assert error.code == "SCRIPTED_503"
        (failed,) = of(events, GenerationFailed)
        assert "overloaded (SCRIPTED_503); " in (failed.failure.details or "")
        assert "server_error (SCRIPTED_500)" in (failed.failure.details or "")


@pytest.mark.parametrize("every", [2, 3])
async def test_a_flapping_provider_is_left_alone_once_it_was_given_up(every: int) -> None:
    """Every other answer fails, some in the middle: each turn has one answer, of one model from there on."""
    count = 0

    def flaps(request: ModelRequest) -> Any:
        nonlocal count
        count += 1
        if count % every == 0:
            return Fail(status=503)
        if count % 7 == 0:
            return [Say(f"Half {count} "), Fail(status=503, after=len(f"Half {count}"))]
        return Say(f"Primary {count}.") if request.messages[-1].role == "tool" else Call("look")

    def spare(request: ModelRequest) -> Any:
        return Say("Spare.") if request.messages[-1].role == "tool" else Call("look")

    async with town() as place:
        place.answers = {"flap": flaps, "spare": spare}
        sessions = await place.settle("ill", "flap/model", 250, backup="spare/model")
        for session in sessions:
            await place.say(session)
            await _finish(place, session)
            events = await place.events(session)
            models = [event.model for event in of(events, GenerationSettled) if not event.message.incomplete]
            assert models == sorted(models), "who took over stays"
            assert len(of(events, Finish)) + len(of(events, ErrorEvent)) == 1
            texts = [event.message.text for event in of(events, GenerationSettled) if event.message.text]
            assert len(texts) <= 1
        assert place.asked["spare"] > 50
        assert place.asked["flap"] < 2 * len(sessions)


async def _finish(place: Town, session: str) -> None:
    """Brings the results of the tools until the turn is over."""
    host: Any = place.desk.app.hosts.live(session)
    while True:
        while host.busy:
            await place.desk.clock.advance(0.25)
        execution = host.state.execution
        if execution is None:
            return
        open_calls = [call.id for call in execution.calls.values() if not call.settled]
        results = tuple(ToolResult(tool_call_id=call_id, result=1) for call_id in open_calls)
        request = ContinueRequest(execution_id=execution.id, results=results)
        await place.desk.app.sessions.resume_with(PROJECT, session, request)
        await asyncio.wait_for(_written(host), 5)


async def _written(host: Any) -> None:
    while host.stream.cursor < host.journal.cursor:
        await host.stream.wait(host.stream.cursor)
