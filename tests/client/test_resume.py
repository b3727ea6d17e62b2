"""Tells how another process goes on with a turn that it has not begun."""

import asyncio

import httpx2

from mainspring.client.events import ToolOutputAvailable
from mainspring.model.stream_events import Start, TextDelta
from mainspring.providers.scripted import Fail, Pause
from tests.client.office import Fault
from tests.client.play import Play, asks

OSLO = ("get-weather", {"city": "Oslo"})
TOOLS = {"get-weather": lambda city: f"cold in {city}"}


def waiting(play: Play) -> str:
    """A session whose execution waits for a tool that nobody runs."""
    play.script(["An answer."], asks(OSLO), ["It is cold."])
    session = play.session()
    attached = play.sessions.attach(session)
    play.caller.read(attached.send("Before"))
    play.caller.read(attached.send("Weather?"))
    return session


def test_what_waits_is_answered(play: Play) -> None:
    session = waiting(play)
    seen = play.caller.read(play.sessions.attach(session, tools=TOOLS).resume())
    assert [event.output for event in seen.of(ToolOutputAvailable)] == ["cold in Oslo"]
    assert seen.text == "It is cold."
    assert seen.pairs == play.shown(session)[-len(seen.pairs) :]


def test_what_came_after_a_cursor_is_shown_first(play: Play) -> None:
    session = waiting(play)
    begun = play.journal(session).of(Start)[1]
    (cursor,) = [cursor for cursor, event in play.shown(session) if event == begun]
    seen = play.caller.read(play.sessions.attach(session, tools=TOOLS).resume(after=cursor))
    shown = play.shown(session)
    assert seen.error is None
    assert seen.text.endswith("It is cold.")
    assert seen.pairs == [pair for pair in shown if pair[0] > cursor]


def test_a_turn_ends_where_it_ends(play: Play) -> None:
    session = waiting(play)
    seen = play.caller.read(play.sessions.attach(session).resume(after=0))
    assert len(seen.of(Start)) == 1
    assert seen.text == "An answer."


def test_what_runs_is_followed(play: Play) -> None:
    play.script(["One ", Pause(60_000), "two"])
    session = play.session()
    first = play.sessions.attach(session).send("Count")
    play.office.faults.extend([None, *[Fault(unreachable=True)] * 2])
    play.caller.read(first, until=lambda event: isinstance(event, TextDelta))

    def go_on(request: httpx2.Request) -> None:
        if request.url.params.get("follow") == "true":
            play.office.soon(lambda: asyncio.ensure_future(play.office.desk.clock.advance(61)))

    play.office.watch = go_on
    seen = play.caller.read(play.sessions.attach(session).resume())
    assert seen.error is None
    assert seen.text == "two"
    assert seen.types[-1] == "UsageEvent"


def test_nothing_runs(play: Play) -> None:
    session = play.session()
    attached = play.sessions.attach(session)
    assert play.caller.read(attached.resume()).pairs == []
    assert play.caller.read(attached.resume(after=0)).pairs == []
    play.script([Fail(status=400)])
    failed = play.caller.read(attached.send("Hi"))
    assert failed.error is not None
    assert play.caller.read(attached.resume()).error is None
    again = play.caller.read(attached.resume(after=0))
    assert again.pairs == failed.pairs
    assert str(again.error) == str(failed.error)
    assert play.caller.read(attached.resume(after=failed.cursors[-1])).pairs == []


def test_a_failure_before_does_not_count(play: Play) -> None:
    play.script([Fail(status=400)], asks(OSLO), ["It is cold."])
    session = play.session()
    attached = play.sessions.attach(session)
    play.caller.read(attached.send("Before"))
    play.caller.read(attached.send("Weather?"))
    seen = play.caller.read(play.sessions.attach(session, tools=TOOLS).resume())
    assert seen.error is None
    assert seen.text == "It is cold."
