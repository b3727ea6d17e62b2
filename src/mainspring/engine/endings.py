"""Owns every way a frame or an execution ends: finished, failed, stopped, superseded; all that is open gets closed."""

from __future__ import annotations

from typing import Literal

from mainspring.engine.approvals import close_approval, close_approvals
from mainspring.engine.generations import in_chat
from mainspring.engine.recovery import summarized
from mainspring.engine.rounds import Outcome, advance_call, close_round, settle_call
from mainspring.engine.turn import BlockFailed, Turn, announced
from mainspring.model.errors import Failure
from mainspring.model.events import failure_event
from mainspring.model.facts import (
    BlockDone,
    ExecutionEnded,
    FrameClosed,
    GenerationSettled,
    VariableSet,
)
from mainspring.model.generation import Usage
from mainspring.model.messages import Message
from mainspring.model.parts import ReasoningPart, TextPart
from mainspring.model.program import RunWorker
from mainspring.model.session import Frame
from mainspring.model.stream_events import BlockEnd, Finish, StreamFinish, WorkerResult
from mainspring.model.values import Json, Value

CANCELLED = "The call was cancelled."
_FINISH_REASONS: dict[str, StreamFinish] = {
    "length": "length",
    "content-filter": "content-filter",
    "other": "other",
}


class Partial(Value, frozen=True, kw_only=True):
    """What a cut model call had said, the ids it streamed under, and what it cost as far as that is known."""

    parts: tuple[TextPart | ReasoningPart, ...] = ()
    part_ids: tuple[str, ...] = ()
    usage: Usage = Usage()


class WorkerOutcome(Value, frozen=True, kw_only=True):
    """How a worker ended."""

    output: Json = None
    error: str | None = None
    cancelled: bool = False


def finish_root(turn: Turn) -> None:
    """The handler (or a standalone worker's last step) is over."""
    execution = turn.execution
    frame = turn.frame(execution.root)
    if turn.state.format == "worker":
        output = turn.program(frame).output
        value = turn.scope(frame.id).variables.get(output) if output is not None else None
        turn.emit(WorkerResult(worker_id=frame.id, output=value))
    reason = _FINISH_REASONS.get(execution.finish_reason, "stop")
    turn.emit(Finish(finish_reason=reason, execution_id=execution.id))
    _end(turn, "finished")


def finish_frame(turn: Turn, frame: Frame) -> None:
    """A frame has no block left."""
    if frame.parent is None:
        finish_root(turn)
        return
    output = turn.program(frame).output
    value = turn.scope(frame.id).variables.get(output) if output is not None else None
    close_worker(turn, frame, WorkerOutcome(output=value))
    return_to_parent(turn, frame, WorkerOutcome(output=value))


def close_worker(turn: Turn, frame: Frame, outcome: WorkerOutcome) -> None:
    """Ends a called worker's frame and tells clients, per its display."""
    parent = turn.frame(frame.parent or turn.execution.root)
    if frame.display != "hidden" and turn.visible(parent):
        turn.emit(
            WorkerResult(
                worker_id=frame.id,
                output=outcome.output if frame.display == "stream" else None,
                error=outcome.error,
                cancelled=outcome.cancelled,
            )
        )
    turn.emit(
        FrameClosed(frame=frame.id, output=outcome.output, error=outcome.error, cancelled=outcome.cancelled)
    )


def return_to_parent(turn: Turn, frame: Frame, outcome: WorkerOutcome) -> None:
    """Hands a worker's result to the call or the block that started it; what then fails is the parent's failure."""
    parent = turn.frame(frame.parent or turn.execution.root)
    try:
        _hand_over(turn, frame, parent, outcome)
    except BlockFailed as failed:
        fail_frame(turn, turn.frame(parent.id), failed.failure)


def _hand_over(turn: Turn, frame: Frame, parent: Frame, outcome: WorkerOutcome) -> None:
    if parent.compacting is not None:
        summarized(turn, parent, parent.compacting, outcome.output, outcome.error)
        return
    if frame.call_id is not None:
        settle_call(turn, frame.call_id, Outcome(output=outcome.output, error=outcome.error), ran="worker")
        advance_call(turn, frame.call_id)
        return
    block = turn.block(parent)
    if isinstance(block, RunWorker) and block.output is not None:
        value = outcome.output if outcome.error is None else {"error": outcome.error}
        turn.emit(VariableSet(frame=parent.id, name=block.output, value=value))
    turn.end_block(parent.id)


