"""Owns who may append: checks each append against the head of its session, and stages its rows for the group's commit.

Runs on the writer thread, inside a transaction. A refusal is raised before anything of its append is staged.
"""

from __future__ import annotations

from typing import Any, Final

from mainspring.model.errors import MainspringError, NotFound, SessionBusy, StaleWriter, StoreError
from mainspring.model.rows import Row
from mainspring.runtime.ports import Append, SessionPatch
from mainspring.storage.coding import CURSOR_BITS, StoredRow, store_row
from mainspring.storage.sqlite.connections import Connection
from mainspring.storage.sqlite.statements import statements

HEADS_KEPT = 8192
PATCHED: Final = ("status", "active_execution", "waiting", "updated_at", "expires_at", "version", "wake_at")


class Head:
    """What an append is judged by. `stale`: the session has rows that a prune has not seen."""

    __slots__ = ("active", "cursor", "epoch", "n", "owner", "stale", "waiting", "wake_at")

    def __init__(self, found: tuple[Any, ...]) -> None:
        self.n: int = found[0]
        self.epoch: int = found[1]
        self.active: str | None = found[2]
        self.stale = bool(found[3])
        self.cursor: int = found[4]
        self.owner: str | None = found[5]
        self.waiting = bool(found[6])
        self.wake_at: float | None = found[7]

    @property
    def running(self) -> bool:
        """Whether a host performs something for it."""
        return self.active is not None and not self.waiting


class Ledger:
    """The heads of the sessions in use, and the rows of the open transaction.

    Only the process that drives a database writes sessions, so a head read once stays true until `forget`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._heads: dict[str, Head] = {}
        self._rows: list[StoredRow] = []
        self._lost: set[str] = set()
        journal, sessions = statements("journal"), statements("sessions")
        self._insert = journal["append"]
        self._snapshot = journal["write_snapshot"]
        self._read_head = sessions["head"]
        self._stale_from = sessions["set_stale_from"]
        self._forget_wake = sessions["set_wake_at"]
        self._patches = tuple((name, sessions[f"set_{name}"]) for name in PATCHED)

    def head(self, session_id: str) -> Head:
        """The head of a session; raises `NotFound`."""
        head = self._heads.get(session_id)
        if head is None:
            found = self._connection.execute(self._read_head, (session_id,)).fetchone()
            if found is None:
                raise NotFound("There is no such session.")
            if len(self._heads) >= HEADS_KEPT:
                self.flush()  # a head that is read again has to see what is staged
                self._heads.clear()
            head = self._heads[session_id] = Head(found)
        return head

    def append(self, append: Append) -> None:
        """Stages an append; raises `NotFound`, `StaleWriter`, `SessionBusy`."""
        head = self.head(append.session_id)
        patch = append.patch
        if append.epoch != head.epoch:
            raise StaleWriter(
                f"The session is at epoch {head.epoch}; this append is of epoch {append.epoch}."
            )
        if (
            append.claim
            and head.active is not None
            and (patch is None or patch.active_execution != head.active)
        ):
            raise SessionBusy("Another execution runs in this session.", details={"executionId": head.active})
        if append.rows:
            self._check(head, append)
            self.stage(head, append.rows)
        if patch is not None:
            self._patch(head, patch)
        if append.snapshot is not None:
            self._connection.execute(self._snapshot, (head.n, head.cursor, append.snapshot))

    def _check(self, head: Head, append: Append) -> None:
        cursor = head.cursor
        for row in append.rows:
            if row.first != cursor + 1 or row.last < row.first:
                raise self._misfit(append, expected=cursor + 1, found=row.first)
            cursor = row.last
        if self._lost:
            self._lost.discard(append.session_id)

    def _misfit(self, append: Append, *, expected: int, found: int) -> MainspringError:
        """A gap after an append that the engine lost is its consequence, not a sign of another writer."""
        if append.session_id in self._lost and found > expected:
            return StoreError("An append before this one was not written.")
        return StaleWriter(f"The next cursor of the session is {expected}; this append has {found}.")

    def stage(self, head: Head, rows: tuple[Row, ...]) -> None:
        """Adds rows that fit to the open transaction."""
        origin = head.n << CURSOR_BITS
        self._rows += [store_row(row, origin=origin) for row in rows]
        head.cursor = rows[-1].last
        if not head.stale:
            self._connection.execute(self._stale_from, (head.n, rows[0].at))
            head.stale = True

    def _patch(self, head: Head, patch: SessionPatch) -> None:
        """One small update a member: an update of the whole row would rewrite every index of the table."""
        for name, sql in self._patches:
            value = getattr(patch, name)
            if value is not None:
                self._connection.execute(sql, (head.n, value))
        if patch.waiting is not None:
            head.waiting = patch.waiting
        if patch.wake_at is not None:
            head.wake_at = patch.wake_at or None
        if patch.active_execution is not None:
            head.active = patch.active_execution or None
            if head.active is None and head.wake_at is not None:
                self._connection.execute(self._forget_wake, (head.n, 0))
                head.wake_at = None

    def flush(self) -> None:
        """Writes the staged rows into the open transaction."""
        if self._rows:
            rows, self._rows = self._rows, []
            self._connection.executemany(self._insert, rows)

    def forget(self) -> None:
        """Drops what is staged and known: the transaction was rolled back."""
        self._rows = []
        self._heads = {}

    def lose(self, session_id: str) -> None:
        """Remembers that the engine lost an append of this session."""
        self._lost.add(session_id)
