"""Proves that a network's faults change nothing of what a caller sees: no event lost or twice, nothing said twice."""

from typing import Any

import pytest

from mainspring.client import ConnectionFailed, StreamError
from mainspring.client.errors import NotFound, SessionBusy, Unavailable, UnexpectedAnswer
from mainspring.client.events import ToolOutputAvailable
from mainspring.model.parts import FileReference
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import Finish
from mainspring.providers.scripted import Pause
from tests.client.office import Fault
from tests.client.play import Play, asks

OSLO = ("get-weather", {"city": "Oslo"})
TOOLS = {"get-weather": lambda city: f"cold in {city}"}
BUSY = b'{"error": "Another execution runs", "code": "SESSION_BUSY"}'


def turn_of(play: Play, session: str) -> Any:
    return play.sessions.attach(session, tools=TOOLS).send("Hi")


@pytest.mark.parametrize("clean", [False, True], ids=["broken", "ended"])
@pytest.mark.parametrize("first", range(0, 1200, 150))
def test_a_stream_that_is_cut_anywhere_is_read_on(play: Play, first: int, *, clean: bool) -> None:
    for cut in range(first, first + 150, 31):
        play.script(asks(OSLO, text="Let me look."), ["It is ", "cold."])
        session = play.session()
        # The trigger is cut, then what is read on, and so is the leg after the tool.
        play.office.faults.extend(
            [Fault(cut=cut, clean=clean), Fault(cut=cut // 2), None, Fault(cut=cut // 3)]
        )
        seen = play.caller.read(turn_of(play, session))
        play.office.faults.clear()
        assert seen.error is None
        assert seen.pairs == play.shown(session)
        assert len(play.model.requests) == 2
        play.model.requests.clear()


@pytest.mark.parametrize("cut", range(0, 1300, 97))
def test_a_journal_that_is_cut_anywhere_is_read_on(play: Play, cut: int) -> None:
    play.script(asks(OSLO, text="Let me look."), ["It is ", "cold."])
    session = play.session()
    play.caller.read(turn_of(play, session))
    whole = play.journal(session)
    play.office.faults.extend([Fault(cut=cut), Fault(unreachable=True), Fault(cut=cut // 2)])
    assert play.journal(session) == whole
    assert [cursor for cursor, event in whole.pairs if isinstance(event, Finish)] == whole.cursors[-2:-1]


def test_a_lost_answer_is_no_second_message(play: Play) -> None:
    play.script(asks(OSLO), ["Cold."])
    session = play.session()
    play.office.faults.extend([Fault(lost=True), None, Fault(lost=True)])
    seen = play.caller.read(turn_of(play, session))
    assert seen.pairs == play.shown(session)
    assert seen.text.endswith("Cold.")
    assert play.messages(session) == ["Hi", "Cold."]
    assert len(seen.of(ToolOutputAvailable)) == 1
    assert len(play.model.requests) == 2
    assert play.caller.machine.waits == [0.25, 0.25]


def test_a_busy_session_is_waited_for(play: Play) -> None:
    play.script(["Hello"])
    session = play.session()
    busy = Fault(status=429, headers=(("retry-after", "2"),), body=BUSY)
    play.office.faults.extend([busy, Fault(status=503), Fault(unreachable=True)])
    assert play.caller.ask(turn_of(play, session).outcome()).text == "Hello"
    assert play.caller.machine.waits == [2, 0.5, 1.0]
    assert play.messages(session) == ["Hi", "Hello"]


def test_a_session_that_stays_busy(play: Play) -> None:
    session = play.session()
    play.office.faults.extend([Fault(status=429, headers=(("retry-after", "60"),), body=BUSY)] * 4)
    error = play.caller.read(turn_of(play, session)).error
    assert isinstance(error, SessionBusy)
    assert (error.status, error.code, error.retry_after) == (429, "SESSION_BUSY", 60)
    assert play.caller.machine.waits == [8, 8, 8]


@pytest.mark.parametrize("status", [500, 501])
def test_what_has_no_use_is_not_tried_again(play: Play, status: int) -> None:
    session = play.session()
    play.office.faults.append(Fault(status=status, body=b"<html>"))
    error = play.caller.read(turn_of(play, session)).error
    assert str(error) == f"The server answered {status} ({status} UNKNOWN)"
    assert play.caller.machine.waits == []


def test_a_gateway_that_gives_up(play: Play) -> None:
    play.script(["Hello"])
    session = play.session()
    play.office.faults.extend([Fault(status=502, body=b"{}"), Fault(status=504, body=b"[]")])
    assert play.caller.ask(turn_of(play, session).outcome()).text == "Hello"


def test_a_start_that_nothing_can_repeat_is_not_repeated(play: Play) -> None:
    for fault in (Fault(lost=True), Fault(status=502)):
        play.office.faults.append(fault)
        seen = play.caller.read(play.caller.client.workers.execute("no-such"))
        assert seen.error is not None
        assert len(play.office.asked) == 1 + play.office.asked.index("POST /api/agents/no-such/execute")
        play.office.seen.clear()
    play.office.faults.append(Fault(unreachable=True))
    play.caller.read(play.caller.client.workers.execute("no-such"))
    assert len(play.office.asked) == 2


def test_a_server_that_stays_away(play: Play) -> None:
    session = play.session()
    play.office.faults.extend([Fault(unreachable=True)] * 4)
    error = play.caller.read(turn_of(play, session)).error
    assert isinstance(error, ConnectionFailed)
    assert "nobody there" in error.message
    assert (error.execution_id, error.cursor) == (None, None)


def test_a_server_that_goes_away_in_the_middle(play: Play) -> None:
    play.script(["Hello"])
    session = play.session()
    play.office.faults.extend([Fault(cut=400), *[Fault(unreachable=True)] * 5])
    turn = turn_of(play, session)
    seen = play.caller.read(turn)
    error = seen.error
    assert isinstance(error, ConnectionFailed)
    assert (error.execution_id, error.cursor) == (turn.execution_id, turn.cursor)
    # Nothing was stopped: who comes back reads on.
    rest = play.caller.read(play.sessions.attach(session).resume(after=error.cursor))
    assert [*seen.pairs, *rest.pairs] == play.shown(session)


def test_a_stream_that_brings_nothing(play: Play) -> None:
    play.script(["Hello"])
    session = play.session()
    play.office.faults.extend([Fault(cut=0)] * 6)
    error = play.caller.read(turn_of(play, session)).error
    assert isinstance(error, ConnectionFailed)
    path = f"/api/agent-sessions/{session}/events"
    assert error.message == f"The stream broke: http://mainspring.test{path}: cut"
    assert error.cursor is not None
    assert play.caller.machine.waits == [0.25, 0.5, 1.0]


def test_a_stream_that_ends_too_early_again_and_again(play: Play) -> None:
    play.script(["Hello"])
    play.office.faults.extend([None, *[Fault(cut=0, clean=True)] * 6])
    error = play.caller.read(turn_of(play, play.session())).error
    assert str(error) == "The stream broke: it ended too early, again and again"


def test_a_journal_that_breaks_again_and_again(play: Play) -> None:
    session = play.session()
    play.office.faults.extend([Fault(cut=0)] * 6)
    error = play.caller.read(play.sessions.events(session)).error
    assert isinstance(error, ConnectionFailed)
    assert error.cursor == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"sessionId": 7}'])
def test_somebody_else_answers(play: Play, body: bytes) -> None:
    play.office.faults.append(Fault(status=200, body=body))
    with pytest.raises(UnexpectedAnswer, match="does not answer as a Mainspring server does"):
        play.caller.ask(play.sessions.create("support"))


@pytest.mark.parametrize("headers", [(), (("x-mainspring-cursor", "one"),)])
def test_somebody_else_streams(play: Play, headers: tuple[tuple[str, str], ...]) -> None:
    session = play.session()
    play.office.faults.append(Fault(status=200, headers=headers))
    assert isinstance(play.caller.read(turn_of(play, session)).error, UnexpectedAnswer)


def test_an_event_that_is_no_json(play: Play) -> None:
    where = ("x-mainspring-cursor", "x-mainspring-execution-id", "x-mainspring-session-id")
    session = play.session()
    play.office.faults.append(Fault(status=200, headers=tuple((n, "1") for n in where), body=b"data: {\n\n"))
    error = play.caller.read(turn_of(play, session)).error
    assert isinstance(error, UnexpectedAnswer)
    assert "no JSON object" in error.message


def test_results_that_are_refused_for_another_reason(play: Play) -> None:
    play.script(asks(OSLO))
    session = play.session()
    play.office.faults.extend([None, *[Fault(status=503)] * 4])
    seen = play.caller.read(turn_of(play, session))
    assert isinstance(seen.error, Unavailable)
    play.script(asks(OSLO))
    play.office.faults.extend(
        [None, Fault(status=404, body=b'{"error": "no such call", "code": "NOT_FOUND"}')]
    )
    again = play.caller.read(turn_of(play, session))
    assert str(again.error) == "no such call (404 NOT_FOUND)"


def test_catching_up_over_cuts(play: Play) -> None:
    session = play.session()

    def get_weather(city: str) -> str:
        play.office.call(play.office.desk.services.sessions.stop("first", session))
        play.office.faults.extend([None, Fault(cut=100), Fault(cut=50)])
        return "too late"

    play.script(asks(OSLO))
    seen = play.caller.read(play.sessions.attach(session, tools=[get_weather]).send("Hi"))
    assert seen.error is None
    assert seen.pairs == play.shown(session)


def test_the_stop_of_who_leaves_may_fail(play: Play) -> None:
    play.script(["One ", Pause(60_000)])
    session = play.session()
    play.office.faults.extend([None, Fault(unreachable=True), Fault(unreachable=True)])
    seen = play.caller.read(play.sessions.attach(session).send("Hi"), until=lambda e: hasattr(e, "delta"))
    assert seen.text == "One "
    assert not isinstance(seen.error, StreamError)


def test_an_answer_that_is_cut_is_asked_for_again(play: Play) -> None:
    play.office.faults.extend([Fault(cut=5), Fault(status=502, cut=0), None])
    assert [agent.slug for agent in play.caller.ask(play.caller.client.agents.list())] == ["support"]


def test_a_journal_of_nothing(play: Play) -> None:
    assert isinstance(play.caller.read(play.sessions.events("ses_unknown")).error, NotFound)


def test_files_go_with_results(play: Play) -> None:
    play.script(asks(("ask-person", {"question": "?"})), ["Seen."])
    attached = play.sessions.attach(play.session())
    call = play.caller.ask(attached.send("Hi").outcome()).asked[0]
    file = FileReference(id="f", media_type="image/png", url="https://example.org/f.png")
    result = ToolResult(tool_call_id=call.tool_call_id, result=1, files=(file,))
    assert play.caller.ask(attached.resume([result]).outcome()).text == "Seen."
    assert play.model.requests[-1].messages[-1].parts[0].files == (file,)  # type: ignore[union-attr]  # a tool result
