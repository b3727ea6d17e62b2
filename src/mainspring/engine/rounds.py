"""Owns a round of tool calls: opening what the model asked for, settling each call once, closing the round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from mainspring.engine.approvals import ask_if_needed
from mainspring.engine.brought import brought_tools
from mainspring.engine.builtin import ToolRefused, builtin_specs, run_builtin
from mainspring.engine.generations import start_generation, worker_frame_id
from mainspring.engine.inputs import check_arguments
from mainspring.engine.lenses import (
    caller_calls,
    open_approvals,
    open_calls,
    running_calls,
    running_generations,
)
from mainspring.engine.loop_guard import guard_loop
from mainspring.engine.policies import NOBODY, asked_as, call_policy, runner_of
from mainspring.engine.schema_check import check_schema
from mainspring.engine.served import cannot_activate, served_specs, served_tools
from mainspring.engine.turn import BlockFailed, Turn
from mainspring.engine.workers import open_worker
from mainspring.model.errors import Failure, ToolInfo
from mainspring.model.facts import (
    Paused,
    RoundClosed,
    ServerActivated,
    ToolCalled,
    ToolDeadlineSet,
    ToolSettled,
    VariableSet,
)
from mainspring.model.parts import FileReference, ToolResultPart
from mainspring.model.program import Display, Tool
from mainspring.model.served import ACTIVATE
from mainspring.model.session import Call, Frame, Thread
from mainspring.model.signals import CallWritten
from mainspring.model.stream_events import PendingToolCall, ToolInputAvailable, ToolRequest, WorkerResult
from mainspring.model.values import Json, Value

ARGUMENTS_SHOWN = 200
NAMED = ("octavus_reference_", "octavus_mcp_")
"""Built-in tools whose calls clients see by name."""
_decode_object = msgspec.json.Decoder(dict[str, Json]).decode
EQUAL_REFUSALS = 3
"""How often in a row a model may make the same wrong call."""
Ran = Literal["caller", "box", "builtin", "worker", "synthetic"]


class Outcome(Value, frozen=True, kw_only=True):
    """The one result of a call."""

    output: Json = None
    error: str | None = None
    cancelled: bool = False
    files: tuple[FileReference, ...] = ()
    refused: bool = False


class ParsedCall(Value, frozen=True, kw_only=True):
    """A call as the model wrote it, read: `problem` is what to tell the model if it cannot be run."""

    call_id: str
    name: str
    args: dict[str, Json]
    metadata: dict[str, Json] | None = None
    problem: str | None = None


def parse_call(written: CallWritten) -> ParsedCall:
    """Reads the arguments' JSON; no arguments at all stand for none."""
    text = written.arguments.strip() or "{}"
    args: dict[str, Json] = {}
    problem = None
    try:
        args = _decode_object(text)
    except (msgspec.DecodeError, RecursionError):
        problem = f"The arguments are not a JSON object: {text[:ARGUMENTS_SHOWN]}"
    return ParsedCall(
        call_id=written.call_id, name=written.name, args=args, metadata=written.metadata, problem=problem
    )


def callable_names(thread: Thread, brought: Iterable[str]) -> list[str]:
    """Every tool name the model may use in a thread, with those that the caller brought."""
    return [
        *thread.names("tools"),
        *thread.names("workers"),
        *(spec.name for spec in builtin_specs(thread)),
        *brought,
    ]


def tool_display(turn: Turn, frame: Frame, name: str, brought: Mapping[str, Tool]) -> Display:
    """How a tool shows; what Mainspring answers itself shows by its name, the todo list by its own event."""
    program = turn.program(frame)
    tool = program.tools.get(name) or brought.get(name)
    if tool is not None:
        return tool.display
    if name in program.workers:
        return "hidden"
    return "name" if name.startswith(NAMED) else "hidden"


def _is_builtin(name: str) -> bool:
    """Whether a tool is answered here and now; to activate a server is a call of its tool box."""
    return name.startswith("octavus_") and name != ACTIVATE


def open_round(turn: Turn, frame: Frame, calls: list[ParsedCall], *, step_limit: bool) -> None:
    """Enters every call in the ledger and answers those that need nobody else.

    Frames of workers that begin here are put in `turn.ready`; the round may already be complete on return.
    """
    for call in calls:
        _open_call(turn, turn.frame(frame.id), call, step_limit=step_limit)


