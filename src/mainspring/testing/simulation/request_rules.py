"""Owns what must hold when a model is asked: what leads there is committed, and every call has its one result."""

from __future__ import annotations

import msgspec

from mainspring.engine.lenses import running_generations
from mainspring.model.generation import ModelRequest
from mainspring.model.messages import Message
from mainspring.model.parts import ToolCallPart, ToolResultPart
from mainspring.model.session import State, Thread
from mainspring.runtime.history import fit
from mainspring.runtime.tool_output import Bounds, shortened
from mainspring.testing.simulation.journal_rules import must

_encode = msgspec.json.Encoder(order="sorted").encode


def check_request(request: ModelRequest, committed: State | None) -> None:
    """`committed`: the fold of what is on disk. Raises `Violation`."""
    check_pairs(request.messages)
    execution = None if committed is None else committed.execution
    if committed is None or execution is None:
        must(False, "a model is asked for an execution that is not on disk")
        return
    threads = [
        committed.scopes[frame.id].threads[generation.thread]
        for frame, generation in running_generations(execution)
    ]
    for thread in threads:
        check_pairs(tuple(message for message in thread.messages if not message.incomplete))
        check_pairs(tuple(message for message in thread.view if not message.incomplete))
    wanted = _encode(request.messages)
    known = [_encode(_view(thread, request.model)) for thread in threads]
    must(wanted in known, "a model is asked with messages that are not on disk")


def _view(thread: Thread, model: str) -> tuple[Message, ...]:
    """What the model may be asked with: less than the thread once that was too long, as the journal says."""
    tight = None if thread.digest is None else thread.digest.result_tokens
    return shortened(fit(thread.view, model=model).messages, Bounds(tokens=tight))


def check_pairs(messages: tuple[Message, ...]) -> None:
    """Each tool call is followed by exactly one result, before anything else is said."""
    waiting: list[str] = []
    for message in messages:
        results = [part.call_id for part in message.parts if isinstance(part, ToolResultPart)]
        if message.role == "tool":
            must(sorted(results) == sorted(waiting), f"results {results} answer calls {waiting}")
            waiting = []
            continue
        must(not waiting and not results, f"message {message.id} stands between calls and results")
        waiting = [part.call_id for part in message.parts if isinstance(part, ToolCallPart)]
    must(not waiting, f"the model is asked before the results of {waiting}")
