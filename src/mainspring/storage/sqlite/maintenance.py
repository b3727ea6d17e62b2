"""Owns looking after a database file: what is in it, whether it is whole, what pruning it would free."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import apsw

from mainspring.model.errors import StoreError
from mainspring.storage.coding import CURSOR_BITS
from mainspring.storage.maintenance import Count, Freeable, Report, Sizes
from mainspring.storage.sqlite import prune, schema
from mainspring.storage.sqlite.connections import Connection, connect_reader, connect_writer
from mainspring.storage.sqlite.statements import statements

_FACTS: Final = (0,)
_PACKED: Final = (2, 3)
WHOLE: Final = "ok"


def examine(connection: Connection, *, now: float, before: float) -> Report:
    """A file as it is at one moment; `before`: deltas older than this count as freeable. Nothing is changed."""
    with connection:
        version = schema.version_of(connection)
        latest = len(schema.MIGRATIONS)
        damage = damage_of(connection)
        if version != latest:
            return Report(
                engine="sqlite",
                schema=version,
                latest=latest,
                sessions=Count(),
                sizes=_file_sizes(connection),
                freeable=Freeable(),
                problems=(*damage, _schema_problem(version, latest)),
            )
        sql = statements("maintenance")
        active, expired, running, waiting, due = (
            connection.execute(sql["count"], (now,)).fetchone() or (0,) * 5
        )
        return Report(
            engine="sqlite",
            schema=version,
            latest=latest,
            sessions=Count(active=active, expired=expired, running=running, waiting=waiting, due=due),
            sizes=_sizes(connection),
            freeable=freeable(connection, before),
            problems=(*damage, *_journal_problems(connection)),
        )


def session_ids(connection: Connection, after: str, limit: int) -> list[str]:
    """Up to `limit` sessions of every project, by id."""
    found = connection.execute(statements("maintenance")["session_ids"], (after, limit))
    return [session_id for (session_id,) in found]


@contextmanager
def looking_at(path: Path) -> Generator[Connection]:
    """A connection that changes nothing, beside whoever drives the file; raises `StoreError`."""
    try:
        connection = connect_reader(str(path))
    except apsw.Error as error:
        raise StoreError(f"{path} cannot be opened: {error}") from error
    try:
        yield connection
    except apsw.Error as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    finally:
        connection.close()


def back_up(source: Path, target: Path) -> None:
    """Copies a database, as it is at one moment, and checks the copy; `target` appears whole or not at all.

    Raises `StoreError`.
    """
    fresh = target.with_name(target.name + ".new")
    try:
        with looking_at(source) as connection:
            schema.copy_database(connection, fresh)
        with looking_at(fresh) as copied:
            problems = damage_of(copied)
        if problems:
            raise StoreError(f"{source}: the copy is not whole, and was removed. {problems[0]}")
        fresh.replace(target)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error}") from error
    finally:
        fresh.unlink(missing_ok=True)


def vacuum(path: Path) -> None:
    """Gives free pages back to the file system; needs as much room again while it runs. Raises `StoreError`."""
    try:
        connection = connect_writer(str(path), synchronous="FULL")
        try:
            connection.execute("VACUUM")
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        finally:
            connection.close()
    except apsw.Error as error:
        raise StoreError(f"{path} cannot be made smaller: {error}") from error


def _schema_problem(version: int, latest: int) -> str:
    if version > latest:
        return f"A newer Mainspring wrote this database (schema {version}, known here: {latest})."
    return f"The schema is {version}, this release has {latest}: the next start brings it up to date."


def damage_of(connection: Connection) -> tuple[str, ...]:
    """What is wrong with the file itself, a sentence each."""
    try:
        found = [text for (text,) in connection.execute("PRAGMA integrity_check(20)")]
    except apsw.Error as error:
        return (f"The file is damaged: {error}",)
    return tuple(f"The file is damaged: {text}" for text in found if text != WHOLE)


def _journal_problems(connection: Connection) -> list[str]:
    sql = statements("maintenance")
    problems = [
        f"Session {session_id}: its journal goes on at cursor {found} where {expected} was due."
        for session_id, expected, found in connection.execute(sql["gaps"])
    ]
    (orphans,) = connection.execute(sql["orphans"]).fetchone() or (0,)
    if orphans:
        problems.append(f"{orphans} journal rows belong to no session.")
    return problems


def _file_sizes(connection: Connection) -> Sizes:
    page: int = connection.pragma("page_size")
    log = 0
    with suppress(OSError):
        log = Path(f"{connection.filename}-wal").stat().st_size
    return Sizes(
        file=page * connection.pragma("page_count"), log=log, free=page * connection.pragma("freelist_count")
    )


def _sizes(connection: Connection) -> Sizes:
    sql = statements("maintenance")
    by_kind: dict[int, int] = dict(connection.execute(sql["journal_sizes"]))
    whole = _file_sizes(connection)
    (snapshots,) = connection.execute(sql["snapshot_size"]).fetchone() or (0,)
    (agents,) = connection.execute(sql["agent_size"]).fetchone() or (0,)
    return Sizes(
        file=whole.file,
        log=whole.log,
        free=whole.free,
        facts=sum(size for kind, size in by_kind.items() if kind in _FACTS),
        packed=sum(size for kind, size in by_kind.items() if kind in _PACKED),
        deltas=sum(size for kind, size in by_kind.items() if kind not in (*_FACTS, *_PACKED)),
        snapshots=snapshots,
        agents=agents,
    )


def freeable(connection: Connection, before: float) -> Freeable:
    """What pruning would come to: its own steps, planned and not carried out."""
    rows = size = touched = 0
    for n, pruned in list(connection.execute(statements("maintenance")["stale_sessions"], (before,))):
        dropped, freed = _freeable_in(connection, n, pruned, before)
        rows, size, touched = rows + dropped, size + freed, touched + bool(dropped)
    return Freeable(rows=rows, bytes=size, sessions=touched)


def _freeable_in(connection: Connection, n: int, start: int, before: float) -> tuple[int, int]:
    origin = n << CURSOR_BITS
    dropped = freed = 0
    while True:
        try:
            step = prune.plan_session(connection, ("", n, start), before)
        except StoreError:
            return dropped, freed
        if step.end == start:
            return dropped, freed
        bounds = (origin + step.start, origin + step.end)
        (stored,) = connection.execute(statements("maintenance")["window_size"], bounds).fetchone() or (0,)
        dropped += step.dropped
        freed += stored - sum(len(row[4]) for row in step.rows)
        start = step.end