def _open_call(turn: Turn, frame: Frame, call: ParsedCall, *, step_limit: bool) -> None:
    generation = frame.generation
    if generation is None:
        raise ValueError(f"frame {frame.id} has no tool round")
    thread = turn.scope(frame.id).threads[generation.thread]
    brought = brought_tools(turn.execution, turn.program(frame), frame, thread)
    offered = {**served_tools(turn.library, turn.program(frame), turn.scope(frame.id), thread), **brought}
    problem = _problem(turn, frame, thread, offered, call)
    refused = problem is not None
    if step_limit and not refused:
        problem = f"Not run: the limit of {generation.step} model calls was reached."
    is_worker = problem is None and call.name in turn.program(frame).workers
    display = tool_display(turn, frame, call.name, offered)
    not_boxed = problem is not None or is_worker or call.name in brought or _is_builtin(call.name)
    turn.emit(
        ToolCalled(
            call_id=call.call_id,
            frame=frame.id,
            tool=call.name,
            args=call.args,
            source="llm",
            block_index=frame.index,
            thread=generation.thread,
            generation_id=generation.id,
            display=display,
            worker=worker_frame_id(call.call_id) if is_worker else None,
            **(NOBODY if not_boxed else runner_of(turn, frame, call.name)),
        )
    )
    _announce(turn, frame, call, display=display)
    if is_worker:
        problem = open_worker(turn, frame, slug=call.name, given=call.args, call_id=call.call_id)
        refused = problem is not None
    if problem is not None:
        _close_worker_input(turn, frame, call, problem=problem)
        settle_call(turn, call.call_id, Outcome(error=problem, refused=refused), ran="synthetic")
    elif not is_worker and _is_builtin(call.name):
        _answer_builtin(turn, frame, call)
    elif not is_worker:
        ask_if_needed(turn, call.call_id)


def _problem(
    turn: Turn, frame: Frame, thread: Thread, offered: Mapping[str, Tool], call: ParsedCall
) -> str | None:
    """What the model has to mend before its call can be run; None: nothing."""
    program = turn.program(frame)
    specs = served_specs(turn.library, program, thread)
    names = [*callable_names(thread, offered), *(spec.name for spec in specs)]
    if call.name not in names:
        return f"There is no tool {call.name!r}. Tools: {', '.join(names) or 'none'}."
    if call.problem is not None:
        return call.problem
    if call.name == ACTIVATE:
        return cannot_activate(turn, frame, thread, call.args)
    if call.name in offered:
        problems = check_schema(offered[call.name].schema, call.args)
    elif call.name in program.tools:
        problems = check_arguments(program.tools[call.name], program, call.args)
    else:
        return None
    return f"The arguments do not fit: {'; '.join(problems)}." if problems else None


def _announce(turn: Turn, frame: Frame, call: ParsedCall, *, display: Display) -> None:
    if display == "hidden" or turn.block(frame).display == "hidden" or not turn.visible(frame):
        return
    turn.emit(
        ToolInputAvailable(
            tool_call_id=call.call_id,
            tool_name=call.name,
            input=call.args if display in ("description", "stream") else {},
            worker_id=turn.worker_id(frame),
        )
    )


def _close_worker_input(turn: Turn, frame: Frame, call: ParsedCall, *, problem: str) -> None:
    """A worker whose input has streamed and that does not run: clients must not wait for it."""
    worker = turn.program(frame).workers.get(call.name)
    shown = turn.visible(frame) and turn.block(frame).display != "hidden"
    if worker is not None and worker.display == "stream" and shown:
        turn.emit(WorkerResult(worker_id=worker_frame_id(call.call_id), error=problem))


def _answer_builtin(turn: Turn, frame: Frame, call: ParsedCall) -> None:
    try:
        output = run_builtin(turn, frame, call.name, call.args)
    except ToolRefused as refusal:
        settle_call(turn, call.call_id, Outcome(error=str(refusal), refused=True), ran="builtin")
    else:
        settle_call(turn, call.call_id, Outcome(output=output), ran="builtin")


def settle_call(turn: Turn, call_id: str, outcome: Outcome, *, ran: Ran) -> None:
    """Records the one result of a call. Does not close its round: `advance_call` does."""
    call = turn.execution.calls[call_id]
    frame = turn.frame(call.frame)
    shown = turn.visible(frame) and turn.block(frame).display != "hidden"
    turn.emit(
        ToolSettled(
            call_id=call_id,
            tool=call.tool,
            ran=ran,
            output=outcome.output,
            error=outcome.error,
            cancelled=outcome.cancelled,
            files=outcome.files,
            display=call.display if shown else "hidden",
            worker_id=turn.worker_id(frame),
            refused=outcome.refused,
        )
    )
    if call.tool == ACTIVATE and outcome.error is None:
        turn.emit(ServerActivated(frame=call.frame, server=str(call.args.get("server"))))


