"""Owns the table of legal moves: each signal decided in each state a session can be in."""

from collections.abc import Callable

from msgspec.structs import replace

from mainspring.engine.decide import decide
from mainspring.engine.evolve import fold
from mainspring.engine.turn import Library
from mainspring.language.compiler import compile_agent
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile
from mainspring.model.errors import Failure, MainspringError
from mainspring.model.facts import SessionCreated
from mainspring.model.generation import Usage
from mainspring.model.parts import TextPart
from mainspring.model.session import State
from mainspring.model.signals import (
    AnswerSignal,
    CallWritten,
    ExpireSignal,
    FailedSignal,
    ResultsSignal,
    ResumeSignal,
    Signal,
    StopSignal,
    ToolResult,
    TriggerSignal,
)

PROTOCOL = """
tools:
  look-up: {description: Look up, parameters: {}}
agent: {model: scripted/moves, tools: [look-up], agentic: true}
"""
SOURCE = AgentSource(
    settings=AgentSettings(slug="moves", name="Moves"),
    protocol=PROTOCOL,
    prompts=(PromptFile(name="system", content="Help."),),
)
TOLD = (
    "triggered", "tool-settled", "generation-settled", "generation-failed", "generation-started", "tool-request",
    "resumed", "attempt-superseded", "finish", "error", "session-expired",
)  # fmt: skip
"""The events that tell one outcome from another."""
STATES = ("idle", "running", "waiting", "expired")
CALL = "call_x_0_1_1_1_1"


def _library() -> Library:
    program = compile_agent(SOURCE).program
    assert program is not None
    return Library(programs={program.hash: program})


LIBRARY = _library()


def _trigger(_: State, token: str = "y") -> Signal:
    return TriggerSignal(
        execution_id=f"exe_{token}", token=token, at=1.0, trigger="user-message", input={"USER_MESSAGE": "Hi"}
    )


def _answer(state: State, *parts: TextPart | CallWritten) -> Signal:
    said = parts or (TextPart(text="Hello."),)
    return AnswerSignal(
        generation_id="gen_2_0_1_1" if state.turns > 1 else "gen_1_0_1_1",
        attempt=1,
        parts=said,
        part_ids=tuple(f"txt_{index}" for index, _ in enumerate(said)),
        reason="stop",
        usage=Usage(),
        model="scripted/moves",
        at=1.0,
    )


def _failed(state: State) -> Signal:
    failure = Failure(error_type="provider_error", message="Cut.", retryable=True, source="provider")
    turn = 2 if state.turns > 1 else 1
    return FailedSignal(generation_id=f"gen_{turn}_0_1_1", attempt=1, failure=failure, at=1.0)


def _results(state: State) -> Signal:
    execution = state.execution.id if state.execution is not None else state.last_execution_id
    calls = list(state.execution.calls) if state.execution is not None else []
    result = ToolResult(tool_call_id=calls[0] if calls else "call_unknown", result=1)
    return ResultsSignal(execution_id=execution or "", results=(result,), at=1.0)


SIGNALS: dict[str, tuple[str, Callable[[State], Signal]]] = {
    "TriggerSignal": ("a trigger", _trigger),
    "ResultsSignal": ("tool results", _results),
    "AnswerSignal": ("the model answered", _answer),
    "FailedSignal": ("the model call failed", _failed),
    "StopSignal": ("stop", lambda _: StopSignal(at=1.0)),
    "ResumeSignal": ("taken up after a crash", lambda _: ResumeSignal(attempt="a", at=1.0)),
    "ExpireSignal": ("the time is over, or cleared", lambda _: ExpireSignal(at=1.0)),
}


def states() -> dict[str, State]:
    """A session in each state, after one turn that ended."""
    version = next(iter(LIBRARY.programs))
    created = SessionCreated(
        session_id="ses_1",
        project_id="default",
        agent_id="agt_1",
        version=version,
        format="interactive",
        input={},
        variables={},
        resources={},
        at=0.0,
    )
    fresh = fold([created])
    assert fresh is not None
    asked = decide(LIBRARY, fresh, _trigger(fresh, "x")).state
    idle = decide(LIBRARY, asked, _answer(asked)).state
    running = decide(LIBRARY, idle, _trigger(idle)).state
    call = CallWritten(call_id=CALL, name="look-up", arguments="{}")
    waiting = decide(LIBRARY, running, _answer(running, call)).state
    expired = decide(LIBRARY, idle, ExpireSignal(at=1.0)).state
    return {"idle": idle, "running": running, "waiting": waiting, "expired": expired}


def outcome(state: State, make: Callable[[State], Signal]) -> str:
    """What a signal does, in the words of the table."""
    try:
        decision = decide(LIBRARY, replace(state), make(state))
    except MainspringError as refused:
        return f"refused: `{refused.code}`"
    tags = [str(type(event).__struct_config__.tag) for event in decision.events]
    told = [tag for tag in dict.fromkeys(tags) if tag in TOLD]
    assert bool(told) == bool(tags), f"nothing of {tags} is told"
    return ", ".join(f"`{tag}`" for tag in told) or "–"


def moves_table() -> str:
    """The table, as Markdown."""
    found = states()
    lines = ["| signal | " + " | ".join(STATES) + " |", "| --- |" + " --- |" * len(STATES)]
    for name, (words, make) in SIGNALS.items():
        cells = [outcome(found[state], make) for state in STATES]
        lines.append(f"| `{name}`: {words} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
