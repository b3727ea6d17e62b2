"""Owns what a scenario holds in its hands: the server, the client, an agent, and what the model says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from mainspring.model.generation import ModelRequest
from mainspring.providers.script import Call, Piece
from tests.client.callers import Caller, Seen
from tests.client.office import Office
from tests.server.desk import chat_agent

PROTOCOL = """\
input:
  COMPANY_NAME: {type: string}
tools:
  get-user-account:
    description: Looking up your account
    display: stream
    parameters:
      userId: {type: string}
  get-weather:
    description: Looks up the weather
    display: stream
    parameters:
      city: {type: string}
      days: {type: integer, optional: true}
  ask-person:
    description: Asks the person
    display: stream
    parameters:
      question: {type: string}
agent:
  model: scripted/demo
  system: system
  input: [COMPANY_NAME]
  tools: [get-user-account, get-weather, ask-person]
  agentic: true
triggers:
  user-message:
    input:
      USER_MESSAGE: {type: string}
handlers:
  user-message:
    Add user message:
      block: add-message
      role: user
      prompt: user-message
      input: [USER_MESSAGE]
    Respond:
      block: next-message
"""

Reply = list[Piece | str]


@dataclass
class Model:
    """Says what it is told to, one reply a call."""

    replies: list[Reply] = field(default_factory=list)
    requests: list[ModelRequest] = field(default_factory=list)

    async def __call__(self, request: ModelRequest) -> AsyncIterator[Any]:
        self.requests.append(request)
        for piece in self.replies.pop(0):
            yield piece


@dataclass
class Play:
    """A server with one agent, and a client of it."""

    office: Office
    caller: Any
    agent: str
    model: Model

    @classmethod
    def open(cls, office: Office, caller: Caller | None, protocol: str = PROTOCOL) -> "Play":
        definition = chat_agent(protocol=protocol)
        definition["prompts"][0]["content"] = "You work for {{COMPANY_NAME}}."
        model = Model()
        office.desk.models.script = model
        return cls(office, caller, office.call(office.desk.agent(definition)), model)

    @property
    def sessions(self) -> Any:
        return self.caller.client.sessions

    def script(self, *replies: Reply) -> None:
        """What the model says, call by call."""
        self.model.replies.extend(replies)

    def session(self) -> str:
        """A new session's id."""
        return self.caller.ask(self.sessions.create(self.agent, {"COMPANY_NAME": "Acme Corp"}))

    def journal(self, session_id: str) -> Seen:
        """Everything a reader may see of a session."""
        return self.caller.read(self.sessions.events(session_id, follow=False))

    def shown(self, session_id: str) -> list[Any]:
        """The journal less what a turn keeps to itself: the requests it answers."""
        return [
            (cursor, event)
            for cursor, event in self.journal(session_id).pairs
            if type(event).__name__ != "ToolRequest"
        ]

    def messages(self, session_id: str) -> list[str]:
        """The texts people see."""
        found = self.caller.ask(self.sessions.get_messages(session_id)).messages
        return ["".join(part.get("text", "") for part in message["parts"]) for message in found]


def asks(*calls: tuple[str, dict[str, Any]], text: str = "") -> Reply:
    """A reply that calls tools."""
    said: Reply = [text] if text else []
    return [*said, *(Call(name, args, split=5) for name, args in calls)]
