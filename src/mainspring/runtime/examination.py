"""Owns the proof that a stored session can be opened: its snapshot is read and its journal is folded, as by a host."""

from __future__ import annotations

from mainspring.engine.evolve import fold
from mainspring.model.events import decode_event
from mainspring.runtime.host import decode_snapshot
from mainspring.runtime.ports import Loaded


def problem_of(loaded: Loaded) -> str | None:
    """What is wrong with a session, in one sentence; None: it opens, and its row says what its journal says."""
    record = loaded.record
    try:
        before = None if loaded.snapshot is None else decode_snapshot(loaded.snapshot)
        state = fold([decode_event(row.data) for row in loaded.facts], before)
    except Exception as error:  # noqa: BLE001 whatever damaged bytes make of the fold
        return f"Session {record.id} cannot be opened: {type(error).__name__}: {error}"
    if state is None:
        return f"Session {record.id} has no journal."
    told = (record.status, record.active_execution, record.version)
    found = (state.status, None if state.execution is None else state.execution.id, state.version)
    if told != found:
        return f"Session {record.id}: its row says {told}, its journal {found}."
    return None
