"""Owns a run of one seed: a session whose model calls fail anywhere, on any wire, and what must hold all the same."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import Any, cast

from msgspec import structs

from mainspring.assembly import Mainspring, World, assemble
from mainspring.model.agents import AgentSource, PromptFile
from mainspring.model.errors import ProviderError
from mainspring.model.events import Event, decode_event
from mainspring.model.generation import ModelChunk
from mainspring.model.signals import ToolResult
from mainspring.providers.failures import Failures
from mainspring.providers.registry import Registry
from mainspring.providers.wire import AnswerReader, HttpCall
from mainspring.runtime.requests import ContinueRequest, TriggerRequest
from mainspring.settings import Settings
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock, one_turn
from mainspring.testing.ids import SequenceIds
from mainspring.testing.simulation.chance import Chance
from tests.faults.checking import check
from tests.faults.provider import WIRES as PATHS
from tests.faults.streams import ERRORS, WIRES, Piece, answer, encoded
from tests.faults.strict import violations
from tests.runtime.desk import PROJECT, source

PROVIDERS = ("openai-chat", "mistral", "openai-responses", "anthropic", "google")
ENVIRONMENT = {
    f"{name}_{what}": value
    for name in ("OPENAI", "MISTRAL", "ANTHROPIC", "GEMINI")
    for what, value in (("BASE_URL", "http://127.0.0.1:9"), ("API_KEY", "sk-secret"))
}
PROTOCOL = """
tools:
  look: {{ description: Look }}
  peek: {{ description: Peek, display: hidden }}
agent:
  model: {model}
{backup}  onInterrupted: {interrupted}
  system: system
  agentic: true
  maxSteps: 6
  tools: [look, peek]
handlers:
  user-message:
    Say: {{ block: add-message, role: user, prompt: said }}
    Ask: {{ block: next-message, display: {display} }}
