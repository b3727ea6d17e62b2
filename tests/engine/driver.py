"""Drives the pure engine by hand: signals in, events out, the fold checked after each."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mainspring.engine.decide import decide
from mainspring.engine.evolve import fold
from mainspring.engine.lenses import open_approvals
from mainspring.engine.turn import Library
from mainspring.language.compiler import compile_agent
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile
from mainspring.model.events import Event, decode_event, encode_event
from mainspring.model.facts import SessionCreated
from mainspring.model.generation import FinishReason, Usage
from mainspring.model.parts import TextPart, ToolResultPart
from mainspring.model.program import Program
from mainspring.model.session import Call, State
from mainspring.model.signals import (
    AnswerPart,
    AnswerSignal,
    ApprovalAnswer,
    ApprovalSignal,
    AttemptSignal,
    CallWritten,
    ResultsSignal,
    Signal,
    TickSignal,
    ToolResult,
    TriggerSignal,
)
from mainspring.model.values import Json, encode_json

HELPER = """
tools:
  look: { description: Look }
  find: { description: Find }
agent:
  model: scripted/model
  system: system
  agentic: true
  tools: [look, find]
"""

ONE_EACH = Usage(input_tokens=1, output_tokens=1)


def compiled(protocol: str, *, slug: str = "agent", worker: bool = False) -> Program:
    """The program of a protocol with one prompt, `system`."""
    source = AgentSource(
        settings=AgentSettings(slug=slug, name=slug, format="worker" if worker else "interactive"),
        protocol=protocol,
        prompts=(PromptFile(name="system", content="Help."),),
    )
    compilation = compile_agent(source)
    assert compilation.program is not None, compilation.diagnostics
    return compilation.program


class Driver:
    """One session of one agent."""

    def __init__(self, protocol: str = HELPER, *, boxed: Collection[str] = (), **workers: str) -> None:
        program = compiled(protocol)
        others = {slug: compiled(text, slug=slug, worker=True) for slug, text in workers.items()}
        self.library = Library(
            programs={one.hash: one for one in (program, *others.values())},
            workers={slug: one.hash for slug, one in others.items()},
            boxed=frozenset(boxed),
        )
        created = SessionCreated(
            session_id="ses",
            project_id="default",
            agent_id="agt",
            version=program.hash,
            format="interactive",
            input={},
            variables={},
            resources={},
            at=1.0,
        )
        self.events: list[Event] = [created]
        state = fold(self.events)
        assert state is not None
        self.state: State = state
        self.turns = 0

    def signal(self, signal: Signal) -> list[Event]:
        """The new events; raises what `decide` raises, then nothing has changed."""
        decision = decide(self.library, self.state, signal)
        self.events.extend(decision.events)
        self.state = decision.state
        assert fold(self.events) == self.state
        assert fold(decode_event(encode_event(event)) for event in self.events) == self.state
        return list(decision.events)

    def trigger(self, text: str = "Hi", **more: Any) -> list[Event]:
        """A user message."""
        self.turns += 1
        token = f"T{self.turns}"
        signal = TriggerSignal(
            execution_id=f"exe_{token}",
            token=token,
            at=2.0,
            trigger=more.pop("trigger", "user-message"),
            input=more.pop("given", {"USER_MESSAGE": text}),
            **more,
        )
        return self.signal(signal)

    def answer(
        self,
        text: str = "",
        *calls: str | tuple[str, dict[str, Json]],
        reason: FinishReason = "stop",
        attempt: int = 1,
        at: float = 3.0,
        usage: Usage = ONE_EACH,
    ) -> list[Event]:
        """The model answers the one open call of a model: text, and tool calls by name, perhaps with arguments."""
        assert self.state.execution is not None
        frame = next(
            one
            for one in self.state.execution.frames.values()
            if one.generation and not one.generation.settled
        )
        generation = frame.generation
        assert generation is not None
        written: list[AnswerPart] = [TextPart(text=text)] if text else []
        for number, call in enumerate(calls, start=1):
            name, args = (call, "") if isinstance(call, str) else (call[0], encode_json(call[1]).decode())
            written.append(CallWritten(call_id=f"call_{generation.id}_{number}", name=name, arguments=args))
        return self.signal(
            AnswerSignal(
                generation_id=generation.id,
                attempt=attempt,
                parts=tuple(written),
                part_ids=tuple(f"p{number}" for number in range(len(written))),
                reason=reason,
                usage=usage,
                model=generation.model,
                at=at,
            )
        )

    def open_calls(self) -> list[str]:
        """Ids of the calls without a result."""
        assert self.state.execution is not None
        return [call.id for call in self.state.execution.calls.values() if not call.settled]

    def results(self, *results: ToolResult, execution: str | None = None) -> list[Event]:
        """Tool results arrive."""
        return self.signal(
            ResultsSignal(execution_id=execution or f"exe_T{self.turns}", results=results, at=4.0)
        )

    # ---- the ledger ---------------------------------------------------------------------------------------

    def call(self, number: int = 0) -> Call:
        """An open call, by its position among them."""
        assert self.state.execution is not None
        return self.state.execution.calls[self.open_calls()[number]]

    def ended(self, number: int = 0, *, at: float = 4.0, **members: Any) -> list[Event]:
        """The running attempt of an open call ends."""
        call = self.call(number)
        return self.signal(AttemptSignal(call_id=call.id, attempt=call.attempt, at=at, **members))

    def tick(self, at: float) -> list[Event]:
        """Time passes."""
        return self.signal(TickSignal(at=at))

    def approval(self, number: int = 0) -> str:
        """The id of an open approval request, by its position among them."""
        assert self.state.execution is not None
        found = open_approvals(self.state.execution)[number].approval
        assert found is not None
        return found.id

    def approve(self, *answers: ApprovalAnswer, at: float = 4.0) -> list[Event]:
        """People answer."""
        return self.signal(ApprovalSignal(approvals=answers, at=at))

    def results_of(self, thread: str = "main") -> list[tuple[Json, str | None]]:
        """Output and error of every call in a thread, in order."""
        messages = self.state.scopes[self.state.root].threads[thread].messages
        return [
            (part.output, part.error)
            for message in messages
            for part in message.parts
            if isinstance(part, ToolResultPart)
        ]


def kinds(events: list[Event]) -> list[str]:
    """The type names of events."""
    return [type(event).__name__ for event in events]
