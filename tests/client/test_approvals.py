"""People are asked through the SDK: a turn pauses and ends, answers go on with it, others may answer, sessions fork."""

from typing import Any

import pytest

from mainspring.client import Approval, allow, deny
from mainspring.client.errors import Conflict, NotFound
from mainspring.client.events import ToolOutputAvailable, ToolOutputError
from mainspring.model.stream_events import Finish, ToolApprovalRequest, ToolApprovalResponse
from tests.client.callers import Caller
from tests.client.office import Fault, Office
from tests.client.play import PROTOCOL, Play, asks

BOTH = (("get-weather", {"city": "Oslo"}), ("get-weather", {"city": "Rome"}))
ONE = BOTH[:1]


def weather(city: str) -> str:
    return f"{city} is warm"


@pytest.fixture
def play(office: Office, caller: Caller) -> Play:
    """As the other plays; a person is asked before the weather is."""
    asking = PROTOCOL.replace("  get-weather:\n", "  get-weather:\n    policy: {approval: always}\n", 1)
    assert asking != PROTOCOL
    return Play.open(office, caller, asking)


def attach(play: Play, session: str, **given: Any) -> Any:
    return play.sessions.attach(session, tools={"get-weather": weather}, **given)


def test_a_turn_ends_where_people_are_asked_and_goes_on_with_their_answers(play: Play) -> None:
    play.script(asks(*BOTH), ["Warm, and not."])
    session = attach(play, play.session())
    seen = play.caller.read(session.send("Weather?"))
    assert seen.error is None
    first, second = seen.of(ToolApprovalRequest)
    assert seen.events[-1] == Finish(finish_reason="tool-calls", execution_id=first.execution_id)
    answers = [allow(first, input={"city": "Nice"}, by="ada"), deny(second.approval_id, "No.")]
    rest = play.caller.read(session.resume(approvals=answers))
    assert rest.text == "Warm, and not."
    assert [
        (event.approved, event.input, event.by, event.reason) for event in rest.of(ToolApprovalResponse)
    ] == [
        (True, {"city": "Nice"}, "ada", None),
        (False, None, None, "No."),
    ]
    (output,) = rest.of(ToolOutputAvailable)
    assert output.output == "Nice is warm"
    (denied,) = rest.of(ToolOutputError)
    assert denied.error == "Not run: a person denied this call. They say: No."


def test_an_outcome_says_what_is_asked(play: Play) -> None:
    play.script(asks(*BOTH), ["Warm."])
    session = attach(play, play.session())
    outcome = play.caller.ask(session.send("Weather?").outcome())
    assert outcome.finish_reason == "tool-calls"
    one, other = outcome.approvals
    half = play.caller.ask(session.resume(approvals=[allow(one)]).outcome())
    assert (half.approvals, half.finish_reason) == ((other,), "tool-calls")
    mapping = {"approvalId": other.approval_id, "approved": True}
    assert play.caller.ask(session.resume(approvals=[mapping]).outcome()).text == "Warm."


def test_another_program_is_asked_and_goes_on(play: Play) -> None:
    play.script(asks(*ONE), ["Warm."])
    session_id = play.session()
    asked = play.caller.ask(attach(play, session_id).send("Weather?").outcome()).approvals[0]
    other = play.caller.read(attach(play, session_id).resume())
    assert other.of(ToolApprovalRequest) == [asked]
    assert isinstance(other.events[-1], Finish)
    (waiting,) = play.caller.ask(play.sessions.approvals(session_id))
    assert (waiting.approval_id, waiting.input) == (asked.approval_id, {"city": "Oslo"})
    assert play.caller.ask(play.sessions.approve(session_id, allow(waiting.approval_id))) is True
    assert play.caller.ask(play.sessions.approve(session_id, allow(waiting.approval_id))) is False
    with pytest.raises(Conflict):
        play.caller.ask(play.sessions.approve(session_id, deny(waiting.approval_id)))
    with pytest.raises(NotFound):
        play.caller.ask(play.sessions.approve(session_id, deny("apr_x")))
    again = attach(play, session_id)
    assert play.caller.ask(again.resume().outcome()).text == "Warm."
    assert play.caller.ask(play.sessions.approvals(session_id)) == ()


def test_a_cut_before_the_pause_is_read_over(play: Play, office: Office) -> None:
    play.script(asks(*ONE), ["Warm."])
    session = attach(play, play.session())
    office.faults.append(Fault(cut=300))
    outcome = play.caller.ask(session.send("Weather?").outcome())
    assert (outcome.finish_reason, len(outcome.approvals)) == ("tool-calls", 1)


def test_a_caller_that_leaves_a_pause_stops_nothing(play: Play) -> None:
    play.script(asks(*ONE), ["Warm."])
    session_id = play.session()
    attached = attach(play, session_id)
    play.caller.read(attached.send("Weather?"), until=lambda event: isinstance(event, Finish))
    assert len(play.caller.ask(play.sessions.approvals(session_id))) == 1


def test_what_is_no_answer() -> None:
    from mainspring.client.approvals import read_approvals

    with pytest.raises(ValueError, match="not an answer to an approval request"):
        read_approvals([{"approvalId": "a", "approved": "yes"}])
    answer = Approval(approval_id="a", approved=True)
    assert read_approvals([answer]) == (answer,)


def test_what_a_browser_posts_may_be_answers(play: Play) -> None:
    play.script(asks(*ONE), ["Warm."])
    session = attach(play, play.session())
    outcome = play.caller.ask(session.send("Weather?").outcome())
    answers = [{"approvalId": outcome.approvals[0].approval_id, "approved": True}]
    posted = {"executionId": outcome.execution_id, "toolResults": [], "approvals": answers}
    assert play.caller.ask(session.execute(posted).outcome()).text == "Warm."


def test_a_fork_and_every_session(play: Play) -> None:
    play.script(["One."], ["Two."], ["Else."])
    session_id = play.session()
    attached = play.sessions.attach(session_id)
    for text in ("First", "Second"):
        play.caller.ask(attached.send(text).outcome())
    stored = play.caller.ask(play.sessions.get_messages(session_id)).messages
    fork = play.caller.ask(play.sessions.fork(session_id, stored[1]["id"]))
    assert play.messages(fork) == ["First", "One."]
    assert play.caller.ask(play.sessions.attach(fork).send("Other").outcome()).text == "Else."
    whole = play.caller.ask(play.sessions.fork(session_id))
    assert play.messages(whole) == ["First", "One.", "Second", "Two."]
    listed = play.caller.every(play.sessions.each(play.agent))
    assert {session.id for session in listed} == {session_id, fork, whole}