def fail_frame(turn: Turn, frame: Frame, failure: Failure, partial: Partial | None = None) -> None:
    """A frame cannot go on: a worker's caller gets an error result, the root's execution ends with `error`.

    A frame fails in its own block or model call, so no frame below it is open, except when the root is given up.
    """
    cut = {} if frame.generation is None or partial is None else {frame.generation.id: partial}
    if frame.parent is None:
        _close_all(turn, cut, failed=True)
        if turn.state.format == "worker":
            turn.emit(WorkerResult(worker_id=frame.id, error=failure.message))
        turn.emit(failure_event(failure))
        _end(turn, "failed")
        return
    _close_frame(turn, frame, cut, failed=True)
    outcome = WorkerOutcome(error=failure.message)
    close_worker(turn, frame, outcome)
    return_to_parent(turn, frame, outcome)


def stop_execution(turn: Turn, partials: dict[str, Partial], *, superseded: bool = False) -> None:
    """Ends the execution at somebody's wish; what had been said is kept as a finished message."""
    execution = turn.execution
    if superseded:
        close_approvals(turn, "superseded")
    _close_all(turn, partials, failed=False)
    if turn.state.format == "worker":
        turn.emit(WorkerResult(worker_id=execution.root, error="The worker was stopped.", cancelled=True))
    turn.emit(Finish(finish_reason="stop", execution_id=execution.id))
    _end(turn, "superseded" if superseded else "stopped")


def _end(turn: Turn, outcome: Literal["finished", "failed", "stopped", "superseded"]) -> None:
    execution = turn.execution
    turn.ready.clear()
    turn.emit(ExecutionEnded(execution_id=execution.id, outcome=outcome, usage=execution.usage, at=turn.at))


def _below(turn: Turn, frame: Frame) -> list[Frame]:
    """The frames below one, the deepest first."""
    below: list[Frame] = []
    for other in reversed(list(turn.execution.frames.values())):
        above = other
        while above.parent is not None:
            above = turn.frame(above.parent)
            if above.id == frame.id:
                below.append(other)
                break
    return below


def _close_all(turn: Turn, partials: dict[str, Partial], *, failed: bool) -> None:
    root = turn.frame(turn.execution.root)
    for frame in _below(turn, root):
        _close_frame(turn, frame, partials, failed=failed)
        close_worker(turn, frame, WorkerOutcome(error="The worker was stopped.", cancelled=True))
    _close_frame(turn, root, partials, failed=failed)


def _close_frame(turn: Turn, frame: Frame, partials: dict[str, Partial], *, failed: bool) -> None:
    if frame.generation is not None and not frame.generation.settled:
        settle_cut(turn, frame, partials.get(frame.generation.id, Partial()), failed=failed)
    for call in list(turn.execution.calls.values()):
        if call.frame == frame.id and not call.settled:
            close_approval(turn, call, "stopped")
            settle_call(turn, call.id, Outcome(error=CANCELLED, cancelled=True), ran="synthetic")
    close_round(turn, turn.frame(frame.id))
    if announced(turn, frame, turn.block(frame)):
        turn.emit(BlockEnd(block_id=frame.block_id or "", worker_id=turn.worker_id(frame)))
    turn.emit(BlockDone(frame=frame.id, index=frame.index))


def settle_cut(turn: Turn, frame: Frame, partial: Partial, *, failed: bool) -> None:
    """Records what a cut model call had said; the model sees it again after a stop, not after a failure."""
    generation = frame.generation
    if generation is None:
        raise ValueError(f"frame {frame.id} waits for no model call")
    kept = [
        (part, part_id) for part, part_id in zip(partial.parts, partial.part_ids, strict=True) if part.text
    ]
    turn.emit(
        GenerationSettled(
            generation_id=generation.id,
            frame=frame.id,
            thread=generation.thread,
            message=Message(
                id=f"{turn.execution.message_id}_{generation.id.removeprefix('gen_')}",
                role="assistant",
                parts=tuple(part for part, _ in kept),
                at=turn.at,
                turn_id=turn.execution.message_id,
                visible=in_chat(turn, frame),
                incomplete=failed,
            ),
            part_ids=tuple(part_id for _, part_id in kept),
            finish_reason="error" if failed else "stop",
            usage=partial.usage,
            model=generation.model,
            interrupted=True,
        )
    )
