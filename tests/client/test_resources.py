"""Tells what the client does besides turns: agents, sessions, workers; and what each refusal is called."""

from typing import Any

import msgspec
import pytest

from mainspring.client import StreamError, Trigger, WorkerError, trigger
from mainspring.client.errors import BadRequest, Forbidden, NotFound, TooLarge, Unauthorized
from mainspring.client.events import ToolOutputAvailable
from mainspring.model.stream_events import WorkerResult
from mainspring.providers.scripted import Data, Fail, Pause
from mainspring.server.options import ServerOptions
from tests.client.callers import URL
from tests.client.office import Fault, Wire
from tests.client.play import PROTOCOL, Play, asks
from tests.server.desk import chat_agent, worker_agent

OSLO = ("get-weather", {"city": "Oslo"})
HELLO = trigger("user-message", USER_MESSAGE="Hello")


class Verdict(msgspec.Struct):
    label: str
    score: int


def test_agents(play: Play) -> None:
    (listed,) = play.caller.ask(play.caller.client.agents.list())
    assert (listed.id, listed.slug, listed.format) == (play.agent, "support", "interactive")
    for name in (listed.id, "support"):
        agent = play.caller.ask(play.caller.client.agents.get(name))
        assert agent.protocol == PROTOCOL
        assert [prompt.name for prompt in agent.prompts] == ["system", "user-message"]
        assert agent.settings.slug == "support"
    with pytest.raises(NotFound):
        play.caller.ask(play.caller.client.agents.get("../sessions"))


def test_a_session_from_its_beginning_to_its_end(play: Play) -> None:
    ask, sessions = play.caller.ask, play.sessions
    play.script(["Hello."])
    session = ask(sessions.create("support", {"COMPANY_NAME": "Acme Corp"}))
    ask(sessions.attach(session).send("Hi").outcome())
    detail = ask(sessions.get(session))
    assert (detail.id, detail.session_id, detail.status) == (session, session, "active")
    assert detail.input == {"COMPANY_NAME": "Acme Corp"}
    assert len(detail.messages) == 2
    log = ask(sessions.logs(session))
    slim = ask(sessions.logs(session, exclude_model_requests=True))
    assert log.total >= slim.total > 0
    assert "trigger" in [entry["type"] for entry in log.entries]
    stored = ask(sessions.get_messages(session)).messages
    assert ask(sessions.restore(session, stored, {"COMPANY_NAME": "Acme Corp"})) is False
    assert ask(sessions.stop(session)) is False
    assert ask(sessions.clear(session)) is True
    assert ask(sessions.clear(session)) is False
    for gone in (
        ask(sessions.get(session)),
        ask(sessions.get_messages(session)),
        ask(sessions.logs(session)),
    ):
        assert gone.status == "expired"
        assert gone.session_id == session
    assert ask(sessions.restore(session, stored, {"COMPANY_NAME": "Acme Corp"})) is True
    assert ask(sessions.get_messages(session)).messages == stored


def test_a_list_page_by_page(play: Play) -> None:
    made = [play.session() for _ in range(3)]
    ask, sessions = play.caller.ask, play.sessions
    first = ask(sessions.list("support", status="active", limit=2))
    second = ask(sessions.list("support", limit=2, before=first.next))
    assert {session.id for session in (*first.sessions, *second.sessions)} == set(made)
    assert second.next is None
    assert first.sessions[0].agent_slug == "support"
    assert ask(sessions.list(status="expired")).sessions == ()


def test_a_session_that_starts_with_a_turn(play: Play) -> None:
    play.script(asks(OSLO), ["Cold."], ["Again."])
    given: dict[str, Any] = {"input": {"COMPANY_NAME": "Acme"}, "tools": {"get-weather": lambda args: args}}
    once = Trigger(input={"USER_MESSAGE": "Hi"}, key="order-7")
    # The answer is lost, and so is a later one: it stays one session and one turn.
    play.office.faults.extend([Fault(lost=True), None, Fault(cut=300)])
    turn = play.sessions.start("support", once, **given)
    assert turn.session_id == ""
    assert play.caller.ask(turn.outcome()).text == "Cold."
    assert play.messages(turn.session_id)[0] == "Hi"
    again = play.sessions.start("support", once, **given)
    assert play.caller.ask(again.outcome()).text == "Cold."
    assert again.session_id == turn.session_id
    other = play.sessions.start("support", HELLO, **given)
    assert play.caller.ask(other.outcome()).text == "Again."
    assert other.session_id != turn.session_id


