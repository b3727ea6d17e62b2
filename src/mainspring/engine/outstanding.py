"""Owns the list of effects that were asked for and have not settled: what a host performs now, or after a crash."""

from __future__ import annotations

from collections.abc import Iterator

from mainspring.engine.lenses import open_calls, running_calls, running_generations
from mainspring.model.session import Call, State
from mainspring.model.signals import CallTool, Complete, Effect


def outstanding(state: State) -> tuple[Effect, ...]:
    """The effects to perform. Calls that the caller's side runs are not among them: it brings their results."""
    if state.execution is None:
        return ()
    completions = (
        Complete(
            generation_id=generation.id,
            attempt=generation.attempt,
            frame=frame.id,
            thread=generation.thread,
        )
        for frame, generation in running_generations(state.execution)
    )
    calls = (
        CallTool(
            call_id=call.id,
            attempt=call.attempt,
            tool=call.asked_as or call.tool,
            args=call.args,
            deadline=call.deadline,
            idempotent=call.idempotent,
            probe=call.probe,
        )
        for call in running_calls(state.execution)
    )
    return (*completions, *calls)


def is_waiting(state: State) -> bool:
    """Whether the execution is open and only something from outside, or a timer, moves it on."""
    execution = state.execution
    return execution is not None and not running_generations(execution) and not running_calls(execution)


def wake_at(state: State) -> float | None:
    """The earliest moment (Unix seconds) at which a `TickSignal` does something; None: never."""
    if state.execution is None:
        return None
    return min((at for call in open_calls(state.execution) for at in _timers(call)), default=None)


def _timers(call: Call) -> Iterator[float]:
    """The times at which a call moves on by itself."""
    if call.approval is not None:
        timer = call.approval.expires_at
    elif call.retry_at is not None:
        timer = call.retry_at
    else:
        timer = call.deadline
    if timer is not None:
        yield timer
