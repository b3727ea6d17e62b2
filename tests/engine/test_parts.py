"""Small pure pieces of the engine: schemas, the serialized thread, presentations, what cannot happen."""

from __future__ import annotations

import msgspec
import pytest

from mainspring.engine.blocks.next_message import answered
from mainspring.engine.builtin import run_builtin
from mainspring.engine.endings import Partial, settle_cut
from mainspring.engine.evolve import evolve
from mainspring.engine.generations import presentation
from mainspring.engine.interpreter import run
from mainspring.engine.lenses import find_generation
from mainspring.engine.rounds import ParsedCall, advance_round, open_round
from mainspring.engine.schemas import input_schema
from mainspring.engine.thread_text import to_json, to_markdown
from mainspring.engine.turn import BlockFailed, Library, Turn
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.errors import InvalidAgent
from mainspring.model.facts import GenerationSettled, RoundClosed
from mainspring.model.generation import Usage
from mainspring.model.messages import Message
from mainspring.model.parts import (
    FilePart,
    FileReference,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mainspring.model.program import Declared, GenerateMedia, TypeRef
from mainspring.model.signals import AnswerSignal, CallWritten, ToolResult
from tests.engine.driver import Driver, compiled

WORKER = """
types:
  Point: { x: { type: number } }
input:
  WORD: { type: string, description: Say it, enum: [a, b] }
  POINTS: { type: "Point[]", optional: true }
  ANY: { type: unknown, optional: true }
steps:
  Start: { block: start-thread, thread: t, model: scripted/x, system: system }
"""

TALK = (
    Message(id="1", role="user", at=1.0, parts=(
        FilePart(file=FileReference(id="f", media_type="image/png", url="https://files.example/a.png")),
        TextPart(text="Look"),
    )),
    Message(id="2", role="assistant", at=1.0, parts=(
        ReasoningPart(text="Hm"),
        ToolCallPart(call_id="c1", tool="look", args={"a": 1}),
        ToolCallPart(call_id="c2", tool="look", args={}),
    )),
    Message(id="3", role="tool", at=1.0, parts=(
        ToolResultPart(call_id="c1", tool="look", output=[1]),
        ToolResultPart(call_id="c2", tool="look", error="dark"),
    )),
    Message(id="4", role="assistant", at=1.0, parts=(TextPart(text="Seen"),)),
)  # fmt: skip


def test_a_workers_input_as_a_schema() -> None:
    program = compiled(WORKER, worker=True)
    schema = input_schema(program, program.input)
    assert schema["required"] == ["WORD"]
    assert schema["properties"]["WORD"] == {"type": "string", "enum": ["a", "b"], "description": "Say it"}
    assert schema["properties"]["POINTS"]["items"]["properties"]["x"]["type"] == "number"
    assert schema["properties"]["ANY"] == {}
    assert schema["additionalProperties"] is False


def test_a_schema_without_anything_required() -> None:
    program = compiled(WORKER, worker=True)
    only = {"A": Declared(name="A", type=TypeRef(name="file"), optional=True)}
    assert "required" not in input_schema(program, only)


def test_a_thread_as_markdown() -> None:
    assert to_markdown(TALK).split("\n\n") == [
        "**User:** [file https://files.example/a.png]",
        "**User:** Look",
        '**Tool call:** look({"a":1})',
        "**Tool call:** look({})",
        "**Tool result:** look: [1]",
        "**Tool result:** look: dark",
        "**Assistant:** Seen",
    ]


def test_a_thread_as_json() -> None:
    entries = msgspec.json.decode(to_json(TALK))
    assert entries[0] == {"role": "user", "content": "Look"}
    assert entries[1]["toolCalls"][0] == {"id": "c1", "name": "look", "arguments": {"a": 1}}
    assert entries[2]["toolResults"] == [
        {"id": "c1", "name": "look", "result": [1]},
        {"id": "c2", "name": "look", "error": "dark"},
    ]


def turn_of(driver: Driver) -> Turn:
    return Turn(driver.library, driver.state, at=1.0)


def test_no_execution_no_frame() -> None:
    turn = turn_of(Driver())
    with pytest.raises(ValueError, match="no execution"):
        _ = turn.execution


def test_a_frame_whose_version_is_gone_fails() -> None:
    driver = Driver()
    driver.trigger()
    turn = Turn(Library(programs={}), driver.state, at=1.0)
    with pytest.raises(BlockFailed, match="no longer there"):
        turn.program(turn.frame("main"))


def test_what_waits_for_no_model_call_says_so() -> None:
    driver = Driver()
    driver.trigger()
    driver.answer("", "look")
    driver.results()
    turn = turn_of(driver)
    frame = msgspec.structs.replace(turn.frame("main"), generation=None)
    answer = AnswerSignal(
        generation_id="x", attempt=1, parts=(), part_ids=(), reason="stop", usage=Usage(), model="a/b", at=1.0
    )
    with pytest.raises(ValueError, match="no model call"):
        presentation(turn, frame, attempt=1)
    with pytest.raises(ValueError, match="no model call"):
        settle_cut(turn, frame, Partial(), failed=True)
    with pytest.raises(ValueError, match="no model call"):
        answered(turn, frame, answer)
    with pytest.raises(ValueError, match="no tool round"):
        run_builtin(turn, frame, "octavus_reference_list", {})
    assert find_generation(turn.execution, "gen_none") is None


def test_a_round_needs_its_generation() -> None:
    driver = Driver()
    driver.trigger()
    turn = turn_of(driver)
    state = turn.state
    assert state.execution is not None
    bare = msgspec.structs.replace(state.execution.frames["main"], generation=None)
    frames = {**state.execution.frames, "main": bare}
    turn.state = msgspec.structs.replace(
        state, execution=msgspec.structs.replace(state.execution, frames=frames)
    )
    with pytest.raises(ValueError, match="no tool round"):
        open_round(turn, bare, [ParsedCall(call_id="c", name="look", args={})], step_limit=False)
    advance_round(turn, "main")
    assert turn.events == []


def test_a_frame_that_is_gone_or_waits_does_not_move() -> None:
    driver = Driver()
    driver.trigger()
    turn = turn_of(driver)
    turn.ready.extend(["nobody", "main"])
    run(turn)
    assert turn.events == []


def test_a_media_block_says_that_it_cannot_run() -> None:
    driver = Driver()
    version = driver.state.version
    program = driver.library.programs[version]
    block = GenerateMedia(name="Draw", index=0, display="description", kind="generate-image")
    changed = msgspec.structs.replace(program, handlers={"user-message": (block,)})
    driver.library = Library(programs={version: changed})
    events = driver.trigger()
    assert [type(event).__name__ for event in events[-4:]] == [
        "BlockEnd",
        "BlockDone",
        "ErrorEvent",
        "ExecutionEnded",
    ]
    assert "does not run generate-image" in str(events[-2])


def test_workers_call_each_other_only_so_deep() -> None:
    again = "workers: { again: { description: Again } }\nsteps: { Run: { block: run-worker, worker: again } }"
    main = """
workers: { again: { description: Again } }
agent: { model: scripted/x, system: system }
handlers: { user-message: { Run: { block: run-worker, worker: again }, Say: next-message } }
"""
    driver = Driver(main, again=again)
    events = driver.trigger()
    opened = [event for event in events if type(event).__name__ == "FrameOpened"]
    assert len(opened) == 8
    driver.answer("Deep enough.")
    assert driver.state.execution is None
    assert set(driver.state.scopes) == {"main"}


def test_a_thread_that_was_never_started_ends_the_turn() -> None:
    driver = Driver(
        """
triggers: { begin: {}, ask: {} }
agent: { model: scripted/x, system: system }
handlers:
  begin: { Start: { block: start-thread, thread: side, system: system } }
  ask: { Say: { block: next-message, thread: side } }
"""
    )
    error = driver.trigger(trigger="ask", given={})[-2]
    assert "was not started" in str(error)
    driver.trigger(trigger="begin", given={})
    driver.trigger(trigger="ask", given={})
    driver.answer("", reason="stop")
    assert driver.state.execution is None
    assert driver.state.scopes["main"].threads["side"].messages == ()


def test_a_variable_without_a_file_ends_the_turn() -> None:
    driver = Driver(
        """
variables: { SHOT: { type: file } }
tools: { shoot: { description: Shoot } }
triggers: { user-message: { input: { USER_MESSAGE: { type: string } } } }
agent: { model: scripted/x, system: system }
handlers:
  user-message:
    Shoot: { block: tool-call, tool: shoot, output: SHOT }
    Add: { block: add-message, role: user, prompt: system, files: [SHOT] }
"""
    )
    driver.trigger()
    call = driver.open_calls()[0]
    error = driver.results(ToolResult(tool_call_id=call, result="no file"))[-2]
    assert "SHOT holds no file" in str(error)


def test_an_invalid_agent_carries_its_diagnostics() -> None:
    found = InvalidAgent("bad", diagnostics=(Diagnostic(code="x", message="bad"),))
    assert found.diagnostics[0].code == "x"
    assert found.status == 400


def test_steps_of_a_strange_generation_are_refused() -> None:
    driver = Driver()
    driver.trigger()
    event = RoundClosed(frame="main", thread="main", generation_id="gen_x", message_id="m", at=1.0)
    with pytest.raises(ValueError, match="gen_x, which is not open"):
        evolve(driver.state, event)


def test_an_empty_part_is_no_part() -> None:
    driver = Driver()
    driver.trigger()
    answer = AnswerSignal(
        generation_id="gen_1_0_1_1",
        attempt=1,
        parts=(TextPart(text=""), TextPart(text="Yes")),
        part_ids=("a", "b"),
        reason="stop",
        usage=Usage(),
        model="scripted/x",
        at=1.0,
    )
    settled = driver.signal(answer)[0]
    assert isinstance(settled, GenerationSettled)
    assert settled.part_ids == ("b",)


def test_a_hidden_worker_is_not_heard_of_and_keeps_its_own_list() -> None:
    main = """
workers: { quiet: { display: hidden } }
agent: { model: scripted/x, system: system }
handlers: { user-message: { Run: { block: run-worker, worker: quiet } } }
"""
    quiet = """
steps:
  Start: { block: start-thread, thread: t, model: scripted/x, system: system, todoList: true, maxSteps: 3 }
  Say: { block: next-message, thread: t }
"""
    driver = Driver(main, quiet=quiet)
    heard = driver.trigger()
    answer = AnswerSignal(
        generation_id="gen_1_1_1_1",
        attempt=1,
        parts=(
            CallWritten(call_id="call_1", name="octavus_todo_write", arguments='{"todos": [{"id": "a"}]}'),
        ),
        part_ids=("call_1",),
        reason="tool-calls",
        usage=Usage(),
        model="scripted/x",
        at=1.0,
    )
    heard += driver.signal(answer)
    heard += driver.answer("Done")
    names = {type(event).__name__ for event in heard}
    assert not names & {"WorkerStart", "WorkerResult", "TodoUpdate", "ToolInputAvailable"}
    assert driver.state.execution is None
