"""Tells how a turn reads: events, tools that run here, results that come from elsewhere, leaving, stopping."""

import asyncio
import threading
from typing import Any, Literal

import httpx2
import pytest

from mainspring.client import ClientToolRequest, StreamError, ToolContext, ToolError, Trigger, trigger
from mainspring.client.errors import BadRequest
from mainspring.client.events import ToolOutputAvailable, ToolOutputError, UsageEvent
from mainspring.model.messages import Sender
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import Finish, Start, TextDelta
from mainspring.providers.scripted import Fail, Pause
from mainspring.runtime.requests import ContinueRequest
from tests.client.play import Play, asks

OSLO = ("get-weather", {"city": "Oslo"})
ROME = ("get-weather", {"city": "Rome"})
ADA = ("get-user-account", {"userId": "ada"})
ASK = ("ask-person", {"question": "Sure?"})


def test_a_turn_is_the_journal(play: Play) -> None:
    play.script(["Hello ", "there."])
    session = play.session()
    turn = play.sessions.attach(session).send("Hi")
    seen = play.caller.read(turn)
    assert seen.pairs == play.shown(session)
    assert (seen.types[0], seen.types[-2:]) == ("Start", ["Finish", "UsageEvent"])
    assert seen.text == "Hello there."
    assert (turn.session_id, turn.execution_id) == (session, seen.of(Start)[0].execution_id)
    assert play.messages(session) == ["Hi", "Hello there."]


def test_tools_run_beside_each_other_and_one_fails(play: Play) -> None:
    both = threading.Barrier(2, timeout=10)
    contexts: list[ToolContext] = []

    def get_weather(city: str, context: ToolContext) -> dict[str, Any]:
        both.wait()
        contexts.append(context)
        return {"city": city, "celsius": -5}

    def get_user_account(user_id: str) -> None:
        both.wait()
        raise LookupError(f"nobody is called {user_id}")

    play.script(asks(OSLO, ADA, text="Let me look."), ["It is cold."])
    session = play.session()
    seen = play.caller.read(
        play.sessions.attach(session, tools=[get_weather, get_user_account]).send("Weather?")
    )
    good, bad = seen.of(ToolOutputAvailable, ToolOutputError)
    assert good.output == {"city": "Oslo", "celsius": -5}
    assert bad.error == "LookupError: nobody is called ada"
    assert seen.pairs == play.shown(session)
    assert contexts[0].call_id == good.tool_call_id
    assert (contexts[0].tool_name, contexts[0].session_id) == ("get-weather", session)
    assert [part.error for part in play.model.requests[-1].messages[-1].parts] == [None, bad.error]  # type: ignore[union-attr]  # tool results


def test_async_tools_work_with_both(play: Play) -> None:
    async def get_weather(city: str) -> str:
        return f"cold in {city}"

    class Account:
        async def __call__(self, args: dict[str, Any]) -> str:
            raise ToolError(f"{args['userId']} is no customer")

    play.script(asks(OSLO, ADA), asks(ROME), ["Done."])
    tools = {"get-weather": get_weather, "get-user-account": Account()}
    seen = play.caller.read(play.sessions.attach(play.session(), tools=tools).send("Hi"))
    outputs = [getattr(each, "output", None) for each in seen.of(ToolOutputAvailable)]
    assert outputs == ["cold in Oslo", "cold in Rome"]
    assert [each.error for each in seen.of(ToolOutputError)] == ["ada is no customer"]


def test_arguments_that_do_not_fit_go_back_to_the_model(play: Play) -> None:
    called: list[int] = []

    def get_weather(city: str, days: Literal[1, 2] = 1) -> str:
        called.append(days)
        return "cold"

    wrong, too_many = ({"city": "Oslo", "days": days} for days in ("two", 7))
    play.script(asks(("get-weather", wrong)), asks(("get-weather", too_many)), asks(OSLO), ["Cold."])
    seen = play.caller.read(play.sessions.attach(play.session(), tools=[get_weather]).send("Hi"))
    # The server knows the declared type, the function is narrower.
    assert [refused.error for refused in seen.of(ToolOutputError)] == [
        'The arguments do not fit: days: expected an integer, got the string "two".',
        "The arguments do not fit: Invalid enum value 7 - at `$.days`",
    ]
    assert called == [1]


def test_what_has_no_function_is_asked_of_the_caller(play: Play) -> None:
    play.script(asks(ASK), ["Well then."])
    session = play.sessions.attach(play.session())
    turn = session.send("Do it")
    seen = play.caller.read(turn)
    request, finish = seen.events[-2:]
    assert isinstance(request, ClientToolRequest)
    assert finish == Finish(finish_reason="client-tool-calls", execution_id=turn.execution_id)
    (call,) = request.tool_calls
    assert (call.tool_name, call.args) == ASK
    answered = session.resume([{"toolCallId": call.tool_call_id, "result": "yes"}])
    rest = play.caller.read(answered)
    assert rest.types[0] == "ToolOutputAvailable"
    assert rest.text == "Well then."
    assert [*seen.pairs[:-2], *rest.pairs] == play.shown(session.id)