"""
TURNS = 2


@dataclass
class Attempt:
    """One request: what would have been answered, and how many bytes of it were let through before it failed."""

    model: str
    pieces: list[Piece]
    fault: str | None
    wrong: list[str] = field(default_factory=list)


class Wires:
    """Stands where the connections are: every provider is asked through it, and any of its answers may fail."""

    def __init__(self, seed: int, clock: ManualClock) -> None:
        self.chance = Chance(seed)
        self.now = clock.now
        self.attempts: list[Attempt] = []

    async def exchange(
        self, call: HttpCall, reader: AnswerReader, failures: Failures
    ) -> AsyncGenerator[list[ModelChunk]]:
        """As `ProviderHttp.exchange`."""
        wire = next(wire for mark, wire in PATHS.items() if mark in call.url)
        chance = self.chance
        rounds = sum(not attempt.fault for attempt in self.attempts)
        pieces = answer(chance, f"{len(self.attempts)}", calls=rounds % 3 < 2 and chance.happens(0.6))
        attempt = Attempt(f"{failures.provider}/{failures.model}", pieces, None)
        attempt.wrong = violations(wire, failures.provider, json.loads(call.body))
        self.attempts.append(attempt)
        events = encoded(wire, list(WIRES[wire](pieces)))
        problem: ProviderError | None = None
        if chance.happens(0.55):
            attempt.fault, events, problem = self._broken(wire, events, failures)
        data = b"".join(events)
        while data and not reader.done:
            size = chance.of((1, 7, 40, 200, 5000))
            chunks, data = reader.read(data[:size]), data[size:]
            if chunks:
                yield chunks
            if chance.happens(0.1):
                await one_turn()
        if problem is not None and reader.failure is None and not reader.done:
            raise problem
        if not reader.done:
            yield reader.end()
        if reader.failure is not None:
            raise reader.failure

    async def close(self) -> None:
        """There is nothing to close."""

    def _broken(
        self, wire: str, events: list[bytes], failures: Failures
    ) -> tuple[str, list[bytes], ProviderError | None]:
        """A failure at a random place: what still arrives, and what happens then."""
        chance = self.chance
        kind = chance.of(("refused", "cut", "cut", "ended", "stalled", "frame", "frame", "garbage"))
        data = b"".join(events)
        place = chance.below(len(data))
        match kind:
            case "refused":
                status = chance.of((429, 500, 503, 529, 401, 400))
                headers = {"retry-after": "3"} if status == 429 else {}
                return f"{kind} {status}", [], failures.response(status, headers, b"")
            case "cut":
                return kind, [data[:place]], failures.lost("")
            case "stalled":
                return kind, [data[:place]], failures.timeout("")
            case "frame":
                before = chance.below(len(events))
                return kind, [*events[:before], *encoded(wire, [chance.of(ERRORS[wire])])], None
            case "garbage":
                before = chance.below(len(events))
                return kind, [*events[:before], b"data: {nonsense}\n\n"], None
            case _:
                # The last event alone says that the answer is whole.
                return kind, [b"".join(events[:-1])[:place]], None


class Run:
    """A session of one seed."""

    def __init__(self, seed: int) -> None:
        chance = Chance(seed * 7919)
        self.clock = ManualClock(1000.0)
        self.wires = Wires(seed, self.clock)
        registry = Registry(ENVIRONMENT, clock=self.clock)
        registry._http = cast("Any", self.wires)
        store = SqliteStore(":memory:", clock=self.clock)
        world = World(clock=self.clock, ids=SequenceIds(), store=store, completers=registry)
        self.app: Mainspring = assemble(replace(Settings(), model_attempts=chance.of((2, 3, 4))), world)
        first = chance.of(PROVIDERS)
        names = (first, chance.of([name for name in PROVIDERS if name != first]))
        self.models = [f"{name}/m{number}" for number, name in enumerate(names)]
        self.backup = chance.of(("", self.models[1]))
        self.interrupted = "restart" if chance.happens(0.4) else "keep"
        self.hidden = chance.happens(0.25)
        self.session = ""

    def _source(self) -> AgentSource:
        """The agent of the run."""
        backup = f"  backupModel: {self.backup}\n" if self.backup else ""
        display = "hidden" if self.hidden else "stream"
        agent = source(
            PROTOCOL.format(
                model=self.models[0], backup=backup, display=display, interrupted=self.interrupted
            )
        )
        return structs.replace(agent, prompts=(*agent.prompts, PromptFile(name="said", content="Hi.")))

    async def play(self) -> list[Event]:
        """The journal of two turns, or what was wrong."""
        await self.app.open()
        try:
            await self.app.agents.publish(PROJECT, self._source())
            self.session = (await self.app.sessions.create(PROJECT, "helper", {})).id
            for _ in range(TURNS):
                await self._turn()
            return await self._journal()
        finally:
            await self.app.close()

    async def _journal(self) -> list[Event]:
        rows = await self.app.world.store.read(self.session, 0, 100_000)
        return [decode_event(data) for row in rows for data in row.data.split(b"\n")]

    async def _turn(self) -> None:
        await self.app.sessions.trigger(PROJECT, self.session, TriggerRequest(input={"USER_MESSAGE": "Hi"}))
        while True:
            await self._settled()
            execution = self._host().state.execution
            if execution is None:
                return
            given = [
                ToolResult(tool_call_id=call.id, result=call.args)
                for call in execution.calls.values()
                if not call.settled
            ]
            request = ContinueRequest(execution_id=execution.id, results=tuple(given))
            await self.app.sessions.resume_with(PROJECT, self.session, request)

    async def _settled(self) -> None:
        host = self._host()
        while host.busy or host.stream.cursor < host.journal.cursor:
            if self.clock.sleepers > 1:
                await self.clock.advance(1)
            await one_turn()

    def _host(self) -> Any:
        host = self.app.hosts.live(self.session)
        assert host is not None
        return host


def problems(seed: int) -> list[str]:
    """What a seed found; nothing: all is well."""
    run = Run(seed)
    events = asyncio.run(run.play())
    return check(events, run.wires.attempts, turns=TURNS)
