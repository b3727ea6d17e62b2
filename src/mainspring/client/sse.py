"""Owns reading server-sent events: bytes as they come, split anywhere, become events with their cursors."""

from __future__ import annotations

from typing import NamedTuple


class Arrived(NamedTuple):
    """One event: its JSON, and the cursor the stream gave with it."""

    cursor: int | None
    data: bytes


class EventReader:
    """Reads one stream. An event counts once its blank line is there: what a cut leaves unfinished never was."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> list[Arrived]:
        """The events that these bytes complete."""
        self._pieces.append(data)
        if b"\n" not in data:
            return []
        text = b"".join(self._pieces)
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        *frames, rest = text.split(b"\n\n")
        self._pieces = [rest]
        return [event for frame in frames if (event := _read(frame)) is not None]


def _read(frame: bytes) -> Arrived | None:
    """The event of one block of lines; None: a comment, or nothing to read."""
    cursor: int | None = None
    data: list[bytes] = []
    for line in frame.split(b"\n"):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        elif name == b"id" and value.isdigit():
            cursor = int(value)
    if not data or data == [b"[DONE]"]:
        return None
    return Arrived(cursor, b"\n".join(data))
