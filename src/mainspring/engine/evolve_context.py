"""Owns how a thread's view changes: a summary that is asked for, what comes of it, and what a rollback leaves of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from mainspring.engine.lenses import put_frame, put_thread
from mainspring.model.facts import CompactionFailed, CompactionStarted, ThreadCompacted
from mainspring.model.messages import Message
from mainspring.model.session import Compacting, Digest, Execution, Frame, State, Thread

MOST_COMPACTIONS: Final = 8
"""How often the thread of one block is shortened."""


def cut_thread(thread: Thread, kept: tuple[Message, ...]) -> Thread:
    """A thread of which a rollback keeps the first messages; a summary of what is gone goes with it."""
    stays = thread.digest is not None and len(kept) >= thread.digest.covers
    digest = thread.digest if stays else None
    return replace(thread, messages=kept, digest=digest, tokens=0, counted=0)


def _place(state: State, frame_id: str) -> tuple[Execution, Frame]:
    if state.execution is None or frame_id not in state.execution.frames:
        raise ValueError(f"the journal shortens a thread of {frame_id}, which is not open")
    return state.execution, state.execution.frames[frame_id]


def _started(state: State, event: CompactionStarted) -> State:
    execution, frame = _place(state, event.frame)
    compacting = Compacting(
        worker=event.worker,
        thread=event.thread,
        step=event.step,
        attempt=event.attempt,
        covers=event.covers,
        tokens=event.tokens,
        result_tokens=event.result_tokens,
        failure=event.failure,
    )
    frame = replace(frame, compacting=compacting, compactions=frame.compactions + 1)
    return replace(state, execution=put_frame(execution, frame))


def _failed(state: State, event: CompactionFailed) -> State:
    """What could not be summarised now cannot a moment later: the block does without."""
    execution, frame = _place(state, event.frame)
    frame = replace(frame, compacting=None, compactions=MOST_COMPACTIONS)
    return replace(state, execution=put_frame(execution, frame))


def _compacted(state: State, event: ThreadCompacted) -> State:
    execution, frame = _place(state, event.frame)
    generation = frame.generation
    failed = frame.compacting is None or frame.compacting.failure is not None
    recovered = generation.id if failed and generation is not None else frame.recovered
    frame = replace(frame, compacting=None, recovered=recovered)
    thread = state.scopes[event.frame].threads[event.thread]
    digest = Digest(
        covers=event.covers,
        message=event.message,
        summary=event.summary,
        result_tokens=event.result_tokens,
    )
    state = replace(state, execution=put_frame(execution, frame))
    return put_thread(state, event.frame, replace(thread, digest=digest, tokens=0, counted=0))


CONTEXT_EVOLVERS: dict[type, Callable[[State, Any], State]] = {
    CompactionStarted: _started,
    CompactionFailed: _failed,
    ThreadCompacted: _compacted,
}
