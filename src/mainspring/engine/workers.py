"""Owns the beginning of a worker inside a session: its frame, its input checked, what clients hear of it."""

from __future__ import annotations

from mainspring.engine.generations import worker_frame_id
from mainspring.engine.inputs import check_values, initial_values
from mainspring.engine.turn import Turn
from mainspring.model.facts import FrameOpened
from mainspring.model.program import Worker
from mainspring.model.session import Frame
from mainspring.model.stream_events import WorkerStart
from mainspring.model.values import Json

DEPTH_LIMIT = 8


def depth(turn: Turn, frame: Frame) -> int:
    """How many workers deep a frame is."""
    count = 0
    while frame.parent is not None:
        count += 1
        frame = turn.frame(frame.parent)
    return count


def open_worker(
    turn: Turn, frame: Frame, *, slug: str, given: dict[str, Json], call_id: str | None
) -> str | None:
    """Opens a worker's frame below `frame` and makes it ready; else says why not, in words for the model."""
    declared = turn.program(frame).workers[slug]
    program = turn.library.worker(slug)
    if program is None:
        return f'The worker "{slug}" is not published on this server.'
    if depth(turn, frame) >= DEPTH_LIMIT:
        return f'The worker "{slug}" was not started: workers may call each other {DEPTH_LIMIT} deep at most.'
    values, problems = check_values(program, program.input, given, where=f"worker {slug}")
    if problems:
        return "; ".join(problems)
    token = turn.execution.token
    place = turn.place(frame).split("_", 1)[1]
    worker_id = f"wrk_{token}_{place}" if call_id is None else worker_frame_id(call_id)
    turn.emit(
        FrameOpened(
            frame=worker_id,
            version=program.hash,
            input=values,
            variables=initial_values(program.variables),
            parent=frame.id,
            slug=slug,
            call_id=call_id,
            display=declared.display,
            tools=declared.tools,
        )
    )
    _announce(turn, frame, declared, worker_id=worker_id, values=values)
    turn.ready.append(worker_id)
    return None


def _announce(turn: Turn, frame: Frame, declared: Worker, *, worker_id: str, values: dict[str, Json]) -> None:
    if declared.display == "hidden" or not turn.visible(frame):
        return
    described = declared.description if declared.display in ("description", "stream") else None
    turn.emit(
        WorkerStart(
            worker_id=worker_id,
            worker_slug=declared.slug,
            description=declared.title if declared.display == "title" else described,
            input=values if declared.display == "stream" else None,
        )
    )
