"""Owns the run-worker block: a worker runs to its end inside the handler."""

from __future__ import annotations

from mainspring.engine.operands import resolve_operands
from mainspring.engine.turn import Turn
from mainspring.engine.workers import open_worker
from mainspring.model.facts import VariableSet
from mainspring.model.program import RunWorker
from mainspring.model.session import Frame


def begin(turn: Turn, frame: Frame, block: RunWorker) -> bool:
    """Opens the worker's frame; over when the worker is. One that cannot start gives `{"error": ...}`."""
    given = resolve_operands(block.input, turn.values(frame))
    refused = open_worker(turn, frame, slug=block.worker, given=given, call_id=None)
    if refused is None:
        return False
    if block.output is not None:
        turn.emit(VariableSet(frame=frame.id, name=block.output, value={"error": refused}))
    return True
