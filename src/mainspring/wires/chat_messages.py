"""Owns the full view of a conversation (`octavus-http.md` §9.2): every message of the main thread, hidden ones too."""

from __future__ import annotations

from typing import Final, cast

import msgspec

from mainspring.model.facts import ToolSettled
from mainspring.model.messages import Message
from mainspring.model.parts import FilePart, Part, ReasoningPart, TextPart, ToolCallPart
from mainspring.model.values import Json
from mainspring.wires.screen import Shown
from mainspring.wires.transcript import Entry, Source, Transcript
from mainspring.wires.ui_messages import iso

_SINCE_4: Final = frozenset(("step-start", "operation", "worker", "todo"))
_BESIDE: Final = frozenset(("source", "file", "operation", "worker", "todo"))
"""UI parts that stand in no message of a thread."""

_TOOL_STATUS: Final = {"done": "available", "error": "error", "cancelled": "error"}


def chat_messages(source: Source, *, version: int) -> list[dict[str, Json]]:
    """The messages of a journal's main thread, oldest first; one for all that the agent says in a turn."""
    return draw_chat_messages(Transcript().read(source), version=version)


def draw_chat_messages(transcript: Transcript, *, version: int) -> list[dict[str, Json]]:
    """As `chat_messages`, of a transcript that is read already."""
    return [_message(transcript, entry, version) for entry in transcript.entries]


def _message(transcript: Transcript, entry: Entry, version: int) -> dict[str, Json]:
    parts = _parts(transcript, entry)
    if version < 4:
        parts = [_older(part) for part in parts if part["type"] not in _SINCE_4]
    message: dict[str, Json] = {
        "id": entry.id,
        "role": entry.role,
        "parts": parts,
        "createdAt": iso(entry.at),
        "content": "".join(part["content"] for part in parts if part["type"] == "text" and part["visible"]),
    }
    calls = [part["toolCall"] for part in parts if part["type"] == "tool-call"]
    if calls:
        message["toolCalls"] = calls
    if version < 4:
        message["visible"] = entry.visible
    elif entry.sender is not None:
        message["sender"] = msgspec.to_builtins(entry.sender)
    return message


def _older(part: Shown) -> Shown:
    if part["type"] == "tool-call" and "display" in part["toolCall"]:
        call = {name: value for name, value in part["toolCall"].items() if name != "display"}
        return {**part, "toolCall": call}
    return part


def _parts(transcript: Transcript, entry: Entry) -> list[Shown]:
    if not entry.said:
        return [_from_shown(part) for part in entry.shown]
    parts: list[Shown] = []
    for message in entry.said:
        if message.role == "tool":
            continue
        if parts and message.role == "assistant":
            parts.append({"type": "step-start", "visible": True})
        parts += _said_parts(transcript, message)
    if entry.role == "assistant":
        parts += [_from_shown(part) for part in entry.shown if part["type"] in _BESIDE]
    elif entry.said[0].has_ui_content:
        # What the user sees instead of the prompt.
        parts += [_from_shown(part) for part in entry.shown if part["type"] != "file"]
    return parts


def _said_parts(transcript: Transcript, message: Message) -> list[Shown]:
    ids = transcript.part_ids.get(message.id, ())
    streamed = transcript.streamed.get(message.id)
    parts: list[Shown] = []
    for index, part in enumerate(message.parts):
        if isinstance(part, ToolCallPart):
            parts.append(_call(transcript, part))
            continue
        seen = streamed is None or (index < len(ids) and ids[index] in streamed)
        visible = message.visible and seen and message.role != "system" and not message.has_ui_content
        parts.append({**_said(message, part, index), "visible": visible})
    return parts


def _said(message: Message, part: Part, index: int) -> Shown:
    if isinstance(part, FilePart):
        return {"type": "file", "file": msgspec.to_builtins(part.file)}
    if isinstance(part, ReasoningPart):
        return {"type": "reasoning", "content": part.text}
    text = part.text if isinstance(part, TextPart) else ""
    if message.response_type is not None:
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return {"type": "text", "content": text}
        named = {"id": f"{message.id}_{index}", "typeName": message.response_type, "value": value}
        return {"type": "object", "object": named}
    return {"type": "text", "content": text}


def _call(transcript: Transcript, part: ToolCallPart) -> Shown:
    call: Shown = {"id": part.call_id, "name": part.tool, "arguments": part.args, "status": "pending"}
    display = transcript.displays.get(part.call_id)
    if display is not None:
        call["display"] = display
    settled = transcript.results.get(part.call_id)
    if settled is not None:
        call.update(_outcome(settled))
    return {"type": "tool-call", "visible": display != "hidden", "toolCall": call}


def _outcome(settled: ToolSettled) -> Shown:
    if settled.error is not None:
        return {"status": "error", "error": settled.error}
    return {"status": "available", "result": settled.output}


def _from_shown(part: Shown) -> Shown:
    """A UI part in the shape of this view."""
    kind = cast("str", part["type"])
    drawn: Shown = {"type": kind, "visible": True}
    if "thread" in part:
        drawn["thread"] = part["thread"]
    drawn.update(_SHAPES[kind](part) if kind in _SHAPES else {})
    return drawn


def _members(part: Shown, *names: str) -> Shown:
    return {name: part[name] for name in names if name in part}


def _tool_call(part: Shown) -> Shown:
    call: Shown = {
        "id": part["toolCallId"],
        "name": part["toolName"],
        "arguments": part["args"],
        "status": _TOOL_STATUS.get(part["status"], "pending"),
        **_members(part, "result", "error", "display"),
    }
    if "displayName" in part:
        call["description"] = part["displayName"]
    return {"toolCall": call}


def _worker(part: Shown) -> Shown:
    worker = _members(part, "workerId", "workerSlug", "description", "input", "output", "error")
    worker["nestedParts"] = [_from_shown(nested) for nested in part["parts"]]
    if part["status"] == "cancelled":
        worker["cancelled"] = True
    return {"worker": worker}


def _source(part: Shown) -> Shown:
    return {"source": _members(part, "sourceType", "id", "url", "mediaType", "title", "filename")}


def _file(part: Shown) -> Shown:
    return {"file": _members(part, "id", "mediaType", "url", "filename", "size", "toolCallId")}


def _object(part: Shown) -> Shown:
    return {"object": {"id": part["id"], "typeName": part["typeName"], "value": part.get("object")}}


def _operation(part: Shown) -> Shown:
    operation = {"id": part["operationId"], "name": part["name"], "operationType": part["operationType"]}
    return {"operation": operation}


def _content(part: Shown) -> Shown:
    return {"content": part["text"]}


def _todo(part: Shown) -> Shown:
    return {"todo": {"todos": part["todos"]}}


_SHAPES: Final = {
    "text": _content,
    "reasoning": _content,
    "tool-call": _tool_call,
    "source": _source,
    "file": _file,
    "object": _object,
    "operation": _operation,
    "worker": _worker,
    "todo": _todo,
}
