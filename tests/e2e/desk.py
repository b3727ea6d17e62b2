"""Owns what a process test holds in its hands: the server, the provider, one agent, one client."""

from dataclasses import dataclass, replace
from typing import Any

from tests.e2e.agents import definition
from tests.e2e.http_client import Client, Event, Stream
from tests.e2e.model_server import Asked, ModelServer, Reply
from tests.e2e.server_process import ServerProcess

SCOPES = ("agents", "sessions")


@dataclass
class Desk:
    """A running server with an agent that asks `model`, and a client with a key."""

    server: ServerProcess
    models: ModelServer
    client: Client
    agent: str
    model: str

    @classmethod
    def open(cls, server: ServerProcess, models: ModelServer, protocol: str) -> "Desk":
        """Makes a key, starts the server, publishes the agent."""
        key = server.create_key(*SCOPES)
        client = Client(server.start().url, key)
        return cls.publish(server, models, client, ("tested", protocol))

    @classmethod
    def publish(
        cls, server: ServerProcess, models: ModelServer, client: Client, agent: tuple[str, str]
    ) -> "Desk":
        """Publishes an agent, given as slug and protocol, on a running server."""
        slug, protocol = agent
        made = client.ask("POST", "/api/agents", definition(slug, slug, protocol))
        assert made.status == 201, made
        return cls(server, models, client, made.body["agentId"], slug)

    def script(self, *replies: Reply) -> None:
        """Queues the model's answers."""
        self.models.script(self.model, *replies)

    def asked(self) -> list[Asked]:
        """What the model was asked so far."""
        return self.models.asked(self.model)

    def session(self, **given: Any) -> str:
        """A new session."""
        return self.client.create(self.agent, **given)

    def crash(self) -> None:
        """`kill -9`, and the server starts again on the same file and port."""
        self.server.kill()
        self.server.start()

    def version(self, version: str) -> Client:
        """The client as a newer SDK would be."""
        return replace(self.client, version=version)


def types(events: list[Event]) -> list[str]:
    """The types of events, in order."""
    return [event.type for event in events]


def execution_of(stream: Stream) -> str:
    """The execution id that the stream's `start` named."""
    return next(event.data["executionId"] for event in stream.seen if event.type == "start")


def calls_of(stream: Stream) -> list[dict[str, Any]]:
    """The tool calls that the stream asked for."""
    return [call for event in stream.seen if event.type == "tool-request" for call in event.data["toolCalls"]]


def text_of(messages: list[dict[str, Any]], role: str) -> list[str]:
    """The text of every message of `role`."""
    return [
        "".join(part["text"] for part in message["parts"] if part["type"] == "text")
        for message in messages
        if message["role"] == role
    ]


def finals(desk: Desk, session: str, count: int = 1) -> list[dict[str, Any]]:
    """The session's journal as a reader sees it, from the beginning to its `count`-th end of an execution."""
    stream = desk.client.follow(session)
    ends = 0
    for event in stream:
        ends += event.type == "error" or (
            event.type == "finish" and event.data["finishReason"] not in {"tool-calls", "client-tool-calls"}
        )
        if ends == count:
            break
    stream.close()
    return [{"cursor": event.cursor} | event.data for event in stream.seen]