def test_results_of_ours_do_not_wait_for_those_of_others(play: Play) -> None:
    play.script(asks(ASK, OSLO), ["Well then."])
    session = play.session()
    attached = play.sessions.attach(session, tools={"get-weather": lambda city: f"cold in {city}"})
    outcome = play.caller.ask(attached.send("Do it").outcome())
    assert outcome.finish_reason == "client-tool-calls"
    (call,) = outcome.asked
    assert call.tool_name == "ask-person"
    assert [event.output for event in play.journal(session).of(ToolOutputAvailable)] == ["cold in Oslo"]
    # Somebody else, who knows only what was asked, brings the rest.
    other = play.sessions.attach(session, tools={"get-weather": lambda city: "again"})
    result = ToolResult(tool_call_id=call.tool_call_id, error="No.")
    rest = play.caller.ask(other.resume([result], execution_id=outcome.execution_id).outcome())
    assert (rest.text, rest.finish_reason) == ("Well then.", "stop")


def test_what_is_nobodys_is_refused_to_the_model(play: Play) -> None:
    play.script(asks(ASK, OSLO), ["I cannot."])
    attached = play.sessions.attach(
        play.session(), tools={"get-weather": lambda args: args}, client_tools=["x"]
    )
    seen = play.caller.read(attached.send("Do it"))
    (refused,) = seen.of(ToolOutputError)
    assert refused.error == 'Tool "ask-person" is not available: nothing answers it here.'
    assert seen.of(ToolOutputAvailable)[0].output == {"city": "Oslo"}
    assert seen.text.endswith("I cannot.")


def test_a_failure_is_an_event_and_then_an_error(play: Play) -> None:
    play.script([Fail(status=401, message="Who are you?")])
    turn = play.sessions.attach(play.session()).send("Hi")
    seen = play.caller.read(turn)
    error = seen.error
    assert isinstance(error, StreamError)
    assert error.event in seen.events
    assert (error.error_type, error.retryable, error.source) == ("authentication_error", False, "provider")
    assert error.provider is not None
    assert (error.tool, error.retry_after) == (None, None)
    assert error.code == "SCRIPTED_401"


def test_leaving_stops_the_execution(play: Play) -> None:
    play.script(["One ", Pause(60_000), "two"], ["Again."])
    session = play.session()
    attached = play.sessions.attach(session)
    seen = play.caller.read(attached.send("Count"), until=lambda event: isinstance(event, TextDelta))
    assert seen.text == "One "
    assert play.office.asked[-1] == f"POST /api/agent-sessions/{session}/stop"
    assert [event.finish_reason for event in play.journal(session).of(Finish)] == ["stop"]
    assert play.caller.ask(attached.send("And now?").outcome()).text == "Again."


def test_leaving_what_is_settled_stops_nothing(play: Play) -> None:
    play.script(["Hello"], asks(ASK))
    attached = play.sessions.attach(play.session())
    for kind in (Finish, ClientToolRequest):
        play.caller.read(attached.send("Hi"), until=lambda event, kind=kind: isinstance(event, kind))
    play.caller.ask(play.sessions.get(attached.id))
    assert not [path for path in play.office.asked if path.endswith("/stop")]


def test_a_turn_that_was_never_read_is_never_sent(play: Play) -> None:
    attached = play.sessions.attach(play.session())
    before = len(play.office.seen)
    turn = attached.send("Hi")
    assert play.caller.ask(turn.stop()) is False
    assert len(play.office.seen) == before


def test_stopping_ends_the_events(play: Play) -> None:
    play.script(["One ", Pause(60_000), "two"])
    session = play.session()
    turn = play.sessions.attach(session).send("Count")
    stopped: list[bool] = []

    def stop(event: Any) -> bool:
        if isinstance(event, TextDelta):
            play.office.call(play.office.desk.services.sessions.stop(PROJECT, session))
            stopped.append(True)
        return False

    seen = play.caller.read(turn, until=stop)
    assert stopped == [True]
    assert seen.of(Finish)[0].finish_reason == "stop"
    assert seen.error is None
    assert play.caller.ask(turn.stop()) is False


def test_an_execution_that_ends_while_its_tools_run(play: Play) -> None:
    session = play.session()

    def get_weather(city: str) -> str:
        play.office.call(play.office.desk.services.sessions.stop(PROJECT, session))
        return "too late"

    play.script(asks(OSLO))
    seen = play.caller.read(play.sessions.attach(session, tools=[get_weather]).send("Hi"))
    assert seen.error is None
    assert seen.pairs == play.shown(session)
    assert seen.of(ToolOutputError)[0].error == "The call was cancelled."
    assert isinstance(seen.events[-1], UsageEvent)


