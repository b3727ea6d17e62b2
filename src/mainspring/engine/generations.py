"""Owns the asking for a model call, and what a streamed answer looks like to clients."""

from __future__ import annotations

from mainspring.engine.brought import brought_tools
from mainspring.engine.compaction import begin_compaction
from mainspring.engine.served import served_tools
from mainspring.engine.thread_settings import ensure_thread
from mainspring.engine.turn import Turn
from mainspring.model.facts import GenerationStarted
from mainspring.model.program import NextMessage, Program, Tool
from mainspring.model.session import Frame, Thread
from mainspring.model.values import Value


def generation_id(turn: Turn, frame: Frame, step: int) -> str:
    """Derived from the place of the block and the step: the same effect has the same id whoever derives it."""
    return f"gen_{turn.place(frame)}_{step}"


def start_generation(turn: Turn, frame: Frame, *, thread: str, step: int, attempt: int = 1) -> None:
    """Asks for the next message of a thread; first for a summary of what it holds, if that has become too much."""
    settled = ensure_thread(turn, frame, thread)
    if attempt == 1 and begin_compaction(turn, turn.frame(frame.id), settled, step=step):
        return
    turn.emit(
        GenerationStarted(
            generation_id=generation_id(turn, frame, step),
            frame=frame.id,
            thread=thread,
            step=step,
            model=str(settled.settings["model"]),
            attempt=attempt,
        )
    )


def worker_frame_id(call_id: str) -> str:
    """The id of the worker that answers a call: known while the model still writes its input."""
    return "wrk_" + call_id.removeprefix("call_")


def in_chat(turn: Turn, frame: Frame) -> bool:
    """Whether what the model says in a frame's open block is part of the talk with the user."""
    block = turn.block(frame)
    return not (isinstance(block, NextMessage) and block.independent)


class Presentation(Value, frozen=True, kw_only=True):
    """How the answer of one model call streams: whoever performs the call writes the events by it.

    `streams`: text and reasoning are shown; `tools_shown`: tool input is. `key` is the stem of the ids of its parts,
    `call_key` that of its tool calls. `brought`: the tools of the caller that the model may call; `served`: those of
    MCP servers.
    """

    key: str
    call_key: str
    streams: bool
    tools_shown: bool
    worker_id: str | None
    response_type: str | None
    program: Program
    thread: Thread
    brought: dict[str, Tool] = {}
    served: dict[str, Tool] = {}

    def tool(self, name: str) -> Tool | None:
        """The tool of a name, declared, brought or served."""
        return self.program.tools.get(name) or self.brought.get(name) or self.served.get(name)


def presentation(turn: Turn, frame: Frame, *, attempt: int) -> Presentation:
    """The presentation of the generation a frame waits for."""
    block = turn.block(frame)
    generation = frame.generation
    if not isinstance(block, NextMessage) or generation is None:
        raise ValueError(f"frame {frame.id} waits for no model call")
    place = generation.id.removeprefix("gen_")
    ordinals = place.split("_", 1)[1]
    visible = turn.visible(frame)
    program, thread = turn.program(frame), turn.scope(frame.id).threads[generation.thread]
    return Presentation(
        key=f"{place}_{attempt}",
        call_key=f"call_{turn.execution.token}_{ordinals}_{attempt}",
        streams=visible and block.display == "stream",
        tools_shown=visible and block.display != "hidden",
        worker_id=turn.worker_id(frame),
        response_type=block.response_type,
        program=program,
        thread=thread,
        brought=brought_tools(turn.execution, program, frame, thread),
        served=served_tools(turn.library, program, turn.scope(frame.id), thread),
    )
