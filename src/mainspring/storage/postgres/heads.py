"""Owns who may append: judges what is queued against the locked heads of its sessions, and stages what will be written.

The rows of the heads are locked by the open transaction before anything is judged, so what is true here is true in the
database until the commit: no other process can take the session, append to it or claim it in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from msgspec.structs import replace

from mainspring.model.errors import Conflict, MainspringError, NotFound, SessionBusy, StaleWriter, StoreError
from mainspring.model.rows import Row
from mainspring.runtime.dispatch import Hold
from mainspring.runtime.ports import Append, SessionPatch, SessionRecord
from mainspring.storage.coding import StoredRow, store_row
from mainspring.storage.postgres.connections import Connection
from mainspring.storage.postgres.hints import hints_of
from mainspring.storage.postgres.sessions import record_of
from mainspring.storage.postgres.statements import statements
from mainspring.storage.postgres.text import read, read_maybe, written


@dataclass(frozen=True, slots=True)
class Create:
    """A session to store with its first rows."""

    record: SessionRecord
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Take:
    """A session to take for a host: a new epoch."""

    session_id: str
    host_id: str


class Drive(NamedTuple):
    """The part of a head that says what becomes of its execution."""

    active: str | None
    waiting: bool
    owner: str | None
    wake_at: float | None

    def verbs_since(self, before: Drive) -> tuple[str, ...]:
        """What `mainspring.follow` has to do about the change."""
        if self.active != before.active:
            ended = ("end",) if before.active is not None else ()
            begun = ("begin",) if self.active is not None else ()
            return (*ended, *begun, *(("park",) if begun and self.waiting else ()))
        if self.active is None:
            return ()
        if self.waiting != before.waiting:
            return ("park",) if self.waiting else ("resume",)
        if self.waiting:
            return () if self.wake_at == before.wake_at else ("resume", "park")
        return () if self.owner == before.owner else ("hold",)


NOBODY = Drive(None, False, None, None)


@dataclass(slots=True)
class Head:
    """A locked row of `heads`, as it will be written.

    `driven`: the owner was live when the row was locked. `stale`: the session has rows that a prune has not seen.
    """

    n: int
    cursor: int
    epoch: int
    active: str | None
    waiting: bool
    owner: str | None
    wake_at: float | None
    stale: bool
    driven: bool = False
    drove: Drive = NOBODY
    stale_from: float | None = None
    touched: bool = False

    @property
    def drive(self) -> Drive:
        """What the engine of executions has to know."""
        return Drive(self.active, self.waiting, self.owner, self.wake_at)

    @property
    def running(self) -> bool:
        """Whether an execution is open that a host performs."""
        return self.active is not None and not self.waiting


class Heads:
    """What one group writes: the heads it may write to, and its rows, patches, snapshots, new sessions.

    `lost`: sessions of which an append was not written; shared by the groups of a writer.
    """

    def __init__(self, lost: set[str]) -> None:
        self._lost = lost
        self._heads: dict[str, Head] = {}
        self._keyed: dict[tuple[str, str], SessionRecord] = {}
        self._ids: set[str] = set()
        self._numbers: list[int] = []
        self._rows: list[tuple[int, StoredRow]] = []
        self._snapshots: dict[int, tuple[int, bytes]] = {}
        self._patches: dict[int, SessionPatch] = {}
        self._created: list[tuple[int, SessionRecord]] = []
        self._grown: dict[str, int] = {}

    @property
    def witness(self) -> tuple[int, StoredRow] | None:
        """A journal row that is in the database if and only if the group was committed; None: it wrote none."""
        return self._rows[-1] if self._rows else None

    # ------------------------------------------------------------ looking

    async def look(self, connection: Connection, work: Iterable[object]) -> None:
        """Locks and reads what the items of a group are judged by."""
        wanted: set[str] = set()
        created: list[SessionRecord] = []
        for item in work:
            if isinstance(item, (Append, Take)):
                wanted.add(written(item.session_id))
            elif isinstance(item, Create):
                created.append(item.record)
        if created:
            await self._look_at_new(connection, created)
        if wanted:
            for found in await connection.fetch(statements("sessions")["lock_heads"], list(wanted)):
                self._heads[read(found[0])] = _head_of(found)

    async def _look_at_new(self, connection: Connection, created: list[SessionRecord]) -> None:
        sql = statements("sessions")
        keyed = [(written(each.project_id), written(each.start_key)) for each in created if each.start_key]
        found = await connection.fetch(
            sql["taken"],
            [written(each.id) for each in created],
            [project for project, _ in keyed],
            [key for _, key in keyed],
        )
        for row in found:
            record = record_of(row)
            self._ids.add(record.id)
            if record.start_key is not None:
                self._keyed[record.project_id, record.start_key] = record
        self._numbers = [row[0] for row in await connection.fetch(sql["numbers"], len(created))]

    # ------------------------------------------------------------ judging

    def head(self, session_id: str) -> Head:
        """The head of a session; raises `NotFound`."""
        head = self._heads.get(session_id)
        if head is None:
            raise NotFound("There is no such session.")
        return head

    def create(self, create: Create) -> SessionRecord:
        """Stages a session, or answers the one that has its `start_key` already.

        Raises `Conflict` if the id is taken, `StaleWriter` if the rows do not count from 1.
        """
        record = create.record
        if record.start_key is not None:
            keyed = self._keyed.get((record.project_id, record.start_key))
            if keyed is not None:
                return keyed
        if record.id in self._ids:
            raise Conflict("A session with this id exists already.")
        cursor = 0
        for row in create.rows:
            if row.first != cursor + 1 or row.last < row.first:
                raise StaleWriter(f"The next cursor of the session is {cursor + 1}; a row has {row.first}.")
            cursor = row.last
        head = self._new_head(record)
        if create.rows:
            self._stage(head, create.rows)
        made = replace(record, cursor=cursor, active_execution=head.active)
        self._ids.add(record.id)
        if record.start_key is not None:
            self._keyed[record.project_id, record.start_key] = made
        return made

    def _new_head(self, record: SessionRecord) -> Head:
        head = Head(
            n=self._numbers.pop(),
            cursor=0,
            epoch=record.epoch,
            active=record.active_execution or None,
            waiting=record.waiting,
            owner=record.owner,
            wake_at=record.wake_at,
            stale=False,
            touched=True,
        )
        self._heads[record.id] = head
        self._created.append((head.n, record))
        return head

    def take(self, take: Take) -> Hold:
        """The session for a host, unless a live other one runs something in it; raises `NotFound`."""
        head = self.head(take.session_id)
        if head.running and head.driven and head.owner is not None and head.owner != take.host_id:
            return Hold(epoch=head.epoch, driver=head.owner)
        handed_over = head.owner is None
        head.epoch += 1
        head.owner, head.driven = take.host_id, True
        head.touched = True
        return Hold(epoch=head.epoch, handed_over=handed_over)

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
            self._stage(head, append.rows)
            self._grown[append.session_id] = head.cursor
        if patch is not None:
            self._patch(head, patch)
        if append.snapshot is not None:
            self._snapshots[head.n] = (head.cursor, append.snapshot)

    def _check(self, head: Head, append: Append) -> None:
        cursor = head.cursor
        for row in append.rows:
            if row.first != cursor + 1 or row.last < row.first:
                raise self._misfit(append, expected=cursor + 1, found=row.first)
            cursor = row.last
        self._lost.discard(append.session_id)

    def _misfit(self, append: Append, *, expected: int, found: int) -> MainspringError:
        """A gap after an append that was lost is its consequence, not a sign of another writer."""
        if append.session_id in self._lost and found > expected:
            return StoreError("An append before this one was not written.")
        return StaleWriter(f"The next cursor of the session is {expected}; this append has {found}.")

    def _stage(self, head: Head, rows: tuple[Row, ...]) -> None:
        self._rows += [(head.n, store_row(row, origin=0)) for row in rows]
        head.cursor = rows[-1].last
        head.touched = True
        if not head.stale:
            head.stale, head.stale_from = True, rows[0].at

    def _patch(self, head: Head, patch: SessionPatch) -> None:
        if patch.wake_at is not None:
            head.wake_at = patch.wake_at or None
            head.touched = True
        if patch.active_execution is not None:
            head.active = patch.active_execution or None
            head.wake_at = head.wake_at if head.active else None
            head.touched = True
        if patch.waiting is not None:
            head.waiting = patch.waiting
            head.touched = True
        named = {name: value for name in LISTED if (value := getattr(patch, name)) is not None}
        if named:
            before = self._patches.get(head.n)
            self._patches[head.n] = replace(before, **named) if before else SessionPatch(**named)

    # ------------------------------------------------------------ writing

    async def write(self, connection: Connection) -> None:
        """Writes all that is staged: one statement a table, however many sessions and rows there are."""
        if self._created:
            await connection.execute(statements("sessions")["create"], *_columns(self._created))
        touched = [head for head in self._heads.values() if head.touched]
        if touched:
            await connection.execute(
                statements("journal")["append"],
                *_row_columns(self._rows),
                *_head_columns(touched),
                hints_of(self._grown),
            )
            await self._follow(connection, touched)
        if self._patches:
            patches = self._patches.items()
            await connection.execute(
                statements("sessions")["patch"],
                [n for n, _ in patches],
                [patch.status for _, patch in patches],
                [written(patch.version) for _, patch in patches],
                [patch.updated_at for _, patch in patches],
                [patch.expires_at for _, patch in patches],
            )
        if self._snapshots:
            await connection.execute(
                statements("journal")["write_snapshots"],
                list(self._snapshots),
                [cursor for cursor, _ in self._snapshots.values()],
                [data for _, data in self._snapshots.values()],
            )

    async def _follow(self, connection: Connection, heads: list[Head]) -> None:
        """Tells the engine of executions, in the same transaction."""
        told = [
            (head.n, verb, written(head.active))
            for head in heads
            if head.drive != head.drove
            for verb in head.drive.verbs_since(head.drove)
        ]
        if told:
            columns = [[each[index] for each in told] for index in range(3)]
            await connection.execute(statements("absurd")["follow"], *columns)


LISTED = ("status", "version", "updated_at", "expires_at")
"""The members of a patch that are columns of `sessions`."""


def _head_of(found: Any) -> Head:
    return Head(
        n=found[1],
        cursor=found[2],
        epoch=found[3],
        active=read_maybe(found[4]),
        waiting=found[5],
        owner=read_maybe(found[6]),
        wake_at=found[7],
        stale=found[8],
        driven=found[9],
        drove=Drive(read_maybe(found[4]), found[5], read_maybe(found[6]), found[7]),
    )


def _columns(created: list[tuple[int, SessionRecord]]) -> tuple[list[Any], ...]:
    return (
        [n for n, _ in created],
        [written(record.id) for _, record in created],
        [written(record.project_id) for _, record in created],
        [written(record.agent_id) for _, record in created],
        [written(record.agent_slug) for _, record in created],
        [written(record.version) for _, record in created],
        [record.format for _, record in created],
        [record.status for _, record in created],
        [record.created_at for _, record in created],
        [record.updated_at for _, record in created],
        [record.expires_at for _, record in created],
        [written(record.start_key) for _, record in created],
    )


def _row_columns(rows: list[tuple[int, StoredRow]]) -> tuple[list[Any], ...]:
    return ([n for n, _ in rows], *([row[index] for _, row in rows] for index in range(5)))


def _head_columns(heads: list[Head]) -> tuple[list[Any], ...]:
    return (
        [head.n for head in heads],
        [head.cursor for head in heads],
        [head.epoch for head in heads],
        [written(head.active) for head in heads],
        [head.waiting for head in heads],
        [written(head.owner) for head in heads],
        [head.wake_at for head in heads],
        [head.stale_from for head in heads],
    )
