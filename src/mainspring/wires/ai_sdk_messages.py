"""Owns the messages of a conversation as the AI SDK keeps them (`UIMessage`), to begin `useChat` with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from mainspring.model.facts import ToolSettled
from mainspring.model.values import Json
from mainspring.wires.ai_sdk_approvals import draw_approval
from mainspring.wires.native_events import CANCELLED
from mainspring.wires.screen import Shown
from mainspring.wires.transcript import Entry, Source, Transcript
from mainspring.wires.ui_messages import iso

_OWN: Final = "octavus_"


def ai_sdk_messages(source: Source) -> list[dict[str, Json]]:
    """The visible messages of a journal, oldest first."""
    return draw_ai_sdk_messages(Transcript().read(source))


def draw_ai_sdk_messages(transcript: Transcript) -> list[dict[str, Json]]:
    """As `ai_sdk_messages`, of a transcript that is read already."""
    drawn = (_message(transcript, entry) for entry in transcript.entries if entry.visible)
    return [message for message in drawn if message["parts"]]


def _message(transcript: Transcript, entry: Entry) -> dict[str, Json]:
    metadata: dict[str, Json] = {"createdAt": iso(entry.at)}
    if entry.sender is not None:
        metadata["sender"] = msgspec.to_builtins(entry.sender)
    parts = [_part(part, transcript) for part in entry.shown]
    if entry.role == "assistant":
        parts.insert(0, {"type": "step-start"})
    return {"id": entry.id, "role": entry.role, "metadata": metadata, "parts": parts if entry.shown else []}


def _part(part: Shown, transcript: Transcript) -> Shown:
    if part["type"] != "tool-call":
        return _SHAPES.get(part["type"], _same)(part)
    call_id = part["toolCallId"]
    settled, asking = transcript.results.get(call_id), transcript.asked.get(call_id)
    drawn = _call(part, settled)
    if asking is not None:
        drawn |= draw_approval(asking, settled)
    if drawn["state"] == "output-denied":
        # The SDK refuses a text here: why is in the approval.
        del drawn["errorText"]
    return drawn


def _call(part: Shown, settled: ToolSettled | None) -> Shown:
    drawn: Shown = {
        "type": f"tool-{part['toolName']}",
        "toolCallId": part["toolCallId"],
        "state": "input-streaming" if part["status"] == "pending" else "input-available",
        "input": part["args"],
    }
    if "displayName" in part:
        drawn["title"] = part["displayName"]
    if part["toolName"].startswith(_OWN) or (settled is not None and settled.ran != "caller"):
        drawn["providerExecuted"] = True
    if part["status"] in ("error", "cancelled"):
        drawn |= {"state": "output-error", "errorText": part.get("error", CANCELLED)}
    elif part["status"] == "done":
        drawn |= {"state": "output-available", "output": None if settled is None else settled.output}
    return drawn


def _text(part: Shown) -> Shown:
    state = "streaming" if part["status"] == "streaming" else "done"
    return {"type": part["type"], "text": part["text"], "state": state}


def _source(part: Shown) -> Shown:
    drawn: Shown = {"type": "source-url", "sourceId": part["id"], "url": part["url"]}
    return {**drawn, "title": part["title"]} if "title" in part else drawn


def _file(part: Shown) -> Shown:
    drawn: Shown = {"type": "file", "url": part["url"], "mediaType": part["mediaType"]}
    return {**drawn, "filename": part["filename"]} if "filename" in part else drawn


def _object(part: Shown) -> Shown:
    data = {"typeName": part["typeName"], "value": part.get("object"), "status": part["status"]}
    return {"type": "data-object", "id": part["id"], "data": data}


def _worker(part: Shown) -> Shown:
    names = ("workerId", "workerSlug", "description", "input", "output", "error", "status")
    data = {name: part[name] for name in names if name in part}
    return {"type": "data-worker", "id": part["workerId"], "data": data}


def _todo(part: Shown) -> Shown:
    return {"type": "data-todo", "id": "todo", "data": {"todos": part["todos"]}}


def _operation(part: Shown) -> Shown:
    status = "running" if part["status"] == "running" else "done"
    data = {"name": part["name"], "type": part["operationType"], "status": status}
    return {"type": "data-block", "id": part["operationId"], "data": data}


def _same(part: Shown) -> Shown:
    return part


_SHAPES: Final[dict[str, Callable[[Shown], Shown]]] = {
    "text": _text,
    "reasoning": _text,
    "source": _source,
    "file": _file,
    "object": _object,
    "worker": _worker,
    "todo": _todo,
    "operation": _operation,
}
