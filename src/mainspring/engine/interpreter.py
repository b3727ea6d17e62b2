"""Owns the walk through the blocks: every frame that can move moves until it waits or ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from mainspring.engine.blocks import (
    add_message,
    call_tool,
    media,
    next_message,
    run_worker,
    serialize_thread,
    set_resource,
    start_thread,
)
from mainspring.engine.endings import fail_frame, finish_frame
from mainspring.engine.turn import BlockFailed, Turn, announced
from mainspring.model.facts import BlockBegan
from mainspring.model.program import (
    AddMessage,
    Block,
    CallTool,
    GenerateMedia,
    NextMessage,
    RunWorker,
    SerializeThread,
    SetResource,
    StartThread,
)
from mainspring.model.session import Frame
from mainspring.model.stream_events import BlockStart

_BEGIN: dict[type, Callable[[Turn, Frame, Any], bool]] = {
    AddMessage: add_message.begin,
    NextMessage: next_message.begin,
    CallTool: call_tool.begin,
    SetResource: set_resource.begin,
    StartThread: start_thread.begin,
    SerializeThread: serialize_thread.begin,
    RunWorker: run_worker.begin,
    GenerateMedia: media.begin,
}
_TYPES: dict[type, str] = {
    AddMessage: "add-message",
    NextMessage: "next-message",
    CallTool: "tool-call",
    SetResource: "set-resource",
    StartThread: "start-thread",
    SerializeThread: "serialize-thread",
    RunWorker: "run-worker",
}


def run(turn: Turn) -> None:
    """Moves every ready frame until all wait or the execution has ended."""
    while turn.ready:
        frame_id = turn.ready.popleft()
        execution = turn.state.execution
        if execution is None or frame_id not in execution.frames:
            continue
        guarded(turn, frame_id, partial(_walk, turn, frame_id))


def guarded(turn: Turn, frame_id: str, action: Callable[[], None]) -> None:
    """Runs a step of a frame; a block that fails ends its frame."""
    try:
        action()
    except BlockFailed as failed:
        fail_frame(turn, turn.frame(frame_id), failed.failure)


def _walk(turn: Turn, frame_id: str) -> None:
    frame = turn.frame(frame_id)
    if frame.block_id is not None:
        return
    blocks = turn.blocks(frame)
    if frame.index >= len(blocks):
        finish_frame(turn, frame)
        return
    block = blocks[frame.index]
    turn.emit(BlockBegan(frame=frame_id, index=frame.index, block_id=f"blk_{turn.place(frame)}"))
    frame = turn.frame(frame_id)
    _announce(turn, frame, block)
    if _BEGIN[type(block)](turn, frame, block):
        turn.end_block(frame_id)


def _announce(turn: Turn, frame: Frame, block: Block) -> None:
    if not announced(turn, frame, block):
        return
    thread = getattr(block, "thread", None)
    turn.emit(
        BlockStart(
            block_id=frame.block_id or "",
            block_name=block.name,
            block_type=block.kind if isinstance(block, GenerateMedia) else _TYPES[type(block)],
            display=block.display,
            description=block.title if block.display == "title" else block.description,
            output_to_chat=False if isinstance(block, NextMessage) and block.independent else None,
            thread=None if thread == "main" else thread,
            worker_id=turn.worker_id(frame),
        )
    )
