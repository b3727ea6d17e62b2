"""Owns small views into a state: find and replace a thread, a frame, a call."""

from __future__ import annotations

from msgspec.structs import replace

from mainspring.model.session import Call, Execution, Frame, Generation, Scope, State, Thread


def put_thread(state: State, frame: str, thread: Thread) -> State:
    """The state with a thread of a frame's scope replaced or added."""
    scope = state.scopes[frame]
    changed = replace(scope, threads={**scope.threads, thread.name: thread})
    return replace(state, scopes={**state.scopes, frame: changed})


def put_scope(state: State, frame: str, scope: Scope) -> State:
    """The state with a frame's scope replaced or added."""
    return replace(state, scopes={**state.scopes, frame: scope})


def put_frame(execution: Execution, frame: Frame) -> Execution:
    """The execution with a frame replaced or added."""
    return replace(execution, frames={**execution.frames, frame.id: frame})


def put_call(execution: Execution, call: Call) -> Execution:
    """The execution with a call replaced or added."""
    return replace(execution, calls={**execution.calls, call.id: call})


def find_generation(execution: Execution, generation_id: str) -> tuple[Frame, Generation] | None:
    """The open generation of that id with its frame."""
    for frame in execution.frames.values():
        if frame.generation is not None and frame.generation.id == generation_id:
            return frame, frame.generation
    return None


def running_generations(execution: Execution) -> list[tuple[Frame, Generation]]:
    """Every model call that was asked for and has not settled."""
    return [
        (frame, frame.generation)
        for frame in execution.frames.values()
        if frame.generation is not None and not frame.generation.settled
    ]


def open_calls(execution: Execution) -> list[Call]:
    """Calls without a result that somebody outside the engine has to run, in the order they were made."""
    return [call for call in execution.calls.values() if not call.settled and call.worker is None]


def caller_calls(execution: Execution) -> list[Call]:
    """Open calls that the caller's side has to run now."""
    return [call for call in open_calls(execution) if call.runs == "caller" and call.approval is None]


def running_calls(execution: Execution) -> list[Call]:
    """Open calls that a tool box was asked to run."""
    return [call for call in execution.calls.values() if call.running and not call.settled]


def open_approvals(execution: Execution) -> list[Call]:
    """Open calls that wait for a person."""
    return [call for call in open_calls(execution) if call.approval is not None]


def is_under_way(execution: Execution) -> bool:
    """Whether something of the execution runs here, or will by itself: a model, a tool box, a later retry."""
    retries = any(call.retry_at is not None for call in open_calls(execution))
    return retries or bool(running_generations(execution) or running_calls(execution))
