"""Runs a stream golden: a protocol, a script for the model and steps from outside give exact journal events.

A case is one YAML file: `protocol`, `prompts`, `workers` (slug -> protocol), `input`, `script` (the turns of the
scripted model) and `steps`. Steps: `trigger: {...}`, `results: [...]` (in the order of the open calls), `stop`, `crash`
(the process is gone, another one opens the same database), `wait: seconds`, `expire`, `restore: [...]`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml

from mainspring.assembly import Mainspring, World, assemble
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile, ReferenceFile
from mainspring.model.generation import ModelRequest
from mainspring.model.rows import DELTAS
from mainspring.model.session import State
from mainspring.model.signals import ToolResult
from mainspring.providers.script_reader import load_script
from mainspring.providers.scripted import ScriptedCompleter
from mainspring.runtime.ports import Completer
from mainspring.runtime.requests import ContinueRequest, RestoreRequest, TriggerRequest
from mainspring.settings import Settings
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock
from mainspring.testing.ids import SequenceIds
from tests.runtime.desk import killed

FOLDER = Path(__file__).parent / "streams"
PROJECT = "default"


class Recording:
    """A scripted model that keeps the requests it got."""

    def __init__(self, completer: Completer) -> None:
        self._completer = completer
        self.requests: list[ModelRequest] = []

    def find(self, model: str, /) -> Recording:
        """Answers for every model."""
        return self

    async def close(self) -> None:
        """Nothing is open."""

    def complete(self, request: ModelRequest, /) -> Any:
        """The scripted answer."""
        self.requests.append(request)
        return self._completer.complete(request)


class Case:
    """One golden case on an assembled runtime."""

    def __init__(self, path: Path) -> None:
        self.content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.clock = ManualClock(1000.0)
        self.store = SqliteStore(":memory:", clock=self.clock)
        script = load_script(yaml.safe_dump({"turns": self.content["script"]}, sort_keys=False), path.name)
        self.model = Recording(ScriptedCompleter(script, self.clock))
        self.world = World(clock=self.clock, ids=SequenceIds(), store=self.store, completers=self.model)
        self.app: Mainspring = assemble(Settings(), self.world)
        self.session_id = ""
        self.refusals: list[str] = []

    async def run(self) -> str:
        """The journal as text, one event a line."""
        await self.store.open()
        for slug, worker in self.content.get("workers", {}).items():
            await self.app.agents.publish(PROJECT, source(slug, worker, "worker"))
        agent = await self.app.agents.publish(
            PROJECT, source("golden", self.content, self.content.get("format", "interactive"))
        )
        if agent.source.settings.format == "interactive":
            self.session_id = (
                await self.app.sessions.create(PROJECT, agent.id, self.content.get("input", {}))
            ).id
        for step in self.content["steps"]:
            await self._step(step)
        text = await self._journal()
        await self.app.hosts.close()
        await self.store.close()
        return text

    async def _step(self, step: Any) -> None:
        name, value = next(iter(step.items())) if isinstance(step, dict) else (step, None)
        await self.clock.advance(1.0)
        await getattr(self, f"_{name}")(value)
        held = name == "crash" or (name == "trigger" and bool((value or {}).get("hold")))
        if not held:
            await self._settle()

    async def _trigger(self, value: dict[str, Any]) -> None:
        given = {key: part for key, part in value.items() if key != "hold"}
        await self.app.sessions.trigger(PROJECT, self.session_id, msgspec.convert(given, TriggerRequest))

    async def _run(self, _value: None) -> None:
        leg = await self.app.sessions.run_worker(PROJECT, "golden", self.content.get("input", {}))
        self.session_id = leg.session_id

    async def _stop(self, _value: None) -> None:
        await self._said()
        await self.app.sessions.stop(PROJECT, self.session_id)

    async def _crash(self, _value: None) -> None:
        await self._said()
        self.world, self.app = await killed(self.world, self.app)
        await self.app.attendant.start()

    async def _wait(self, value: float) -> None:
        await self._said()
        await self.clock.advance(float(value))

    async def _expire(self, _value: None) -> None:
        await self.app.sessions.clear(PROJECT, self.session_id)

    async def _restore(self, value: list[dict[str, Any]]) -> None:
        await self.app.sessions.restore(PROJECT, self.session_id, RestoreRequest(messages=tuple(value)))

    async def _results(self, answers: list[dict[str, Any]]) -> None:
        state = await self.app.sessions.state(PROJECT, self.session_id)
        execution = state.execution
        assert execution is not None
        calls = [call.id for call in execution.calls.values() if not call.settled and call.worker is None]
        results = [
            ToolResult(tool_call_id=call_id, result=answer.get("result"), error=answer.get("error"))
            for call_id, answer in zip(calls, answers, strict=False)
        ]
        request = ContinueRequest(execution_id=execution.id, results=tuple(results))
        await self.app.sessions.resume_with(PROJECT, self.session_id, request)

    async def _said(self) -> None:
        """The model has come to a pause or to its end, and what it said is durable."""
        host = self.app.hosts.live(self.session_id)
        while host is not None and host.busy and not self.clock.sleepers:
            await self.clock.advance(0)
        await self._durable()

    async def _durable(self) -> None:
        await self.clock.advance(0)
        host = self.app.hosts.live(self.session_id)
        while host is not None and host.stream.cursor < host.journal.cursor:
            await host.stream.wait(host.stream.cursor)

    async def _settle(self) -> None:
        host = self.app.hosts.live(self.session_id)
        while host is not None and host.busy:
            await host.stream.wait(host.stream.cursor)

    async def state(self) -> State:
        """The session's state at the end."""
        return await self.app.sessions.state(PROJECT, self.session_id)

    async def _journal(self) -> str:
        lines: list[str] = []
        rows = await self.store.read(self.session_id, 0, 10_000)
        for row in rows:
            events = row.data.split(b"\n") if row.kind == DELTAS else [row.data]
            for cursor, data in enumerate(events, start=row.first):
                lines.append(f"{cursor} {data.decode()}")
        return "\n".join(lines) + "\n"


def source(slug: str, content: dict[str, Any], kind: Any) -> AgentSource:
    """An agent as one mapping of a case describes it."""
    return AgentSource(
        settings=AgentSettings(slug=slug, name=slug.title(), format=kind),
        protocol=content["protocol"],
        prompts=tuple(
            PromptFile(name=name, content=text) for name, text in content.get("prompts", {}).items()
        ),
        references=tuple(
            ReferenceFile(name=name, description=one["description"], content=one["content"])
            for name, one in content.get("references", {}).items()
        ),
    )


def cases() -> list[Path]:
    """Every case, by name."""
    return sorted(FOLDER.glob("*.yaml"))
