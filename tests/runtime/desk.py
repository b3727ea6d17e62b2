"""An assembled runtime in one process: a manual clock, counted ids, a scripted model, SQLite in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import replace
from typing import Any

from mainspring.assembly import Mainspring, World, assemble
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile
from mainspring.model.generation import ModelChunk, ModelRequest
from mainspring.model.rows import DELTAS, STUB
from mainspring.model.signals import ToolResult
from mainspring.providers.scripted import ScriptedCompleter
from mainspring.runtime.host import SessionHost
from mainspring.runtime.requests import ContinueRequest, Leg, TriggerRequest
from mainspring.settings import Settings
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock
from mainspring.testing.ids import SequenceIds

PROJECT = "default"
HELPER = """
tools:
  look: { description: Look }
agent:
  model: scripted/model
  system: system
  agentic: true
  tools: [look]
"""

Script = Callable[[ModelRequest], Any]


class Model:
    """A model that answers by a function of the request."""

    def __init__(self, clock: ManualClock, script: Script) -> None:
        self.script = script
        self._clock = clock
        self.requests: list[ModelRequest] = []
        self.closed = False

    def find(self, model: str, /) -> Model:
        """Answers for every model."""
        return self

    async def close(self) -> None:
        """Remembers it."""
        self.closed = True

    def complete(self, request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk], None]:
        """The scripted answer."""
        self.requests.append(request)
        completer: Any = ScriptedCompleter(self.script, self._clock)
        answer: AsyncGenerator[list[ModelChunk], None] = completer.complete(request)
        return answer


class Desk:
    """A runtime with one published agent, to be opened with `async with`."""

    def __init__(
        self, script: Script = lambda request: "Hello there.", protocol: str = HELPER, **settings: Any
    ) -> None:
        self.clock = ManualClock(1000.0)
        self.store = SqliteStore(":memory:", clock=self.clock)
        self.model = Model(self.clock, script)
        self.settings = replace(Settings(), **settings)
        self.world = World(clock=self.clock, ids=SequenceIds(), store=self.store, completers=self.model)
        self.app: Mainspring = assemble(self.settings, self.world)
        self.protocol = protocol
        self.session_id = ""

    async def __aenter__(self) -> Desk:
        await self.app.open()
        await self.publish(self.protocol)
        self.session_id = await self.create()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.app.close()

    async def restart(self) -> int:
        """Another process on the same database, after this one was killed; how many executions it took up."""
        self.world, self.app = await killed(self.world, self.app)
        return await self.app.attendant.start()

    async def publish(self, protocol: str, *, slug: str = "helper", kind: Any = "interactive") -> str:
        """Publishes an agent; its id."""
        return (await self.app.agents.publish(PROJECT, source(protocol, slug=slug, kind=kind))).id

    async def create(self, **given: Any) -> str:
        """A new session of the agent."""
        return (await self.app.sessions.create(PROJECT, "helper", given)).id

    async def trigger(self, text: str = "Hi", **more: Any) -> Leg:
        """A user message; returns once it is accepted."""
        request = TriggerRequest(input={"USER_MESSAGE": text}, **more)
        return await self.app.sessions.trigger(PROJECT, self.session_id, request)

    async def results(self, leg: Leg, results: Iterable[ToolResult]) -> Leg:
        """Tool results."""
        request = ContinueRequest(execution_id=leg.execution_id, results=tuple(results))
        return await self.app.sessions.resume_with(PROJECT, self.session_id, request)

    @property
    def host(self) -> SessionHost:
        """The live session."""
        host = self.app.hosts.live(self.session_id)
        assert host is not None
        return host

    async def settle(self) -> None:
        """Returns when no model call of the session runs, and what it led to is durable."""
        while self.host.busy or self.host.stream.cursor < self.host.journal.cursor:
            await self.host.stream.wait(self.host.stream.cursor)

    async def until_silent(self) -> None:
        """Returns when the model sleeps, and what it said is durable."""
        while not self.sleeping:
            await self.clock.advance(0)
        while self.host.stream.cursor < self.host.journal.cursor:
            await self.host.stream.wait(self.host.stream.cursor)

    @property
    def sleeping(self) -> bool:
        """Whether anybody but the sweeper waits for the clock."""
        return self.clock.sleepers > 1

    async def turn(self, text: str = "Hi") -> Leg:
        """A whole turn without tools."""
        leg = await self.trigger(text)
        await self.settle()
        return leg

    def open_calls(self) -> list[str]:
        """Ids of the calls without a result."""
        execution = self.host.state.execution
        assert execution is not None
        return [call.id for call in execution.calls.values() if not call.settled]

    async def read(
        self, after: int = 0, *, until: bytes = b'"execution-ended"', limit: float = 5.0
    ) -> list[tuple[int, bytes]]:
        """(cursor, event) as a reader gets them, to the event that holds `until`."""
        return await asyncio.wait_for(self._read(after, until), limit)

    async def _read(self, after: int, until: bytes) -> list[tuple[int, bytes]]:
        seen: list[tuple[int, bytes]] = []
        async for batch in self.app.sessions.follow(self.session_id, after):
            for row in batch.rows:
                events = row.data.split(b"\n") if row.kind == DELTAS else [row.data]
                seen.extend(
                    (cursor, event)
                    for cursor, event in enumerate(events, start=row.first)
                    if cursor > after and row.kind != STUB
                )
            if any(until in event for _, event in seen):
                return seen
        raise AssertionError("a stream never ends by itself")


async def killed(world: World, app: Mainspring) -> tuple[World, Mainspring]:
    """The next process after this one was killed: not opened yet, on the same open store."""
    await app.sweeper.stop()
    await app.hosts.close()
    await app.attendant.stop()
    store = world.store
    assert isinstance(store, SqliteStore)
    store._roster.forget(world.host_id)
    world = replace(world, host_id=f"{world.host_id}+")
    return world, assemble(app.settings, world)


def source(protocol: str, *, slug: str = "helper", kind: Any = "interactive") -> AgentSource:
    """An agent with one prompt, `system`."""
    return AgentSource(
        settings=AgentSettings(slug=slug, name=slug.title(), format=kind),
        protocol=protocol,
        prompts=(PromptFile(name="system", content="Help."),),
    )
