"""Runs a stream golden: a protocol, a script for the model and steps from outside give exact journal events.

A case is one YAML file: `protocol`, `prompts`, `workers` (slug -> protocol), `input`, `script` (the turns of the
scripted model) and `steps`. Steps: `trigger: {...}`, `results: [...]` (in the order of the open calls), `stop`, `crash`
(the process is gone, another one opens the same database; `crash: settle`: and has done what it can),
`wait: seconds`, `expire`, `restore: [...]`, `approve: [...]` (answers to the open approval requests, in their order;
null leaves one open).

`box` makes this server run tools: by tool the outcomes of its attempts, in order; `hang` never ends.
"""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

import msgspec
import yaml

from mainspring.assembly import Mainspring, World, assemble
from mainspring.engine.lenses import open_approvals, running_calls, running_generations
from mainspring.engine.outstanding import wake_at
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile, ReferenceFile
from mainspring.model.generation import ModelRequest
from mainspring.model.rows import DELTAS
from mainspring.model.session import State
from mainspring.model.signals import ApprovalAnswer, ToolResult
from mainspring.providers.script_reader import load_script
from mainspring.providers.scripted import ScriptedCompleter
from mainspring.runtime.ports import Completer
from mainspring.runtime.requests import ContinueRequest, RestoreRequest, TriggerRequest
from mainspring.runtime.tool_calls import ToolCall, ToolOffer, ToolOutcome
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


class ScriptedBox:
    """A tool box whose attempts end as a case says; those it says nothing of hang."""

    name = "scripted"
    outlives = False

    def __init__(self, script: dict[str, list[Any]]) -> None:
        self.hanging = 0
        self._script = {tool: list(outcomes) for tool, outcomes in script.items()}

    def offers(self, project_id: str, agent: str, /) -> dict[str, ToolOffer]:
        """The tools of the case."""
        return {name: ToolOffer(name=name) for name in self._script}

    async def call(self, call: ToolCall, /) -> ToolOutcome:
        """The next outcome."""
        outcomes = self._script[call.tool]
        outcome = outcomes.pop(0) if outcomes else "hang"
        if outcome == "hang":
            self.hanging += 1
            try:
                await asyncio.Event().wait()
            finally:
                self.hanging -= 1
        return msgspec.convert(outcome, ToolOutcome)

    async def probe(self, call: ToolCall, /) -> ToolOutcome:
        """What a probe finds is an outcome like others."""
        return await self.call(call)

    def settled(self, call: ToolCall, /, *, durable: bool) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing runs on its own."""


class Case:
    """One golden case on an assembled runtime."""

    def __init__(self, path: Path) -> None:
        self.content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.clock = ManualClock(1000.0)
        self.store = SqliteStore(":memory:", clock=self.clock)
        script = load_script(yaml.safe_dump({"turns": self.content["script"]}, sort_keys=False), path.name)
        self.model = Recording(ScriptedCompleter(script, self.clock))
        self.box = ScriptedBox(self.content.get("box", {}))
        self.world = World(
            clock=self.clock,
            ids=SequenceIds(),
            store=self.store,
            completers=self.model,
            boxes=(self.box,),
        )
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
        held = (name == "crash" and value is None) or (name == "trigger" and bool((value or {}).get("hold")))
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

    async def _crash(self, value: str | None) -> None:
        await self._said()
        self.world, self.app = await killed(self.world, self.app)
        await self.app.attendant.start()
        while value == "settle" and self.app.hosts.live(self.session_id) is None:
            await self.clock.advance(0)

    async def _wait(self, value: float) -> None:
        await self._said()
        await self.clock.advance(float(value))
        host = self.app.hosts.live(self.session_id)
        while host is not None and (wake_at(host.state) or math.inf) <= self.clock.now():
            await self.clock.advance(0)

    async def _waits(self, times: int) -> None:
        """Lets the model come to its next pause, and the pause pass, so many times."""
        for _ in range(times):
            await self._said()
            await self.clock.wake()

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

    async def _approve(self, answers: list[dict[str, Any] | None]) -> None:
        execution = (await self.app.sessions.state(PROJECT, self.session_id)).execution
        assert execution is not None
        found: list[ApprovalAnswer] = []
        for call, answer in zip(open_approvals(execution), answers, strict=False):
            if answer is not None and call.approval is not None:
                found.append(msgspec.convert({"approvalId": call.approval.id, **answer}, ApprovalAnswer))
        await self.app.sessions.approve(PROJECT, self.session_id, tuple(found))

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
        while host is not None and host.busy and not self._hangs(host.state):
            await self.clock.advance(0)

    def _hangs(self, state: State) -> bool:
        """Whether nothing runs but calls that never end."""
        execution = state.execution
        running = [] if execution is None else running_calls(execution)
        models = execution is not None and running_generations(execution)
        return not models and 0 < len(running) == self.box.hanging

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