def close_round(turn: Turn, frame: Frame) -> bool:
    """Joins the results to the thread if every call of the frame's round is settled; whether it did."""
    generation = frame.generation
    if generation is None or not generation.settled or not generation.call_ids:
        return False
    calls = [turn.execution.calls.get(call_id) for call_id in generation.call_ids]
    if not all(call is not None and call.settled for call in calls):
        return False
    turn.emit(
        RoundClosed(
            frame=frame.id,
            thread=generation.thread,
            generation_id=generation.id,
            message_id=f"{turn.execution.message_id}_{generation.id.removeprefix('gen_')}_results",
            at=turn.at,
        )
    )
    return True


def _give_up_repeating(turn: Turn, frame: Frame) -> None:
    """A model that makes the same wrong call again and again would do so until its steps are used up."""
    if frame.refusals < EQUAL_REFUSALS or frame.generation is None:
        return
    messages = turn.scope(frame.id).threads[frame.generation.thread].messages
    wrong = next(part for part in messages[-1].parts if isinstance(part, ToolResultPart))
    raise BlockFailed(
        Failure(
            error_type="tool_error",
            message=f"The model made the same wrong call {frame.refusals} times in a row: {wrong.error}",
            retryable=False,
            source="tool",
            code="REPEATED_TOOL_FAILURE",
            tool=ToolInfo(name=wrong.tool, call_id=wrong.call_id),
        )
    )


def advance_round(turn: Turn, frame_id: str) -> None:
    """After a call of a model's round has settled: closes the round if complete, and asks the model again."""
    frame = turn.frame(frame_id)
    generation = frame.generation
    if not close_round(turn, frame) or generation is None:
        return
    _give_up_repeating(turn, turn.frame(frame_id))
    thread = turn.scope(frame_id).threads[generation.thread]
    if generation.step >= int(thread.settings["maxSteps"]):
        turn.end_block(frame_id)
        return
    guard_loop(turn, frame, thread)
    start_generation(turn, frame, thread=thread.name, step=generation.step + 1)


def advance_call(turn: Turn, call_id: str) -> None:
    """After a call has settled: the block or the round that waited for it moves on."""
    call = turn.execution.calls[call_id]
    if call.source == "llm":
        advance_round(turn, call.frame)
        return
    if call.output_variable is not None:
        value = call.output if call.error is None else {"error": call.error}
        turn.emit(VariableSet(frame=call.frame, name=call.output_variable, value=value))
    turn.end_block(call.frame)


def request_calls(turn: Turn, *, again: bool) -> None:
    """Asks the caller for every open call once nothing else runs; `again`: also if each was asked for before.

    If only people can move the execution on, says so: an answer to the caller has nothing more to wait for.
    """
    execution = turn.state.execution
    if execution is None or running_generations(execution) or running_calls(execution):
        return
    calls = caller_calls(execution)
    if calls and (again or any(not call.requested for call in calls)):
        _set_deadlines(turn, calls)
        turn.emit(
            ToolRequest(tool_calls=tuple(_pending(turn, call) for call in calls), execution_id=execution.id)
        )
    elif (again or turn.events) and len(open_approvals(execution)) == len(open_calls(execution)) > 0:
        turn.emit(Paused(execution_id=execution.id))


def _set_deadlines(turn: Turn, calls: list[Call]) -> None:
    for call in calls:
        timeout = call_policy(turn, call).timeout
        if timeout is not None and call.deadline is None:
            turn.emit(ToolDeadlineSet(call_id=call.id, deadline=turn.at + timeout))


def _pending(turn: Turn, call: Call) -> PendingToolCall:
    frame = turn.frame(call.frame)
    return PendingToolCall(
        tool_call_id=call.id,
        tool_name=asked_as(turn, frame, call.tool)[1],
        args=call.args,
        source=call.source,
        output_variable=call.output_variable,
        block_index=call.block_index if call.source == "block" else None,
        thread=None if call.thread == "main" else call.thread,
        worker_id=turn.worker_id(frame),
    )
