"""Owns following one execution through a journal: what the foreign wires have in common.

A foreign wire is a table of handlers, one for each kind of event it can say something about. Rows go in, in order;
the bytes of the client's own events come out. What comes out depends on the rows and on what the reader was given
when it was made, so a replay writes the same bytes again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, TypeAlias, TypeVar

import msgspec

from mainspring.model.rows import DELTAS, FACT, Row
from mainspring.model.stream_events import Start, ToolApprovalRequest, ToolApprovalResponse
from mainspring.model.values import Value, encode_json
from mainspring.wires.native_events import tag_of

WORKER_KEY: Final = b'"workerId":'
"""What marks a delta of a worker: a quote inside a JSON string is escaped, so these bytes can only be the member."""

MAIN: Final = "main"

Handlers: TypeAlias = Mapping[bytes, Callable[[Any, bytes], bytes]]
"""By event type, the method of a reader that makes bytes of it."""

_Event = TypeVar("_Event")
_approval: Final = msgspec.json.Decoder(ToolApprovalRequest | ToolApprovalResponse).decode
_start: Final = msgspec.json.Decoder(Start)


class Turn(Value, frozen=True, kw_only=True):
    """What a wire reads: the events of an execution, which begins after cursor `begin`.

    The client has what comes up to cursor `after`: that is only read to know of it. `message_id` is the turn's one
    assistant message. `settled`: the calls that had a result, and the approval requests that had an answer, when the
    reading began.
    """

    session_id: str
    execution_id: str
    begin: int
    after: int
    message_id: str = ""
    settled: frozenset[str] = frozenset()

    @property
    def continuation(self) -> bool:
        """Whether the client has the beginning."""
        return self.after > self.begin


class TurnReader(ABC):
    """Reads one execution; `done` once its last byte has been given out, whatever follows in the journal.

    Rows given twice are read once.
    """

    _HANDLERS: ClassVar[Handlers] = {}

    def __init__(self, turn: Turn) -> None:
        self.done = False
        self._turn = turn
        self._begun = False
        self._after = turn.begin
        self._quiet = turn.continuation
        """Whether the client has the bytes of what is being read."""
        self._open_approvals: set[str] = set()

    def open(self) -> bytes:
        """What comes before any row: on a continuation the beginning of the client's own answer."""
        return self._opened(self._turn.message_id) if self._turn.continuation else b""

    def feed(self, rows: Iterable[Row]) -> bytes:
        """The bytes that these rows add to the answer."""
        out: list[bytes] = []
        for row in rows:
            if self.done:
                break
            if row.last <= self._after:
                continue
            self._after = row.last
            if self._quiet and row.last > self._turn.after:
                self._quiet = False
                out.append(self._caught_up())
            data = self._row(row)
            if not self._quiet:
                out.append(data)
        return b"".join(out)

    def _row(self, row: Row) -> bytes:
        if row.kind == FACT:
            return self._fact(row.data)
        known = self._begun and not self._quiet
        return self._deltas(row.data) if known and row.kind == DELTAS else b""

    def _fact(self, data: bytes) -> bytes:
        tag = tag_of(data)
        if self._begun:
            self._note_approval(tag, data)
            handler = self._HANDLERS.get(tag)
            return b"" if handler is None else handler(self, data)
        if tag == b"start" and (event := _start.decode(data)).execution_id == self._turn.execution_id:
            self._begun = True
            return self._opened(event.message_id)
        return b""

    def _note_approval(self, tag: bytes, data: bytes) -> None:
        if tag == b"tool-approval-request":
            self._open_approvals.add(_approval(data).approval_id)
        elif tag == b"tool-approval-response":
            self._open_approvals.discard(_approval(data).approval_id)

    def _waits_for_people(self) -> bool:
        """Whether the pause that is being read is the last: nobody has answered since, as far as was known then."""
        return not self._quiet and self._open_approvals.isdisjoint(self._turn.settled)

    def _caught_up(self) -> bytes:
        """What a continuation says first of what the client has seen begin."""
        return b""

    @abstractmethod
    def _opened(self, message_id: str) -> bytes:
        """The first bytes of an answer."""
        ...

    @abstractmethod
    def _deltas(self, data: bytes) -> bytes:
        """The bytes of a row of deltas: events of one part, one a line."""
        ...


def reader_of(event: type[_Event]) -> Callable[[bytes], _Event]:
    """What makes a value of an event's bytes."""
    return msgspec.json.Decoder(event).decode


def sse(value: object) -> bytes:
    """A value as one server-sent event."""
    return b"data: " + encode_json(value) + b"\n\n"
