"""Owns reading server-sent events from bytes that arrive in pieces of any size: linear time, bounded memory.

The usual stream (`data: ...` and `event: ...`, LF, each event in one read) takes a path of a few operations an event.
"""

from __future__ import annotations

from typing import Final

MAX_LINE: Final = 4 * 1024 * 1024
MAX_EVENT: Final = 8 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"


class EventTooLarge(Exception):
    """A line or an event is larger than any provider has reason to send."""


class SseParser:
    """Bytes in, `(event name, data)` out. Ids, retry times and comments are dropped."""

    def __init__(self, *, max_line: int = MAX_LINE, max_event: int = MAX_EVENT) -> None:
        self._max_line = max_line
        self._max_event = max_event
        self._held: list[bytes] = []
        self._size = 0
        self._line = 0
        self._after_return = False
        self._started = False

    def feed(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        """The events that are complete now; raises `EventTooLarge`."""
        if self._after_return or b"\r" in chunk:
            chunk = self._with_newlines(chunk)
        if b"\n\n" not in chunk and not (chunk[:1] == b"\n" and self._held and self._held[-1][-1:] == b"\n"):
            self._hold(chunk)
            return []
        if self._held:
            self._held.append(chunk)
            chunk = b"".join(self._held)
        blocks = chunk.split(b"\n\n")
        rest = blocks.pop()
        self._held, self._size, self._line = [], 0, 0
        self._hold(rest)
        return self._events(blocks)

    def close(self) -> list[tuple[bytes, bytes]]:
        """What the end of the stream leaves: the last event, if its empty line is missing."""
        rest = b"".join(self._held)
        self._held, self._size, self._line = [], 0, 0
        return self._events([rest])

    def _with_newlines(self, chunk: bytes) -> bytes:
        """The chunk with every line ending as LF; a CRLF may be cut in two."""
        if self._after_return and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_return = False
            if not chunk:
                return chunk
        if chunk:
            self._after_return = chunk[-1:] == b"\r"
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _hold(self, piece: bytes) -> None:
        """Keep the beginning of an event."""
        if not piece:
            return
        self._held.append(piece)
        self._size += len(piece)
        newline = piece.rfind(b"\n")
        self._line = self._line + len(piece) if newline < 0 else len(piece) - newline - 1
        if self._line > self._max_line:
            raise EventTooLarge(f"a line is longer than {self._max_line} bytes")
        if self._size > self._max_event:
            raise EventTooLarge(f"an event is larger than {self._max_event} bytes")

    def _events(self, blocks: list[bytes]) -> list[tuple[bytes, bytes]]:
        if not self._started:
            self._drop_mark(blocks)
        events: list[tuple[bytes, bytes]] = []
        for block in blocks:
            if len(block) > self._max_line:
                self._check(block)
            if block[:6] == b"data: " and b"\n" not in block:
                events.append((b"", block[6:]))
            elif block:
                _parse(block, events)
        return events

    def _drop_mark(self, blocks: list[bytes]) -> None:
        """A byte order mark may stand before the first line of all."""
        self._started = True
        if blocks and blocks[0].startswith(_BOM):
            blocks[0] = blocks[0][len(_BOM) :]

    def _check(self, block: bytes) -> None:
        if len(block) > self._max_event:
            raise EventTooLarge(f"an event is larger than {self._max_event} bytes")
        if max(map(len, block.split(b"\n"))) > self._max_line:
            raise EventTooLarge(f"a line is longer than {self._max_line} bytes")


def _parse(block: bytes, events: list[tuple[bytes, bytes]]) -> None:
    """Any event, line by line; one without data is none."""
    name, data = b"", None
    for line in block.split(b"\n"):
        if line[:5] == b"data:" or line == b"data":
            value = _value(line, 5)
            data = value if data is None else data + b"\n" + value
        elif line[:6] == b"event:":
            name = _value(line, 6)
    if data is not None:
        events.append((name, data))


def _value(line: bytes, start: int) -> bytes:
    return line[start + 1 :] if line[start : start + 1] == b" " else line[start:]
