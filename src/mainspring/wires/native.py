"""Owns the native wire: the answer to one request (a leg) as the server-sent events the Octavus SDKs read.

A leg begins with `start` and ends with `finish` or `error`; one that needs the caller's tools ends after
`tool-request`, and the results open the next. Clients of version 2 send no version header; version 4 is today's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Final

import msgspec

from mainspring.model.events import encode_event
from mainspring.model.facts import ExecutionEnded, ToolSettled, Triggered
from mainspring.model.rows import DELTAS, FACT, Row
from mainspring.model.stream_events import BlockStart, Start, ToolInputDelta, ToolRequest
from mainspring.wires.native_events import (
    DONE,
    PUBLIC_TAGS,
    ClientToolRequest,
    frame,
    frame_deltas,
    frame_event,
    narrowed,
    tag_of,
    tool_output,
    usage_event,
)

SINCE_4: Final = frozenset(
    (
        b"todo-update",
        b"worker-start",
        b"worker-result",
        b"worker-input-start",
        b"worker-input-delta",
        b"worker-input-ready",
        b"attempt-superseded",
        b"tool-approval-request",
        b"tool-approval-response",
        b"retry-scheduled",
        b"context-compacted",
    )
)
"""Events that clients of version 2 do not know."""

_WORKER_KEY: Final = b'"workerId":'
_TOOL_DELTA: Final = b'{"type":"tool-input-delta"'


class _CallId(msgspec.Struct, rename="camel"):
    tool_call_id: str


class _Nested(msgspec.Struct, rename="camel"):
    worker_id: str | None = None


_call_id: Final = msgspec.json.Decoder(_CallId)
_nested: Final = msgspec.json.Decoder(_Nested)
_start: Final = msgspec.json.Decoder(Start)
_triggered: Final = msgspec.json.Decoder(Triggered)
_block_start: Final = msgspec.json.Decoder(BlockStart)
_tool_delta: Final = msgspec.json.Decoder(ToolInputDelta)
_tool_request: Final = msgspec.json.Decoder(ToolRequest)
_tool_settled: Final = msgspec.json.Decoder(ToolSettled)
_ended: Final = msgspec.json.Decoder(ExecutionEnded)


class LegWriter:
    """Writes one leg; `done` once its last byte has been given out, whatever follows in the journal.

    `after`: the cursor the leg follows. `version`: 2 or 4. `direct`: the reader is a browser, which is asked for tool
    results by `client-tool-request`. Feed rows in order; rows given twice are written once.
    """

    def __init__(
        self,
        *,
        execution_id: str,
        session_id: str,
        continuation: bool,
        version: int,
        after: int,
        direct: bool = False,
    ) -> None:
        self.done = False
        self._execution_id = execution_id
        self._session_id = session_id
        self._begun = continuation
        self._continuation = continuation
        self._older = version < 4
        self._after = after
        self._direct = direct
        self._tools: frozenset[str] | None = None
        self._announced: set[str] = set()
        self._arguments: dict[str, list[str]] = {}
        self._finished = False
        # The root worker of a session of its own has the session's id; only such a run reports its usage.
        self._reports_usage = session_id == execution_id and not self._older

    def narrow(self, tools: frozenset[str] | None) -> LegWriter:
        """For a reader that may bring results of these tools only: a round of others does not end its leg."""
        self._tools = tools
        return self

    def open(self) -> bytes:
        """What comes before any row: on a continuation the `start` that the journal holds only once."""
        if not self._continuation:
            return b""
        start = {"type": "start", "executionId": self._execution_id, "sessionId": self._session_id}
        return frame(msgspec.json.encode(start))

    def feed(self, rows: Iterable[Row]) -> bytes:
        """The bytes that these rows add to the answer."""
        out: list[bytes] = []
        for row in rows:
            if self.done:
                break
            if row.last <= self._after:
                continue
            if row.kind == DELTAS:
                if self._begun:
                    out.append(self._deltas(row))
            elif row.kind == FACT:
                out.append(self._fact(row.data))
            self._after = row.last
        return b"".join(out)

    def _deltas(self, row: Row) -> bytes:
        data = row.data
        if row.first <= self._after:
            data = self._unseen(row)
        if self._older:
            return self._older_deltas(data)
        return frame_deltas(data)

    def _unseen(self, row: Row) -> bytes:
        """The lines of a row past the cursor; in a resolved stub there are fewer lines than cursors, all at its end."""
        lines = row.data.split(b"\n")
        if len(lines) != row.last - row.first + 1:
            return row.data
        return b"\n".join(lines[self._after - row.first + 1 :])

    def _older_deltas(self, data: bytes) -> bytes:
        # A quote inside a JSON string is escaped, so these bytes can only be the member itself.
        if _WORKER_KEY in data:
            return b""
        if not data.startswith(_TOOL_DELTA):
            return frame_deltas(data)
        for line in data.split(b"\n"):
            delta = _tool_delta.decode(line)
            self._arguments.setdefault(delta.tool_call_id, []).append(delta.input_text_delta)
        return b""

    def _fact(self, data: bytes) -> bytes:
        tag = tag_of(data)
        if not self._begun:
            return self._before(tag, data)
        handler = self._HANDLERS.get(tag)
        if handler is not None:
            return handler(self, data)
        if tag in PUBLIC_TAGS:
            return self._public(tag, data)
        return b""

    def _before(self, tag: bytes, data: bytes) -> bytes:
        """Until this execution begins, the journal is about another."""
        if tag == b"triggered":
            self._begun = _triggered.decode(data).execution_id == self._execution_id
        elif tag == b"start" and _start.decode(data).execution_id == self._execution_id:
            self._begun = True
            return frame(data)
        return b""

    def _public(self, tag: bytes, data: bytes) -> bytes:
        if self._older and (tag in SINCE_4 or self._is_nested(data)):
            return b""
        return frame(data)

    def _is_nested(self, data: bytes) -> bool:
        return _WORKER_KEY in data and _nested.decode(data).worker_id is not None

    def _announce(self, data: bytes) -> bytes:
        if self._older and self._is_nested(data):
            return b""
        call_id = _call_id.decode(data).tool_call_id
        self._announced.add(call_id)
        return self._whole_arguments(call_id) + frame(data)

    def _input_ended(self, data: bytes) -> bytes:
        if not self._older:
            return frame(data)
        if self._is_nested(data):
            return b""
        return self._whole_arguments(_call_id.decode(data).tool_call_id) + frame(data)

    def _argument(self, data: bytes) -> bytes:
        """A delta stored as a fact: the whole arguments of a call that no model wrote."""
        return self._older_deltas(data) if self._older else frame(data)

    def _whole_arguments(self, call_id: str) -> bytes:
        """Clients of version 2 parse every delta by itself: they get one, the whole."""
        pieces = self._arguments.pop(call_id, None)
        if pieces is None:
            return b""
        return frame_event(ToolInputDelta(tool_call_id=call_id, input_text_delta="".join(pieces)))

    def _block(self, data: bytes) -> bytes:
        if not self._older:
            return frame(data)
        block = _block_start.decode(data)
        if block.worker_id is not None:
            return b""
        if block.display != "title":
            return frame(data)
        return frame_event(msgspec.structs.replace(block, display="description"))

    def _request(self, data: bytes) -> bytes:
        if self._tools is not None:
            data = narrowed(data, self._tools)
            if not data:
                return b""
        request = _tool_request.decode(data)
        self.done = True
        if not self._direct:
            return frame(data) + self._finish("tool-calls") + DONE
        asked = ClientToolRequest(execution_id=self._execution_id, tool_calls=request.tool_calls)
        return frame_event(asked) + self._finish("client-tool-calls") + DONE

    def _paused(self, _data: bytes) -> bytes:
        self.done = True
        return self._finish("tool-calls") + DONE

    def _settled(self, data: bytes) -> bytes:
        settled = _tool_settled.decode(data)
        if not self._tells(settled) or (self._older and settled.worker_id is not None):
            return b""
        return frame(encode_event(tool_output(settled)))

    def _tells(self, settled: ToolSettled) -> bool:
        """Whether the client waits for this result: it saw the call, and does not make the result itself."""
        if settled.display == "hidden":
            return False
        if settled.ran == "caller":
            # With a reader that may bring some results only, others bring the rest.
            return self._tools is not None
        left_over = self._continuation and settled.ran == "synthetic"
        return left_over or settled.call_id in self._announced

    def _superseded(self, data: bytes) -> bytes:
        if not self._older:
            return frame(data)
        self._arguments.clear()
        return b""

    def _error(self, data: bytes) -> bytes:
        self.done = True
        return frame(data) + DONE

    def _finished_by(self, data: bytes) -> bytes:
        self._finished = True
        if self._reports_usage:
            return frame(data)
        self.done = True
        return frame(data) + DONE

    def _execution_ended(self, data: bytes) -> bytes:
        self.done = True
        last = b"" if self._finished else self._finish("stop")
        if self._reports_usage:
            last += frame_event(usage_event(_ended.decode(data)))
        return last + DONE

    def _finish(self, reason: str) -> bytes:
        finish = {"type": "finish", "finishReason": reason, "executionId": self._execution_id}
        return frame(msgspec.json.encode(finish))

    _HANDLERS: ClassVar[dict[bytes, Callable[[LegWriter, bytes], bytes]]] = {
        b"tool-input-start": _announce,
        b"tool-input-available": _announce,
        b"tool-input-delta": _argument,
        b"tool-input-end": _input_ended,
        b"block-start": _block,
        b"tool-request": _request,
        b"paused": _paused,
        b"tool-settled": _settled,
        b"attempt-superseded": _superseded,
        b"error": _error,
        b"finish": _finished_by,
        b"execution-ended": _execution_ended,
    }
