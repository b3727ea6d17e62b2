"""Owns how old journal rows are swapped for what is kept of them: deltas for stubs, and what is left in packs.

A step has two halves. `plan` reads one session's oldest rows and works out what replaces them, on a reader's
thread; `carry_out` swaps them in one short transaction, unless another prune was faster.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from mainspring.model.errors import StoreError
from mainspring.model.rows import Row
from mainspring.storage.coding import CURSOR_BITS, LAST_CURSOR, StoredRow, pack_rows
from mainspring.storage.fates import VERDICTS, Deltas, Fates, Window
from mainspring.storage.sqlite.connections import Connection
from mainspring.storage.sqlite.ledger import Ledger
from mainspring.storage.sqlite.statements import statements

log = logging.getLogger("mainspring.prune")


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


def plan(connection: Connection, before: float) -> Plan | None:
    """The next step for rows older than `before`; None if there is nothing left to do."""
    with connection:
        found = connection.execute(statements("sessions")["stale"], (before,)).fetchone()
        if found is None:
            return None
        n, session_id, start = found
        try:
            return plan_session(connection, (session_id, n, start), before)
        except StoreError as error:
            log.error("session %s cannot be pruned; the others are: %s", session_id, error)  # noqa: TRY400 no trace
            return Plan(
                session_id=session_id, n=n, start=start, end=start, rows=[], dropped=0, again_at=before
            )


def plan_session(connection: Connection, place: tuple[str, int, int], before: float) -> Plan:
    """The next step in one session: its id, its number, and the cursor up to which it is compact already.

    Raises `StoreError` if its journal is damaged there.
    """
    session_id, n, start = place
    window = _read_window(connection, n << CURSOR_BITS, start, before)
    fates = Fates()
    end = window[-1].last if window else start
    if any(isinstance(item, Deltas) for item in window):
        fates.read_on(_facts_after(connection, n << CURSOR_BITS, end))
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
    window = Window(origin=origin, before=before)
    stored: StoredRow
    found = connection.execute(statements("journal")["read_window"], (origin + start, origin + LAST_CURSOR))
    for stored in found:
        if not window.take(stored):
            break
    return window.items


def _facts_after(connection: Connection, origin: int, end: int) -> Iterator[tuple[int, bytes]]:
    bounds = (origin + end, origin + LAST_CURSOR, *VERDICTS)
    for key, data in connection.execute(statements("journal")["read_verdicts"], bounds):
        yield key - origin, data
