"""Owns our own stream of a session: every public event with its cursor, over all executions, as server-sent events.

It is the native wire and more: each event has an `id:` to resume after, every settled call has its output, also those
that the caller ran (on a leg the caller's SDK makes them itself), and `paused` says that only people move it on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from mainspring.model.events import encode_event
from mainspring.model.facts import ExecutionEnded, ToolSettled
from mainspring.model.rows import DELTAS, FACT, Row
from mainspring.wires.native_events import PUBLIC_TAGS, narrowed, tag_of, tool_output, usage_event

_tool_settled: Final = msgspec.json.Decoder(ToolSettled)
_ended: Final = msgspec.json.Decoder(ExecutionEnded)


class EventsWriter:
    """Writes the events after a cursor. What it writes of a row depends on that row alone, so any cursor resumes.

    `idle`: the last thing seen was an execution's end. `waiting`: a request for tool results, or a pause. `tools`:
    those whose results the reader may bring, None: any; it is asked for no others. Feed rows in order; rows given twice
    are written once.
    """

    def __init__(self, *, after: int, tools: frozenset[str] | None = None) -> None:
        self.cursor = after
        self._tools = tools
        self.idle = False
        self.waiting = False

    def feed(self, rows: Iterable[Row]) -> bytes:
        """The bytes of these rows: `id: <cursor>`, `data: <json>` and a blank line for each event."""
        return b"".join(b"id: %d\ndata: %b\n\n" % event for event in self.events(rows))

    def events(self, rows: Iterable[Row]) -> list[tuple[int, bytes]]:
        """The events of these rows as (cursor, JSON)."""
        out: list[tuple[int, bytes]] = []
        for row in rows:
            if row.last <= self.cursor:
                continue
            if row.kind == DELTAS:
                self._deltas(row, out)
            elif row.kind == FACT:
                self._fact(row, out)
            self.cursor = row.last
        return out

    def _deltas(self, row: Row, out: list[tuple[int, bytes]]) -> None:
        lines = row.data.split(b"\n")
        if len(lines) != row.last - row.first + 1:
            # The text of dropped deltas, given back whole: only the row's last cursor is a place to resume after.
            out.extend((row.last, line) for line in lines)
            return
        for cursor, line in enumerate(lines, row.first):
            if cursor > self.cursor:
                out.append((cursor, line))

    def _fact(self, row: Row, out: list[tuple[int, bytes]]) -> None:
        tag = tag_of(row.data)
        data = row.data if tag in PUBLIC_TAGS else self._projected(tag, row.data)
        if tag == b"tool-request" and self._tools is not None:
            data = narrowed(data, self._tools)
        self.idle = tag == b"execution-ended"
        self.waiting = tag == b"paused" or (tag == b"tool-request" and data != b"")
        if data:
            out.append((row.last, data))

    def _projected(self, tag: bytes, data: bytes) -> bytes:
        """What a private fact tells a client; nothing: it stays private."""
        if tag == b"tool-settled":
            settled = _tool_settled.decode(data)
            return b"" if settled.display == "hidden" else encode_event(tool_output(settled))
        if tag == b"execution-ended":
            return encode_event(usage_event(_ended.decode(data)))
        return data if tag == b"paused" else b""
