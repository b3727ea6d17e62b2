"""Owns the conversations that each release records and every later one continues: how they begin and go on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.e2e.agents import CHAT, PARENT, PLAIN, WORKER, definition
from tests.e2e.desk import calls_of, execution_of, finals, text_of
from tests.e2e.http_client import Client, Stream
from tests.e2e.model_server import Asked, Call, Gate, ModelServer, Reply, Say, said

ASKING = CHAT.replace(
    "    description: Looks up the weather\n",
    "    description: Looks up the weather\n    policy: {approval: always}\n",
)
AGENTS = {"plain": PLAIN, "chat": CHAT, "worker": WORKER, "parent": PARENT.replace("WORKER", "worker")}
SETTINGS = {"MAINSPRING_SESSION_LIFETIME": "36500d", "MAINSPRING_HOST_NAME": "recorder"}
NEWER = "6.4.0"


@dataclass(frozen=True)
class Held:
    """Where a recorded session stands: its id and, if it waits, what for."""

    session: str
    execution: str = ""
    calls: tuple[dict[str, Any], ...] = ()
    cursor: int = 0


def answers(models: ModelServer, gate: Gate | None) -> None:
    """What the models say; `gate`: where the answer to "Hold" stands still."""

    def answer(asked: Asked) -> Reply:
        last = asked.messages[-1]
        if last["role"] == "tool":
            return said("It is ", "sunny.")
        if last["content"] == "Hold" and gate is not None:
            return [Say(("It ", "is ")), gate]
        if asked.body["model"] == "worker":
            return [Call("fetch-page", {"url": "https://example.com"})]
        if asked.body["model"] == "parent" or last["content"] in {"Hello", "Hold", "More"}:
            return said("Hello ", "there, ", "friend.")
        return [Say(("Let me look.",)), Call("get-weather", {"city": "Rome"})]

    for model in (*AGENTS, "asking"):
        models.rule(model, answer)


def publish(client: Client, *, approvals: bool) -> dict[str, str]:
    """The agents by slug; ids."""
    ids: dict[str, str] = {}
    for slug, protocol in {**AGENTS, **({"asking": ASKING} if approvals else {})}.items():
        made = client.ask("POST", "/api/agents", definition(slug, slug, protocol))
        assert made.status == 201, made
        ids[slug] = made.body["agentId"]
    return ids


def finished(client: Client, agents: dict[str, str]) -> Held:
    """Two turns, the second with a tool."""
    session = client.create(agents["chat"])
    client.trigger(session).rest()
    stream = client.trigger(session, "Weather?")
    stream.rest()
    client.resume(session, execution_of(stream), results(calls_of(stream))).rest()
    return Held(session, cursor=finals_of(client, session, 2)[-1]["cursor"])


def pruned(client: Client, agents: dict[str, str]) -> Held:
    """A turn whose pieces will be dropped."""
    session = client.create(agents["plain"])
    client.trigger(session).rest()
    return Held(session)


def expired(client: Client, agents: dict[str, str]) -> Held:
    """A session that is over."""
    session = client.create(agents["chat"])
    client.trigger(session).rest()
    assert client.ask("DELETE", f"/api/agent-sessions/{session}").status == 200
    return Held(session)


def waiting(client: Client, agent: str) -> Held:
    """A turn that waits for its caller, or for a person."""
    session = client.create(agent)
    stream = Client(client.url, client.key, NEWER).trigger(session, "Weather?")
    stream.rest()
    return Held(session, execution_of(stream), tuple(calls_of(stream)))


def asking(client: Client, agents: dict[str, str], gate: Gate) -> tuple[Held, Stream]:
    """A turn whose model has said something and says no more; its stream, for who closes it stops the turn."""
    session = client.create(agents["plain"])
    client.trigger(session).rest()
    stream = client.trigger(session, "Hold")
    gate.wait()
    stream.until(lambda event: event.type == "text-delta")
    stream.until(lambda event: event.type == "text-delta")
    return Held(session, execution_of(stream)), stream


def results(calls: Any) -> list[dict[str, Any]]:
    """The results of calls."""
    return [
        {"toolCallId": call["toolCallId"], "toolName": call["toolName"], "result": "sunny"} for call in calls
    ]


def finals_of(client: Client, session: str, count: int) -> list[dict[str, Any]]:
    """What a reader sees to the `count`-th end."""
    return finals(_At(client), session, count)  # type: ignore[arg-type]  # only its client is asked


@dataclass(frozen=True)
class _At:
    client: Client


def said_in(client: Client, session: str) -> list[str]:
    """What the assistant has said."""
    return text_of(client.messages(session), "assistant")


def one_more(client: Client, session: str) -> None:
    """The session takes another turn."""
    assert client.trigger(session, "More").rest()[-1].data["finishReason"] == "stop"
    assert said_in(client, session)[-1] == "Hello there, friend."


def goes_on_finished(client: Client, held: Held) -> None:
    """Everything is there and can be read from any cursor; it goes on."""
    events = finals_of(client, held.session, 2)
    assert events[-1]["cursor"] == held.cursor
    assert said_in(client, held.session) == ["Hello there, friend.", "Let me look.It is sunny."]
    one_more(client, held.session)


def goes_on_pruned(client: Client, held: Held) -> None:
    """The settled parts come whole."""
    events = finals_of(client, held.session, 1)
    assert [event["delta"] for event in events if event["type"] == "text-delta"] == ["Hello there, friend."]
    one_more(client, held.session)


def goes_on_expired(client: Client, held: Held) -> None:
    """It is over, says so, and can be restored."""
    path = f"/api/agent-sessions/{held.session}"
    answer = client.ask("GET", f"{path}?format=ui")
    assert answer.body["status"] == "expired"
    body = {"triggerName": "user-message", "input": {"USER_MESSAGE": "Hello"}}
    assert client.ask("POST", f"{path}/trigger", body).body["code"] == "SESSION_EXPIRED"
    message = {"id": "m1", "role": "user", "parts": [{"type": "text", "text": "Hello", "status": "done"}]}
    message |= {"status": "done", "createdAt": "2026-01-01T00:00:00.000Z"}
    restored = client.ask("POST", f"{path}/restore", {"messages": [message]})
    assert restored.status == 200, restored
    one_more(client, held.session)


def goes_on_waiting(client: Client, held: Held) -> None:
    """The results are taken; the turn ends."""
    answer = client.resume(held.session, held.execution, results(held.calls))
    assert answer.rest()[-1].data["finishReason"] == "stop"
    one_more(client, held.session)


def goes_on_worker(client: Client, held: Held) -> None:
    """The worker inside the turn takes its results and ends, and so does the next one."""
    answer = client.resume(held.session, held.execution, results(held.calls))
    assert answer.rest()[-1].data["finishReason"] == "stop"
    again = Client(client.url, client.key, NEWER).trigger(held.session, "More")
    again.rest()
    answer = client.resume(held.session, execution_of(again), results(calls_of(again)))
    assert answer.rest()[-1].data["finishReason"] == "stop"
    assert said_in(client, held.session) == ["Hello there, friend.", "Hello there, friend."]


def goes_on_approval(client: Client, held: Held) -> None:
    """The person allows it, the caller runs it; the turn ends."""
    path = f"/api/agent-sessions/{held.session}/approvals"
    (found,) = client.ask("GET", path).body["approvals"]
    assert client.ask("POST", f"{path}/{found['approvalId']}", {"approved": True}).status == 200
    stream = client.follow(held.session)
    stream.until(lambda event: event.type == "tool-request")
    stream.close()
    goes_on_waiting(client, Held(held.session, held.execution, tuple(calls_of(stream))))


def goes_on_asking(client: Client, held: Held) -> None:
    """The model is asked again, by itself; what it had said is superseded."""
    events = finals_of(client, held.session, 2)
    assert [event["type"] for event in events].count("attempt-superseded") == 1
    assert said_in(client, held.session) == ["Hello there, friend.", "Hello there, friend."]
    one_more(client, held.session)


GOES_ON: dict[str, Callable[[Client, Held], None]] = {
    "finished": goes_on_finished,
    "pruned": goes_on_pruned,
    "expired": goes_on_expired,
    "waiting": goes_on_waiting,
    "worker": goes_on_worker,
    "approval": goes_on_approval,
    "asking": goes_on_asking,
}
