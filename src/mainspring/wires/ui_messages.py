"""Owns the messages that a user interface loads (`octavus-http.md` §9.1), in the shape its version can read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from mainspring.model.values import Json
from mainspring.wires.native_events import CANCELLED
from mainspring.wires.screen import Shown
from mainspring.wires.transcript import Entry, Source, Transcript

_SINCE_4: Final = frozenset(("step-start", "todo", "worker"))


def ui_messages(source: Source, *, version: int) -> list[dict[str, Json]]:
    """The visible messages of a journal, oldest first. `version` 2 gets nothing that it would refuse to parse."""
    return draw_ui_messages(Transcript().read(source), version=version)


def draw_ui_messages(transcript: Transcript, *, version: int) -> list[dict[str, Json]]:
    """As `ui_messages`, of a transcript that is read already."""
    return [
        message
        for entry in transcript.entries
        if entry.visible and (message := _message(entry, version))["parts"]
    ]


def iso(at: float) -> str:
    """Unix seconds as ISO 8601 with zone, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _message(entry: Entry, version: int) -> dict[str, Json]:
    message: dict[str, Json] = {
        "id": entry.id,
        "role": entry.role,
        "parts": entry.shown if version >= 4 else _older_parts(entry.shown),
        "status": "streaming" if entry.open else "done",
        "createdAt": iso(entry.at),
    }
    if entry.sender is not None and version >= 4:
        message["sender"] = msgspec.to_builtins(entry.sender)
    return message


def _older_parts(parts: list[Shown]) -> list[Shown]:
    return [_older(part) for part in parts if part["type"] not in _SINCE_4]


def _older(part: Shown) -> Shown:
    """A part without what version 2 does not know."""
    if part.get("status") == "cancelled":
        part = {**part, "status": "done"}
        if part["type"] == "tool-call":
            part.update(status="error", error=part.get("error", CANCELLED))
    if "display" in part:
        part = {name: value for name, value in part.items() if name != "display"}
    return part
