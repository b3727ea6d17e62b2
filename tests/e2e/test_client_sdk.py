"""Drives a real server with the Python SDK over sockets: streams cut at random, the process killed, tools, restore."""

from collections.abc import Iterator
from typing import Any

import pytest

from mainspring.client import ConnectionFailed, ToolContext, trigger
from mainspring.client.configuration import Patience
from mainspring.client.machine import Machine
from mainspring.model.stream_events import TextDelta, ToolRequest
from tests.client.callers import CALLERS, Caller, Seen
from tests.e2e.agents import OBJECT, WORKER
from tests.e2e.cutting_proxy import CuttingProxy
from tests.e2e.desk import Desk
from tests.e2e.model_server import Call, Gate, Reply, Say, said

CUTS = 200
PATIENCE = Patience(connect=5, answer=20, silence=20, retries=6, reconnects=20)
WORDS = tuple(f"word {number} " for number in range(60))
TURN: tuple[Reply, Reply] = (
    [Say(WORDS[:20]), Call("get-weather", {"city": "Rome"}), Call("get-time", {})],
    [Say(WORDS)],
)


class Hasty(Machine):
    """Waits a hundredth of what is asked: a restarting server is still waited for."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / 100)

    async def sleep_async(self, seconds: float) -> None:
        await super().sleep_async(seconds / 100)


@pytest.fixture(params=CALLERS)
def caller(desk: Desk, request: pytest.FixtureRequest) -> Iterator[Caller]:
    """The sync client, then the async one, straight to the server."""
    made = CALLERS[request.param](desk.client.url, desk.client.key, patience=PATIENCE, machine=Machine())
    yield made
    made.close()


def through(caller: Caller, desk: Desk, url: str) -> Caller:
    """The same kind of client, by another way."""
    return type(caller)(url, desk.client.key, patience=PATIENCE, machine=Hasty())


def whole(desk: Desk, caller: Caller, session: str) -> list[tuple[Any, Any]]:
    """The journal, read at once and uncut."""
    return caller.read(caller.client.sessions.events(session, follow=False)).pairs


def shown(pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """What of it a turn shows."""
    return [pair for pair in pairs if not isinstance(pair[1], ToolRequest)]


def test_every_event_once_however_often_the_stream_is_cut(desk: Desk, caller: Caller) -> None:
    ran: list[str] = []

    def get_weather(city: str, context: ToolContext) -> str:
        ran.append(context.call_id)
        return f"sunny in {city}"

    def get_time() -> str:
        raise LookupError("no clock")

    with CuttingProxy(desk.server.port, seed=7, most=6000) as proxy:
        cut = through(caller, desk, proxy.url)
        session = caller.ask(caller.client.sessions.create(desk.agent))
        attached = cut.client.sessions.attach(session, tools=[get_weather, get_time])
        seen: list[tuple[Any, Any]] = []
        turn = 0
        while proxy.done < CUTS:
            turn += 1
            proxy.cuts = CUTS
            desk.script(*TURN)
            part: Seen = cut.read(attached.send(f"Turn {turn}"))
            assert part.error is None
            seen += part.pairs
            assert len(ran) == len(set(ran)) == turn
        cut.close()
    journal = whole(desk, caller, session)
    assert seen == shown(journal)
    assert len(desk.client.messages(session)) == 2 * turn
    assert len(desk.asked()) == 2 * turn


def test_the_journal_once_however_often_it_is_cut(desk: Desk, caller: Caller) -> None:
    session = caller.ask(caller.client.sessions.create(desk.agent))
    tools = {"get-weather": lambda args: args, "get-time": lambda args: args}
    for _ in range(5):
        desk.script(*TURN)
        caller.ask(caller.client.sessions.attach(session, tools=tools).send("Hi").outcome())
    journal = whole(desk, caller, session)
    with CuttingProxy(desk.server.port, seed=8, most=2500) as proxy:
        cut = through(caller, desk, proxy.url)
        while proxy.done < CUTS:
            proxy.cuts = CUTS
            assert whole(desk, cut, session) == journal
        cut.close()


def test_a_server_that_is_killed_under_a_turn(desk: Desk, caller: Caller) -> None:
    gate = Gate()
    desk.script([Say(("Once ", "upon ")), gate], said("Once upon a time."))
    session = caller.ask(caller.client.sessions.create(desk.agent))
    turn = caller.client.sessions.attach(session).send("Tell me")

    def crash(event: Any) -> bool:
        if isinstance(event, TextDelta) and event.delta == "upon ":
            gate.wait()
            desk.crash()
            gate.opened.set()
        return False

    seen = caller.read(turn, until=crash)
    assert seen.error is None
    assert seen.pairs == shown(whole(desk, caller, session))
    assert "AttemptSuperseded" in seen.types
    assert desk.client.messages(session)[1]["parts"][-1]["text"] == "Once upon a time."


def test_tools_outlive_the_server(desk: Desk, caller: Caller) -> None:
    desk.script([Call("get-weather", {"city": "Rome"})], said("It is sunny."))
    session = caller.ask(caller.client.sessions.create(desk.agent))

    def get_weather(city: str) -> str:
        desk.crash()
        return f"sunny in {city}"

    seen = caller.read(caller.client.sessions.attach(session, tools=[get_weather]).send("Weather?"))
    assert seen.error is None
    assert seen.text.endswith("It is sunny.")
    assert seen.pairs == shown(whole(desk, caller, session))


def test_a_server_that_does_not_come_back(desk: Desk, caller: Caller) -> None:
    hasty = through(caller, desk, desk.client.url)
    session = hasty.ask(hasty.client.sessions.create(desk.agent))
    desk.server.kill()
    seen = hasty.read(hasty.client.sessions.attach(session).send("Anybody?"))
    assert isinstance(seen.error, ConnectionFailed)
    hasty.close()


def test_expired_and_restored(desk: Desk, caller: Caller) -> None:
    desk.script(said("Hello."), said("Again."))
    sessions = caller.client.sessions
    session = caller.ask(sessions.create(desk.agent, {"COMPANY": "Acme Corp"}))
    caller.ask(sessions.attach(session).send("Hi").outcome())
    stored = caller.ask(sessions.get_messages(session)).messages
    caller.ask(sessions.clear(session))
    assert caller.ask(sessions.get_messages(session)).status == "expired"
    assert caller.ask(sessions.restore(session, stored, {"COMPANY": "Acme Corp"}))
    again = trigger("user-message", USER_MESSAGE="And now?")
    assert caller.ask(sessions.attach(session).execute(again).outcome()).text == "Again."
    asked = desk.asked()[-1].messages
    assert [message["role"] for message in asked] == ["system", "user", "assistant", "user"]


def test_leaving_a_turn_stops_the_model(desk: Desk, caller: Caller) -> None:
    desk.script([Say(("Once ", "upon ")), Gate()], said("Again."))
    session = caller.ask(caller.client.sessions.create(desk.agent))
    attached = caller.client.sessions.attach(session)
    caller.read(attached.send("Tell me"), until=lambda event: isinstance(event, TextDelta))
    assert desk.asked()[0].gone.wait(5)
    assert caller.ask(attached.send("And now?").outcome()).text == "Again."


def test_a_worker_and_structured_output(desk: Desk, caller: Caller) -> None:
    worker = Desk.publish(desk.server, desk.models, desk.client, ("worker", WORKER))
    worker.script([Call("fetch-page", {"url": "a"})], said("In short."))
    tools = {"fetch-page": lambda url: f"<{url}>"}
    given = {"TOPIC": "Rome"}
    assert caller.ask(caller.client.workers.generate("worker", given, tools=tools)) == "In short."
    judge = Desk.publish(desk.server, desk.models, desk.client, ("judge", OBJECT))
    judge.script(said('{"label": "fine", ', '"score": 9}'))
    session = caller.ask(caller.client.sessions.create("judge"))
    outcome = caller.ask(caller.client.sessions.attach(session).send("Judge").outcome())
    assert outcome.objects == ({"label": "fine", "score": 9},)
