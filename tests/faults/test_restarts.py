"""Answers that are taken back and begun anew: stopped in the wait, with a backup, never by default."""

from typing import Any

import pytest

from mainspring.model.events import Event, decode_event
from mainspring.model.facts import GenerationSettled
from mainspring.model.generation import ModelRequest
from mainspring.model.stream_events import AttemptSuperseded, ErrorEvent, Finish, RetryScheduled, TextEnded
from mainspring.providers.script import Fail, Say
from tests.faults.checking import of
from tests.runtime.desk import HELPER, PROJECT, Desk

RESTART = HELPER.replace("system: system", "system: system\n  onInterrupted: restart")
WITH_BACKUP = RESTART.replace("system: system", "system: system\n  backupModel: spare/model")


def broken(_: ModelRequest) -> Any:
    return [Say("Half "), Fail(status=503, after=5)]


async def journal(desk: Desk) -> list[Event]:
    rows = await desk.store.read(desk.session_id, 0, 10_000)
    return [decode_event(data) for row in rows for data in row.data.split(b"\n")]


async def through(desk: Desk) -> list[Event]:
    await desk.trigger()
    while desk.host.busy:
        await desk.clock.advance(1)
    await desk.settle()
    return await journal(desk)


async def test_nothing_is_taken_back_by_default() -> None:
    async with Desk(broken) as desk:
        events = await through(desk)
        assert not of(events, AttemptSuperseded, RetryScheduled)
        assert len(desk.model.requests) == 1
        (settled,) = of(events, GenerationSettled)
        assert (settled.message.text, settled.message.incomplete) == ("Half ", True)


async def test_the_backup_answers_after_the_last_try_and_stays() -> None:
    def script(request: ModelRequest) -> Any:
        return Say("Whole.") if request.model == "spare/model" else broken(request)

    async with Desk(script, WITH_BACKUP) as desk:
        events = await through(desk)
        assert [request.model for request in desk.model.requests] == [
            "scripted/model",
            "scripted/model",
            "spare/model",
        ]
        assert [event.attempt for event in of(events, AttemptSuperseded)] == [1, 2]
        (settled,) = of(events, GenerationSettled)
        assert (settled.message.text, settled.model) == ("Whole.", "spare/model")
        assert of(events, Finish)
        assert not of(events, ErrorEvent)


async def test_a_stop_in_the_wait_keeps_what_had_been_said() -> None:
    async with Desk(lambda _: [Say("Half "), Fail(status=429, after=5, retry_after=60.0)], RESTART) as desk:
        await desk.trigger()
        await desk.until_silent()
        await desk.app.sessions.stop(PROJECT, desk.session_id)
        await desk.settle()
        events = await journal(desk)
        assert len(desk.model.requests) == 1
        assert len(of(events, TextEnded)) == 1
        assert not of(events, AttemptSuperseded, ErrorEvent)
        (settled,) = of(events, GenerationSettled)
        assert (settled.message.text, settled.interrupted) == ("Half ", True)


@pytest.mark.parametrize("status", [400, 401, 402, 403])
async def test_what_does_not_pass_is_not_asked_again(status: int) -> None:
    async with Desk(lambda _: [Say("Half "), Fail(status=status, after=5)], RESTART) as desk:
        events = await through(desk)
        assert len(desk.model.requests) == 1
        assert not of(events, AttemptSuperseded)
        assert len(of(events, ErrorEvent)) == 1
