"""Owns what becomes of old journal rows: deltas turn into stubs, and what is left is packed.

A step has two halves. `plan` reads one session's oldest rows and works out what replaces them, on a reader's
thread; `carry_out` swaps them in one short transaction, unless another prune was faster.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from mainspring.model.rows import DELTAS, STUB, Row
from mainspring.storage.sqlite.coding import (
    CURSOR_BITS,
    LAST_CURSOR,
    TEMPLATES,
    StoredRow,
    pack_rows,
    part_of,
    read_row,
)
from mainspring.storage.sqlite.connections import Connection
from mainspring.storage.sqlite.ledger import Ledger
from mainspring.storage.sqlite.statements import statements

WINDOW_ROWS = 512
WINDOW_BYTES = 256 * 1024
SETTLED = b'{"type":"generation-settled"'
SUPERSEDED = b'{"type":"attempt-superseded"'
ENDED = b'{"type":"execution-ended"'
CALL = "call_"
WORKER = "wrk_"
"""A worker's input streams under the id of the frame that will answer the call: the call's, with another stem."""
VERDICTS = (SETTLED, SUPERSEDED, ENDED)


class DeltaName(msgspec.Struct, frozen=True, rename="camel"):
    """The member of a delta that names its part: the first of these that is there."""

    id: str = ""
    tool_call_id: str = ""
    worker_id: str = ""


class CallName(msgspec.Struct, frozen=True, rename="camel"):
    """The part of a message that a tool call is."""

    call_id: str = ""


class AnswerNames(msgspec.Struct, frozen=True):
    """The parts of a settled message."""

    parts: tuple[CallName, ...] = ()


class Verdict(msgspec.Struct, frozen=True, rename="camel"):
    """The members of a fact that say what became of streamed parts."""

    part_ids: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    message: AnswerNames = AnswerNames()


@dataclass(slots=True)
class Deltas:
    """Neighbouring delta rows of one part."""

    part: str
    first: int
    last: int
    at: float
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """The stored rows that replace those of cursors `start` (exclusive) to `end`.

    `dropped`: how many delta rows that frees. `again_at`: no use in another look before that time.
    """

    session_id: str
    n: int
    start: int
    end: int
    rows: list[StoredRow]
    dropped: int
    again_at: float


_decode_name = msgspec.json.Decoder(DeltaName).decode
_decode_verdict = msgspec.json.Decoder(Verdict).decode


def plan(connection: Connection, before: float) -> Plan | None:
    """The next step for rows older than `before`; None if there is nothing left to do."""
    with connection:
        found = connection.execute(statements("sessions")["stale"], (before,)).fetchone()
        if found is None:
            return None
        n, session_id, start = found
        window = _read_window(connection, n << CURSOR_BITS, start, before)
        fates = Fates()
        end = window[-1].last if window else start
        if any(isinstance(item, Deltas) for item in window):
            fates.read_on(connection, n << CURSOR_BITS, end)
    judged = fates.judge(window)
    rows = [row for row, _ in judged]
    return Plan(
        session_id=session_id,
        n=n,
        start=start,
        end=rows[-1].last if rows else start,
        rows=pack_rows(rows, origin=n << CURSOR_BITS),
        dropped=sum(dropped for _, dropped in judged),
        again_at=before if len(judged) < len(window) else 0.0,
    )


def carry_out(connection: Connection, ledger: Ledger, plan: Plan) -> int:
    """Swaps the rows; returns how many delta rows were dropped (0 if another prune was here first)."""
    journal, sessions = statements("journal"), statements("sessions")
    origin = plan.n << CURSOR_BITS
    oldest = connection.execute(journal["first_time"], (origin + plan.end, origin + LAST_CURSOR)).fetchone()
    stale_from = None if oldest is None else max(oldest[0], plan.again_at)
    connection.execute(sessions["set_pruned"], (plan.n, plan.start, plan.end, stale_from))
    if not connection.changes():
        return 0
    ledger.head(plan.session_id).stale = stale_from is not None
    if plan.rows:
        connection.execute(journal["drop_window"], (origin + plan.start, origin + plan.end))
        connection.executemany(journal["append"], plan.rows)
    return plan.dropped


def _read_window(connection: Connection, origin: int, start: int, before: float) -> list[Row | Deltas]:
    """The oldest rows, neighbouring deltas of a part as one: never a part of such a group, so it may be longer."""
    window: list[Row | Deltas] = []
    rows = size = 0
    stored: StoredRow
    found = connection.execute(statements("journal")["read_window"], (origin + start, origin + LAST_CURSOR))
    for stored in found:
        if stored[3] >= before:
            break
        rows += 1
        part = _part_of(stored)
        last = window[-1] if window else None
        if part and isinstance(last, Deltas) and last.part == part:
            last.last = stored[0] - origin
            last.rows += 1
            continue
        if rows > WINDOW_ROWS or size > WINDOW_BYTES:
            break
        if part:
            cursor = stored[0] - origin
            window.append(Deltas(part, cursor - stored[1], cursor, stored[3]))
        else:
            size += len(stored[4])
            window += read_row(stored)
    return window


def _part_of(stored: StoredRow) -> str:
    """The part that a row of deltas belongs to; "" for every other row, and for one that cannot be read."""
    _, _, kind, _, data = stored
    try:
        if kind in TEMPLATES:
            return part_of(data)
        if kind == DELTAS:
            name = _decode_name(data.partition(b"\n")[0])
            return name.id or name.tool_call_id or name.worker_id
    except msgspec.MsgspecError:
        return ""
    return ""


class Fates:
    """What became of each part, told by the first fact after its deltas that names it; so facts are met backwards."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}
        self._ended = False

    def read_on(self, connection: Connection, origin: int, end: int) -> None:
        """Meets the facts after cursor `end`, as far as the end of the execution that runs there."""
        bounds = (origin + end, origin + LAST_CURSOR, *VERDICTS)
        ahead: list[tuple[int, bytes]] = []
        for key, data in connection.execute(statements("journal")["read_verdicts"], bounds):
            ahead.append((key - origin, data))
            if data.startswith(ENDED):
                break
        self._meet_all(reversed(ahead))

    def _meet_all(self, facts: Iterable[tuple[int, bytes]]) -> None:
        for cursor, data in facts:
            self.meet(cursor, data)

    def meet(self, cursor: int, data: bytes) -> None:
        """A fact: notes what it says about parts. One that cannot be read says nothing."""
        if data.startswith(ENDED):
            self._ended = True
        if not data.startswith((SETTLED, SUPERSEDED)):
            return
        try:
            verdict = _decode_verdict(data)
        except msgspec.MsgspecError:
            return
        if data.startswith(SETTLED):
            calls = [part.call_id for part in verdict.message.parts]
            workers = [WORKER + call.removeprefix(CALL) for call in calls]
            self._of.update(dict.fromkeys((*verdict.part_ids, *calls, *workers), cursor))
        else:
            self._of.update(dict.fromkeys(verdict.parts, 0))

    def judge(self, window: list[Row | Deltas]) -> list[tuple[Row, int]]:
        """The rows that stay, each with how many delta rows it stands for, up to the first part without a fate."""
        judged: list[tuple[Row, int]] = []
        for item in reversed(window):
            if isinstance(item, Row):
                self.meet(item.last, item.data)
                judged.append((item, 0))
                continue
            settled = self._of.get(item.part, 0 if self._ended else None)
            if settled is None:
                judged = []
                continue
            stub = msgspec.json.encode({"settled": settled, "part": item.part})
            judged.append((Row(item.first, item.last, STUB, stub, item.at), item.rows))
        judged.reverse()
        return judged
