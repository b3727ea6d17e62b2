"""Owns the messages of a conversation as AG-UI keeps them: texts, calls with their results, one message each."""

from __future__ import annotations

import msgspec

from mainspring.model.facts import ToolSettled
from mainspring.model.values import Json
from mainspring.wires.ag_ui_activities import as_text
from mainspring.wires.native_events import CANCELLED
from mainspring.wires.screen import Shown
from mainspring.wires.transcript import Entry, Source, Transcript


def ag_ui_messages(source: Source) -> tuple[dict[str, Json], ...]:
    """The visible messages of a journal, oldest first."""
    return draw_ag_ui_messages(Transcript().read(source))


def draw_ag_ui_messages(transcript: Transcript) -> tuple[dict[str, Json], ...]:
    """As `ag_ui_messages`, of a transcript that is read already."""
    drawn: list[dict[str, Json]] = []
    for entry in transcript.entries:
        if entry.visible and entry.role == "user":
            drawn.append(_user(entry))
        elif entry.role == "assistant":
            drawn += _answer(entry, transcript.results)
    return tuple(drawn)


def _user(entry: Entry) -> dict[str, Json]:
    text = "\n\n".join(part["text"] for part in entry.shown if part["type"] == "text")
    files = [_file(part) for part in entry.shown if part["type"] == "file"]
    content: Json = [*files, *([{"type": "text", "text": text}] if text else [])] if files else text
    message: dict[str, Json] = {"id": entry.id, "role": "user", "content": content}
    if entry.sender is not None and entry.sender.name is not None:
        message["name"] = entry.sender.name
    return message


def _file(part: Shown) -> Shown:
    kind = str(part["mediaType"]).partition("/")[0]
    known = kind if kind in ("image", "audio", "video") else "document"
    return {"type": known, "source": {"type": "url", "value": part["url"], "mimeType": part["mediaType"]}}


def _answer(entry: Entry, results: dict[str, ToolSettled]) -> list[dict[str, Json]]:
    drawn: list[dict[str, Json]] = []
    for index, part in enumerate(entry.shown):
        part_id = f"{entry.id}_{index}"
        kind = part["type"]
        if kind == "text":
            drawn.append({"id": part_id, "role": "assistant", "content": part["text"]})
        elif kind == "object":
            text = as_text(part.get("object"))
            drawn.append({"id": part_id, "role": "assistant", "content": text})
        elif kind == "reasoning":
            drawn.append({"id": part_id, "role": "reasoning", "content": part["text"]})
        elif kind == "tool-call":
            drawn += _call(part, part_id, results.get(part["toolCallId"]))
    return drawn


def _call(part: Shown, part_id: str, settled: ToolSettled | None) -> list[dict[str, Json]]:
    call_id = part["toolCallId"]
    function = {"name": part["toolName"], "arguments": msgspec.json.encode(part["args"]).decode()}
    call = {"id": call_id, "type": "function", "function": function}
    drawn: list[dict[str, Json]] = [{"id": part_id, "role": "assistant", "toolCalls": [call]}]
    if settled is not None:
        error = settled.error or (CANCELLED if settled.cancelled else None)
        result: dict[str, Json] = {"id": f"{call_id}_result", "role": "tool", "toolCallId": call_id}
        result["content"] = as_text(settled.output) if error is None else error
        drawn.append(result if error is None else {**result, "error": error})
    return drawn
