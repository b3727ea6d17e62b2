"""Owns the serialize-thread block: a thread as text, in markdown or JSON, for prompts and tools."""

from __future__ import annotations

from mainspring.engine.thread_text import to_json, to_markdown
from mainspring.engine.turn import Turn
from mainspring.model.facts import VariableSet
from mainspring.model.program import SerializeThread
from mainspring.model.session import Frame


def begin(turn: Turn, frame: Frame, block: SerializeThread) -> bool:
    """Writes the thread into the output variable; over at once. A thread never used is empty."""
    thread = turn.scope(frame.id).threads.get(block.thread)
    messages = () if thread is None else thread.messages
    text = to_markdown(messages) if block.format == "markdown" else to_json(messages)
    if block.output is not None:
        turn.emit(VariableSet(frame=frame.id, name=block.output, value=text))
    return True
