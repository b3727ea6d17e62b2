"""Owns the list of effects that were asked for and have not settled: what a host performs now, or after a crash."""

from __future__ import annotations

from mainspring.engine.lenses import running_generations
from mainspring.model.session import State
from mainspring.model.signals import Complete, Effect


def outstanding(state: State) -> tuple[Effect, ...]:
    """The effects to perform. Calls that the caller's side runs are not among them: it brings their results."""
    if state.execution is None:
        return ()
    return tuple(
        Complete(
            generation_id=generation.id,
            attempt=generation.attempt,
            frame=frame.id,
            thread=generation.thread,
        )
        for frame, generation in running_generations(state.execution)
    )


def is_waiting(state: State) -> bool:
    """Whether the execution is open and only results from outside move it on."""
    return state.execution is not None and not running_generations(state.execution)