def test_structured_output(play: Play) -> None:
    protocol = PROTOCOL.replace(
        "      block: next-message\n", "      block: next-message\n      responseType: Verdict\n"
    )
    types = "types:\n  Verdict:\n    label: {type: string}\n    score: {type: integer}\n"
    play = Play.open(play.office, play.caller, types + protocol)
    play.script([Data({"label": "fine", "score": 9})], ["no json"], ["no json"], ["no json"])
    attached = play.sessions.attach(play.session())
    outcome = play.caller.ask(attached.send("Judge").outcome())
    assert outcome.object(Verdict) == Verdict("fine", 9)
    assert (outcome.text, outcome.objects) == ("", ({"label": "fine", "score": 9},))
    with pytest.raises(msgspec.ValidationError):
        outcome.object(int)
    with pytest.raises(StreamError, match="Verdict") as failed:
        play.caller.ask(attached.send("Judge").outcome())
    assert failed.value.event.code == "ANSWER_DOES_NOT_FIT"


def test_an_answer_in_words_is_no_structured_one(play: Play) -> None:
    play.script(["Just words."])
    outcome = play.caller.ask(play.sessions.attach(play.session()).send("Judge").outcome())
    with pytest.raises(ValueError, match="no structured answer"):
        outcome.object(Verdict)


def worker(play: Play) -> Any:
    play.office.call(play.office.desk.agent(worker_agent()))
    return play.caller.client.workers


def test_a_worker(play: Play) -> None:
    workers = worker(play)
    play.script(asks(OSLO), ["It is cold."])
    given = {"TOPIC": "Oslo"}
    tools = {"get-weather": lambda city: city}
    assert play.caller.ask(workers.generate("researcher", given, tools=tools)) == "It is cold."
    play.script(asks(OSLO), ["It is cold."])
    turn = workers.execute("researcher", given, tools=tools)
    seen = play.caller.read(turn)
    assert seen.of(WorkerResult)[0].output == "It is cold."
    assert seen.of(ToolOutputAvailable)[0].output == "Oslo"
    assert turn.session_id == turn.execution_id
    assert seen.pairs == play.shown(turn.session_id)


def test_a_worker_whose_tools_somebody_else_runs(play: Play) -> None:
    workers = worker(play)
    play.script(asks(OSLO, OSLO), ["It is cold."])
    first = play.caller.ask(workers.execute("researcher", {"TOPIC": "Oslo"}).outcome())
    results = [{"toolCallId": call.tool_call_id, "result": 1} for call in first.asked]
    rest = workers.resume("researcher", first.execution_id, results, tools={"unused": lambda args: args})
    outcome = play.caller.ask(rest.outcome())
    assert (outcome.output, outcome.tokens.total_tokens > 0) == ("It is cold.", True)


def test_a_worker_that_fails(play: Play) -> None:
    workers = worker(play)
    play.script([Fail(status=400, message="no")])
    with pytest.raises(WorkerError) as failed:
        play.caller.ask(workers.generate("researcher", {"TOPIC": "Oslo"}))
    assert failed.value.error_type == "validation_error"
    assert failed.value.worker_id.startswith("ses_")
    with pytest.raises(BadRequest, match="TOPIC"):
        play.caller.ask(workers.generate("researcher"))


def test_a_worker_that_is_stopped(play: Play) -> None:
    workers = worker(play)
    play.script(["One ", Pause(60_000)])

    def stop(request: Any) -> None:
        async def stop_it() -> None:
            while not play.model.requests:
                await play.office.desk.clock.sleep(0)
            sessions = play.office.desk.services.sessions
            session = next(iter(sessions._hosts._hosts))
            await sessions.stop("first", session)

        import asyncio

        play.office.soon(lambda: asyncio.ensure_future(stop_it()))

    play.office.watch = stop
    with pytest.raises(WorkerError, match="stopped"):
        play.caller.ask(workers.generate("researcher", {"TOPIC": "Oslo"}))


def test_refusals_have_names(play: Play) -> None:
    ask = play.caller.ask
    with pytest.raises(NotFound) as unknown:
        ask(play.sessions.get("ses_unknown"))
    assert (unknown.value.status, unknown.value.code) == (404, "SESSION_NOT_FOUND")
    assert str(unknown.value).endswith("(404 SESSION_NOT_FOUND)")
    assert unknown.value.body["code"] == "SESSION_NOT_FOUND"
    with pytest.raises(BadRequest):
        ask(play.sessions.list(limit=0))
    play.office.desk.use(ServerOptions(max_body=500))
    with pytest.raises(TooLarge):
        ask(play.sessions.create("support", {"COMPANY_NAME": "x" * 1000}))


def test_keys(play: Play) -> None:
    made = play.office.call(play.office.desk.key("agents"))
    for key, refusal in ((made, Forbidden), ("wrong", Unauthorized), (None, Unauthorized)):
        caller = type(play.caller)(URL, key, wire=Wire(play.office))
        with pytest.raises(refusal):
            caller.ask(caller.client.sessions.create("support"))
        caller.close()


def test_the_session_of_another_agent_is_not_listed(play: Play) -> None:
    play.office.call(play.office.desk.agent(chat_agent("other")))
    play.session()
    assert play.caller.ask(play.sessions.list("other")).sessions == ()
