"""Owns how old journal rows are swapped for what is kept of them: deltas for stubs, and what is left in packs.

A step has two halves: reading one session's oldest rows and working out what replaces them, then swapping them in one
short transaction, unless another prune (of any host) was faster. The head of the session is locked at its very end.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from mainspring.storage.coding import StoredRow, pack_rows
from mainspring.storage.fates import ENDED, VERDICTS, Deltas, Fates, Window
from mainspring.storage.postgres.connections import Connection
from mainspring.storage.postgres.journal import stored_row
from mainspring.storage.postgres.statements import statements

PREFETCH = 600
KEPT_SECONDS = 3600
MOST_FORGOTTEN = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """The stored rows that replace those of cursors `start` (exclusive) to `end`.

    `dropped`: how many delta rows that frees. `again_at`: no use in another look before that time.
    """

    n: int
    start: int
    end: int
    rows: list[StoredRow]
    dropped: int
    again_at: float


async def plan(connection: Connection, before: float) -> Plan | None:
    """The next step for rows older than `before`; None if there is nothing left to do."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = await connection.fetchrow(statements("sessions")["stale"], before)
        if found is None:
            return None
        n, start = found
        window = Window(origin=0, before=before)
        async for row in connection.cursor(statements("journal")["read_window"], n, start, prefetch=PREFETCH):
            if not window.take(stored_row(row)):
                break
        ahead: list[tuple[int, bytes]] = []
        if any(isinstance(item, Deltas) for item in window.items):
            ahead = await _facts_after(connection, n, window.items[-1].last)
    return await asyncio.to_thread(_judged, n, start, window, ahead)


async def _facts_after(connection: Connection, n: int, end: int) -> list[tuple[int, bytes]]:
    ahead: list[tuple[int, bytes]] = []
    sql = statements("journal")["read_verdicts"]
    async for last, data in connection.cursor(sql, n, end, *VERDICTS, prefetch=PREFETCH):
        ahead.append((last, data))
        if data.startswith(ENDED):
            break
    return ahead


def _judged(n: int, start: int, window: Window, ahead: list[tuple[int, bytes]]) -> Plan:
    """On a thread: packing takes some milliseconds."""
    fates = Fates()
    fates.read_on(ahead)
    judged = fates.judge(window.items)
    rows = [row for row, _ in judged]
    return Plan(
        n=n,
        start=start,
        end=rows[-1].last if rows else start,
        rows=pack_rows(rows, origin=0),
        dropped=sum(dropped for _, dropped in judged),
        again_at=window.before if len(judged) < len(window.items) else 0.0,
    )


async def carry_out(connection: Connection, plan: Plan) -> int:
    """Swaps the rows; returns how many delta rows were dropped (0 if another prune was here first)."""
    journal, sessions = statements("journal"), statements("sessions")
    async with connection.transaction():
        if not await connection.fetchval(sessions["lock_prune"], plan.n):
            return 0
        if await connection.fetchval(sessions["pruned"], plan.n) != plan.start:
            return 0
        if plan.rows:
            await connection.execute(journal["drop_window"], plan.n, plan.start, plan.end)
            columns = [[row[index] for row in plan.rows] for index in range(5)]
            await connection.execute(journal["put_back"], plan.n, *columns)
        await connection.execute(sessions["lock_head"], plan.n)
        oldest = await connection.fetchval(journal["first_time"], plan.n, plan.end)
        stale_from = None if oldest is None else max(oldest, plan.again_at)
        await connection.execute(sessions["set_pruned"], plan.n, plan.end, stale_from)
    return plan.dropped


async def forget_executions(connection: Connection) -> None:
    """Drops what the engine keeps of executions that are over; the journal tells of them."""
    await connection.execute(statements("absurd")["forget"], KEPT_SECONDS, MOST_FORGOTTEN)