def test_a_call_that_somebody_else_answered_first(play: Play) -> None:
    session = play.session()

    def get_weather(city: str, context: ToolContext) -> str:
        body = {
            "executionId": context.execution_id,
            "toolResults": [{"toolCallId": context.call_id, "result": "theirs"}],
        }
        path = f"/api/agent-sessions/{session}/trigger"
        play.office.call(play.office.desk.client.post(path, body))
        return "ours"

    play.script(asks(OSLO), ["Cold."])
    seen = play.caller.read(play.sessions.attach(session, tools=[get_weather]).send("Hi"))
    assert [event.output for event in seen.of(ToolOutputAvailable)] == ["theirs"]
    assert seen.error is None
    assert seen.pairs == play.shown(session)


@pytest.mark.parametrize("first", [["get-weather"], ["get-weather", "get-user-account"]], ids=["one", "both"])
def test_calls_that_somebody_else_answered_while_ours_ran(play: Play, first: list[str]) -> None:
    session = play.session()
    ran: dict[str, str] = {}

    def answered(args: dict[str, Any], context: ToolContext) -> str:
        ran[context.tool_name] = context.call_id
        if len(ran) == 2:
            theirs = tuple(ToolResult(tool_call_id=ran[tool], result="theirs") for tool in first)
            request = ContinueRequest(execution_id=context.execution_id, results=theirs)
            play.office.call(play.office.desk.services.sessions.resume_with(PROJECT, session, request))
        return "ours"

    def go_on(request: httpx2.Request) -> None:
        if request.url.params.get("follow") == "true":
            play.office.soon(lambda: asyncio.ensure_future(play.office.desk.clock.advance(61)))

    play.script(asks(OSLO, ADA), [Pause(60_000), "Cold."] if len(first) == 2 else ["Cold."])
    play.office.watch = go_on
    tools = {"get-weather": answered, "get-user-account": answered}
    seen = play.caller.read(play.sessions.attach(session, tools=tools).send("Hi"))
    assert seen.error is None
    assert sorted(event.output for event in seen.of(ToolOutputAvailable)) == (
        ["ours", "theirs"] if len(first) == 1 else ["theirs", "theirs"]
    )
    assert seen.text.endswith("Cold.")
    assert seen.pairs == play.shown(session)


def test_what_a_browser_posts_is_a_turn(play: Play) -> None:
    play.script(asks(ASK), ["Well then."])
    attached = play.sessions.attach(play.session())
    posted = {"type": "trigger", "triggerName": "user-message", "input": {"USER_MESSAGE": "Hi"}}
    first = play.caller.ask(attached.execute(posted).outcome())
    results = [{"toolCallId": first.asked[0].tool_call_id, "toolName": "ask-person", "result": 1}]
    posted = {"type": "continue", "executionId": first.execution_id, "toolResults": results}
    assert play.caller.ask(attached.execute(posted).outcome()).text == "Well then."
    for wrong in ({"triggerName": 1}, {"executionId": "exe_1", "toolResults": [{}]}):
        with pytest.raises(ValueError, match="not a trigger, and no tool results"):
            attached.execute(wrong)
    with pytest.raises(ValueError, match="not a tool result"):
        attached.resume([{}], execution_id="exe_1")
    with pytest.raises(ValueError, match="execution_id is missing"):
        play.sessions.attach(attached.id).resume([])


def test_a_turn_with_all_it_may_carry(play: Play) -> None:
    play.script(["One."], ["Two."], ["Three."])
    session = play.session()
    attached = play.sessions.attach(session)
    full = Trigger(input={"USER_MESSAGE": "First"}, sender=Sender(id="7", name="Ada"), key="mine")
    first = play.caller.ask(attached.execute(full).outcome())
    assert play.caller.ask(attached.execute(full).outcome()) == first
    assert play.messages(session) == ["First", "One."]
    found = play.caller.ask(play.sessions.get_messages(session)).messages
    assert found[0]["sender"] == {"id": "7", "name": "Ada"}
    again = Trigger(input={"USER_MESSAGE": "Second"}, rollback_after=found[0]["id"])
    play.caller.ask(attached.execute(again).outcome())
    assert play.messages(session) == ["First", "Second", "Two."]
    anew = {"rollbackAfterMessageId": None, "input": {"USER_MESSAGE": "Anew"}}
    play.caller.ask(attached.execute(anew).outcome())
    assert play.messages(session) == ["Anew", "Three."]
    with pytest.raises(BadRequest, match="there is no trigger"):
        play.caller.ask(attached.execute(trigger("no-such")).outcome())


PROJECT = "first"
