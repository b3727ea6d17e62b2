"""Owns the set-resource block: a variable's value becomes a resource's, and clients hear of it."""

from __future__ import annotations

from mainspring.engine.turn import Turn
from mainspring.model.program import SetResource
from mainspring.model.session import Frame
from mainspring.model.stream_events import ResourceUpdate


def begin(turn: Turn, frame: Frame, block: SetResource) -> bool:
    """Writes the resource; over at once."""
    value = turn.values(frame).get(block.value)
    turn.emit(ResourceUpdate(name=block.resource, value=value))
    return True
