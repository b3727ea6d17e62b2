"""Owns the tool-call block: a tool called by the protocol itself, not by the model."""

from __future__ import annotations

from mainspring.engine.approvals import ask_if_needed
from mainspring.engine.operands import resolve_operands
from mainspring.engine.policies import runner_of
from mainspring.engine.turn import Turn, announced
from mainspring.model.facts import ToolCalled
from mainspring.model.program import CallTool, Display
from mainspring.model.session import Frame
from mainspring.model.stream_events import (
    ToolInputAvailable,
    ToolInputDelta,
    ToolInputEnded,
    ToolInputStarted,
)
from mainspring.model.values import Json, encode_json


def begin(turn: Turn, frame: Frame, block: CallTool) -> bool:
    """Enters the call in the ledger; over when its result is there."""
    args = resolve_operands(block.input, turn.values(frame))
    call_id = f"call_{turn.execution.token}_{frame.ordinal}_{frame.index}"
    display: Display = block.display if announced(turn, frame, block) else "hidden"
    if display != "hidden":
        _announce(turn, frame, block, call_id=call_id, args=args)
    turn.emit(
        ToolCalled(
            call_id=call_id,
            frame=frame.id,
            tool=block.tool,
            args=args,
            source="block",
            block_index=block.index,
            output_variable=block.output,
            display=display,
            **runner_of(turn, frame, block.tool),
        )
    )
    ask_if_needed(turn, call_id)
    return False


def _announce(turn: Turn, frame: Frame, block: CallTool, *, call_id: str, args: dict[str, Json]) -> None:
    worker_id = turn.worker_id(frame)
    tool = turn.program(frame).tools[block.tool]
    shown = args if block.display in ("description", "stream") else {}
    described = block.description or tool.description
    turn.emit(
        ToolInputStarted(
            tool_call_id=call_id,
            tool_name=block.tool,
            title=block.title or tool.title if block.display == "title" else described,
            display=block.display,
            worker_id=worker_id,
        ),
        ToolInputDelta(
            tool_call_id=call_id, input_text_delta=encode_json(shown).decode(), worker_id=worker_id
        ),
        ToolInputEnded(tool_call_id=call_id, worker_id=worker_id),
        ToolInputAvailable(tool_call_id=call_id, tool_name=block.tool, input=shown, worker_id=worker_id),
    )
