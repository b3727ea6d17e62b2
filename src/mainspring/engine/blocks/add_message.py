"""Owns the add-message block: a rendered prompt joins a thread."""

from __future__ import annotations

import msgspec

from mainspring.engine.prompts import render_prompt, text_of
from mainspring.engine.thread_settings import ensure_thread
from mainspring.engine.turn import Turn, block_failure
from mainspring.model.facts import MessageAdded
from mainspring.model.messages import Message
from mainspring.model.parts import FilePart, FileReference, Part, TextPart
from mainspring.model.program import AddMessage
from mainspring.model.session import Frame
from mainspring.model.values import Json


def begin(turn: Turn, frame: Frame, block: AddMessage) -> bool:
    """Adds the message; over at once."""
    thread = ensure_thread(turn, frame, block.thread)
    values = turn.values(frame)
    message_id = f"{turn.execution.message_id}_{frame.ordinal}_{frame.index}"
    has_ui_content = block.ui_content is not None and values.get(block.ui_content) is not None
    by_user = block.role == "user" and block.visible and frame.parent is None
    turn.emit(
        MessageAdded(
            frame=frame.id,
            thread=thread.name,
            message=Message(
                id=message_id,
                role=block.role,
                parts=_parts(turn, frame, block, values),
                at=turn.at,
                turn_id=turn.execution.message_id if block.role == "assistant" else message_id,
                visible=block.visible,
                ui_content=values.get(block.ui_content) if block.ui_content is not None else None,
                has_ui_content=has_ui_content,
                sender=turn.execution.sender if by_user else None,
            ),
        )
    )
    return True


def _parts(turn: Turn, frame: Frame, block: AddMessage, values: dict[str, Json]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for name in block.files:
        parts.extend(FilePart(file=file) for file in _files(name, values.get(name)))
    parts.append(TextPart(text=_text(turn, frame, block, values)))
    return tuple(parts)


def _text(turn: Turn, frame: Frame, block: AddMessage, values: dict[str, Json]) -> str:
    if block.prompt is None:
        return text_of(values.get(block.text_variable or ""))
    return render_prompt(turn.program(frame).prompts[block.prompt], block.input, values)


def _files(name: str, value: Json) -> list[FileReference]:
    if value is None or value == "NONE":
        return []
    try:
        return msgspec.convert(value if isinstance(value, list) else [value], list[FileReference])
    except msgspec.ValidationError as error:
        raise block_failure(f"{name} holds no file: {error}") from None
