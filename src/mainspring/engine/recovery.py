"""Owns the second chance of a model call whose thread was too long, and going on when a summary has come, or not."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from mainspring.engine.compaction import Plan, Waiting, compact, covered, management, summarize, tighter
from mainspring.engine.context_size import Sizes
from mainspring.engine.generations import start_generation
from mainspring.engine.turn import Turn
from mainspring.model.errors import Failure
from mainspring.model.facts import CompactionFailed, GenerationFailed
from mainspring.model.session import Compacting, Frame
from mainspring.model.signals import FailedSignal
from mainspring.model.values import Json

TOO_LONG: Final = "context_length"
_STILL: Final = (
    " It was shortened already, or there is nothing to leave out. Use a model with a larger window, bound tool results"
    " with `maxToolOutputTokens`, or shorten the system prompt and the tools."
)
_NO_TEXT: Final = "the summarizer returned no text"


def recover(turn: Turn, frame: Frame, signal: FailedSignal) -> bool:
    """A call failed as its thread is too long: shortens it and asks once more; False: nothing is left to do."""
    generation = frame.generation
    if signal.failure.error_class != TOO_LONG or signal.parts or generation is None:
        return False
    if frame.recovered == generation.id:
        return False
    thread = turn.scope(frame.id).threads[generation.thread]
    sizes = Sizes(turn.program(frame), thread)
    plan = tighter(thread, sizes, tokens=sizes.whole())
    if plan is None:
        return False
    turn.emit(
        GenerationFailed(
            generation_id=generation.id, frame=frame.id, failure=signal.failure, usage=signal.usage
        )
    )
    waiting = Waiting(step=generation.step, attempt=generation.attempt + 1, failure=signal.failure)
    managed = bool(management(thread)) and plan.covers > covered(thread)
    if managed and summarize(turn, turn.frame(frame.id), thread, plan, waiting):
        return True
    compact(turn, turn.frame(frame.id), thread, plan, summary=None)
    start_generation(turn, frame, thread=thread.name, step=waiting.step, attempt=waiting.attempt)
    return True


def explained(failure: Failure) -> Failure:
    """A failure, with what to do about a thread that is too long and cannot be shortened any more."""
    if failure.error_class != TOO_LONG:
        return failure
    return replace(failure, message=failure.message.rstrip(". ") + "." + _STILL)


def summarized(turn: Turn, frame: Frame, compacting: Compacting, output: Json, error: str | None) -> None:
    """The summarizer is over: its summary takes the place of what it read, and the model call is made that waited.

    Without a summary a call that did not fail yet is made with the whole thread, and one that did with a note.
    """
    thread = turn.scope(frame.id).threads[compacting.thread]
    text = output.strip() if isinstance(output, str) else ""
    problem = error or (None if text else _NO_TEXT)
    plan = Plan(tokens=compacting.tokens, covers=compacting.covers, result_tokens=compacting.result_tokens)
    if problem is None:
        compact(turn, frame, thread, plan, summary=text)
    elif compacting.failure is None:
        turn.emit(CompactionFailed(frame=frame.id, thread=thread.name, error=problem))
    else:
        compact(turn, frame, thread, plan, summary=None, error=problem)
    frame = turn.frame(frame.id)
    start_generation(turn, frame, thread=thread.name, step=compacting.step, attempt=compacting.attempt)
