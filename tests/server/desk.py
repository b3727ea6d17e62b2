"""Owns an assembled server for the tests: real services on a database in memory, a scripted model, a clock by hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from mainspring.assembly import Mainspring, World, assemble
from mainspring.model.generation import ModelRequest
from mainspring.providers.scripted import ScriptedCompleter, ScriptFunction
from mainspring.runtime.file_ports import FileStore
from mainspring.runtime.late_answers import LateAnswers
from mainspring.runtime.ports import Completer
from mainspring.server.app import App, create_app
from mainspring.server.options import ServerOptions
from mainspring.server.services import Services
from mainspring.settings import Settings
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock, one_turn
from mainspring.testing.ids import SequenceIds
from tests.server.asgi import Client, Exchange

CHAT = """\
input:
  COMPANY: {type: string}
tools:
  get-weather:
    description: Looks up the weather
    parameters:
      city: {type: string}
agent:
  model: scripted/demo
  system: system
  input: [COMPANY]
  tools: [get-weather]
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
WORKER = """\
input:
  TOPIC: {type: string}
tools:
  get-weather:
    description: Looks up the weather
    parameters:
      city: {type: string}
steps:
  Begin:
    block: start-thread
    thread: research
    model: scripted/demo
    system: system
    input: [TOPIC]
    tools: [get-weather]
  Ask:
    block: add-message
    thread: research
    role: user
    prompt: user-message
    input: [TOPIC]
  Answer:
    block: next-message
    thread: research
    output: REPORT
variables:
  REPORT: {type: string}
output: REPORT
"""


def chat_agent(slug: str = "support", protocol: str = CHAT) -> dict[str, Any]:
    """An interactive agent with one tool, as the CLI sends it."""
    return {
        "settings": {"slug": slug, "name": "Support", "format": "interactive"},
        "protocol": protocol,
        "prompts": [
            {"name": "system", "content": "You work for {{COMPANY}}."},
            {"name": "user-message", "content": "{{USER_MESSAGE}}"},
        ],
        "references": [],
    }


def worker_agent(slug: str = "researcher") -> dict[str, Any]:
    """A worker, as the CLI sends it."""
    return {
        "settings": {"slug": slug, "name": "Researcher", "format": "worker"},
        "protocol": WORKER,
        "prompts": [
            {"name": "system", "content": "You research {{TOPIC}}."},
            {"name": "user-message", "content": "{{TOPIC}}"},
        ],
    }


async def say_hello(_request: ModelRequest) -> AsyncIterator[str]:
    """The model of who needs no other."""
    yield "Hello there"


class Models:
    """Finds the scripted model, whatever is asked for; `script` may be changed at any time."""

    def __init__(self, clock: ManualClock) -> None:
        self.script: ScriptFunction = say_hello
        self._clock = clock

    def find(self, _model: str, /) -> Completer:
        return ScriptedCompleter(self.script, self._clock)

    async def close(self) -> None:
        """There is nothing to close."""


class Desk:
    """A server with two projects: `client` holds an admin key of the first, `stranger` one of the second."""

    def __init__(self, mainspring: Mainspring, clock: ManualClock, models: Models) -> None:
        self.mainspring = mainspring
        self.clock = clock
        self.models = models
        self.app = self.app_with(ServerOptions())
        self.client = Client(self.app)
        self.stranger = Client(self.app)

    @property
    def services(self) -> Services:
        mainspring = self.mainspring
        return Services(
            agents=mainspring.agents,
            sessions=mainspring.sessions,
            keys=mainspring.keys,
            clock=mainspring.world.clock,
            ids=mainspring.world.ids,
            store=mainspring.world.store,
            calls=mainspring.calls,
            late_answers=LateAnswers(mainspring.sessions),
            attendant=mainspring.attendant,
            files=mainspring.files,
        )

    def app_with(self, options: ServerOptions) -> App:
        """An application with other options, on the same services."""
        return create_app(self.services, options)

    def use(self, options: ServerOptions) -> None:
        """Lets the clients talk to an application with these options."""
        self.app = self.client.app = self.stranger.app = self.app_with(options)

    async def key(self, *scopes: str, project: str = "first") -> str:
        secret, _ = await self.mainspring.keys.create(project, name="test", scopes=scopes)
        return secret

    async def agent(self, agent: dict[str, Any] | None = None) -> str:
        """The id of a published agent."""
        made = await self.client.post("/api/agents", agent or chat_agent())
        assert made.status in (200, 201), made.body
        return str(made.json["agentId"])

    async def session(self) -> str:
        """The id of a session with the chat agent."""
        agent = await self.agent()
        body = {"agentId": agent, "input": {"COMPANY": "Acme"}}
        made = await self.client.post("/api/agent-sessions", body)
        assert made.status == 201, made.body
        return str(made.json["sessionId"])

    async def say(self, session: str, text: str = "Hi", **options: Any) -> Exchange:
        """A whole turn."""
        return await self.client.post(f"/api/agent-sessions/{session}/trigger", trigger(text), **options)


def trigger(text: str = "Hi") -> dict[str, Any]:
    return {"triggerName": "user-message", "input": {"USER_MESSAGE": text}}


async def until(holds: Callable[[], bool]) -> None:
    """Returns once something holds; the database has threads of its own, so turns are not counted."""
    while not holds():
        await one_turn()


@asynccontextmanager
async def open_desk(files: FileStore | None = None) -> AsyncIterator[Desk]:
    clock = ManualClock()
    models = Models(clock)
    store = SqliteStore(":memory:", clock=clock)
    world = World(clock=clock, ids=SequenceIds(), store=store, completers=models, files=files)
    mainspring = assemble(Settings(), world)
    await mainspring.open()
    try:
        desk = Desk(mainspring, clock, models)
        desk.client.key = await desk.key("admin")
        desk.stranger.key = await desk.key("admin", project="second")
        yield desk
    finally:
        await mainspring.close()
