"""Owns the start-thread block: a named thread begins, or begins anew."""

from __future__ import annotations

from mainspring.engine.thread_settings import render_system, resolve_settings
from mainspring.engine.turn import Turn
from mainspring.model.facts import ThreadStarted
from mainspring.model.program import StartThread
from mainspring.model.session import Frame


def begin(turn: Turn, frame: Frame, block: StartThread) -> bool:
    """Starts the thread; over at once. A model left out is the agent's."""
    program = turn.program(frame)
    values = turn.values(frame)
    turn.emit(
        ThreadStarted(
            frame=frame.id,
            thread=block.thread,
            system=render_system(program, block.config, values),
            settings=resolve_settings(
                block.config,
                values,
                named=True,
                fallback_model=program.agent.model if program.agent is not None else None,
            ),
        )
    )
    return True
