"""Tests the life of a database file: locks, versions, copies, damage, a disk that fails."""

import asyncio
import os
import resource
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from mainspring.model.errors import StaleWriter, StoreError
from mainspring.runtime.ports import Append, SessionPatch
from mainspring.storage.sqlite import schema
from mainspring.storage.sqlite.connections import Connection, connect_writer
from mainspring.storage.sqlite.statements import migration
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock
from mainspring.testing.samples import (
    addition,
    agent,
    cursors,
    deltas,
    ended,
    fact,
    facts,
    key,
    session,
    settled,
)


def store_at(path: Path, *, exclusive: bool = True) -> SqliteStore:
    return SqliteStore(path, clock=ManualClock(), synchronous="OFF", exclusive=exclusive)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "mainspring.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = store_at(path)
    await store.open()
    yield store
    await store.close()


def engine(store: SqliteStore) -> Connection:
    assert store._open is not None
    return store._open.connection


async def test_what_was_written_is_there_after_reopening(path: Path) -> None:
    store = store_at(path)
    await store.open()
    await store.create_session(session(), facts(1, 3))
    queued = [store.append(addition(fact(cursor))) for cursor in range(4, 50)]
    await store.close()
    await asyncio.gather(*queued)
    assert not path.with_name("mainspring.db-wal").exists()

    await store.open()
    assert await cursors(store) == list(range(1, 50))
    assert (await store.take("session-1", "host-1")).epoch == 1
    await store.append(addition(fact(50), epoch=1))
    await store.close()


async def test_only_the_owner_may_read_the_file(store: SqliteStore, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await store.ping()


async def test_it_opens_once(store: SqliteStore) -> None:
    with pytest.raises(StoreError, match="open already"):
        await store.open()


def test_synchronous_is_a_word_of_sqlite(path: Path) -> None:
    with pytest.raises(ValueError, match="FULL, NORMAL"):
        SqliteStore(path, clock=ManualClock(), synchronous="sometimes")


async def test_commits_are_synced_unless_told_otherwise(path: Path) -> None:
    store = SqliteStore(path, clock=ManualClock())
    await store.open()
    assert engine(store).pragma("synchronous") == 2
    assert engine(store).pragma("journal_mode") == "wal"
    await store.close()


async def test_a_second_driver_is_told_who_is_first(store: SqliteStore, path: Path) -> None:
    second = store_at(path)
    with pytest.raises(StoreError, match=f"process {os.getpid()} already drives"):
        await second.open()
    await store.ping()
    await store.close()
    await second.open()
    await second.close()


async def test_a_command_writes_keys_beside_a_server(store: SqliteStore, path: Path) -> None:
    await store.create_session(session(), facts(1, 1))
    beside = store_at(path, exclusive=False)
    await beside.open()
    await beside.add_key(key())
    await beside.publish(agent())
    assert await store.keys("project-1") == [key()]
    assert await store.agents("project-1") == [agent()]
    assert await cursors(beside) == [1]
    for work in (
        beside.append(addition(fact(2))),
        beside.take("session-1", "host-1"),
        beside.create_session(session("session-2"), ()),
        beside.prune(1e10, 10),
    ):
        with pytest.raises(StoreError, match="does not drive"):
            await work
    await store.append(addition(fact(2)))
    assert await cursors(beside) == [1, 2]
    await beside.close()


async def test_a_command_may_come_first(path: Path) -> None:
    beside = store_at(path, exclusive=False)
    await beside.open()
    server = store_at(path)
    await server.open()
    await beside.add_key(key())
    assert await server.keys("project-1") == [key()]
    await beside.close()
    await server.close()


async def test_a_backup_is_a_whole_database(store: SqliteStore, tmp_path: Path) -> None:
    await store.create_session(session(), facts(1, 20))
    target = tmp_path / "copy.db"
    target.write_bytes(b"an older copy")
    appends = [store.append(addition(fact(cursor))) for cursor in range(21, 40)]
    await store.backup(target)
    await asyncio.gather(*appends)
    copy = store_at(target)
    await copy.open()
    found = await cursors(copy)
    assert found == list(range(1, len(found) + 1))
    assert len(found) >= 20
    await copy.close()
    assert not list(tmp_path.glob("*.part"))


async def test_a_backup_that_cannot_be_written_says_so(store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        await store.backup(tmp_path / "missing" / "copy.db")


async def test_memory_is_not_backed_up(tmp_path: Path) -> None:
    store = SqliteStore(":memory:", clock=ManualClock())
    await store.open()
    with pytest.raises(StoreError, match="in memory"):
        await store.backup(tmp_path / "copy.db")
    await store.close()


# ---------------------------------------------------------------- versions


async def test_a_newer_schema_is_refused(store: SqliteStore, path: Path) -> None:
    await store.close()
    connection = connect_writer(str(path), synchronous="OFF")
    connection.execute("INSERT INTO schema_version VALUES (99, 0)")
    connection.close()
    for exclusive in (True, False):
        with pytest.raises(StoreError, match=r"newer Mainspring .* .schema 99"):
            await store_at(path, exclusive=exclusive).open()


async def test_somebody_elses_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE accounts (id)")
    connection.close()
    with pytest.raises(StoreError, match="not a Mainspring database"):
        await store_at(path).open()


async def test_what_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"hello " * 1000)
    with pytest.raises(StoreError, match="cannot be opened"):
        await store_at(path).open()
    path.write_bytes(b"")
    store = store_at(path)
    await store.open()
    await store.close()


async def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        await store_at(tmp_path / "file" / "mainspring.db").open()


async def test_an_older_schema_is_copied_then_migrated(store: SqliteStore, path: Path) -> None:
    await store.add_key(key())
    await store.close()
    connection = connect_writer(str(path), synchronous="OFF")
    known = len(schema.MIGRATIONS)
    scripts = [*map(migration, schema.MIGRATIONS), "CREATE TABLE extra (x); INSERT INTO extra VALUES (1);"]
    schema.migrate(connection, now=5.0, scripts=scripts, copy_to=path)
    schema.migrate(connection, now=6.0, scripts=scripts, copy_to=path)
    assert schema.version_of(connection) == known + 1
    assert connection.execute("SELECT * FROM extra").fetchone() == (1,)
    assert [version for (version,) in connection.execute("SELECT version FROM schema_version")] == [
        *range(1, known + 2)
    ]
    connection.close()

    copy = store_at(path.with_name(f"mainspring.db.bak-v{known}"))
    await copy.open()
    assert await copy.keys("project-1") == [key()]
    await copy.close()


async def test_a_failed_migration_changes_nothing(store: SqliteStore, path: Path) -> None:
    await store.close()
    connection = connect_writer(str(path), synchronous="OFF")
    scripts = [*map(migration, schema.MIGRATIONS), "CREATE TABLE extra (x); CREATE TABLE extra (x);"]
    with pytest.raises(apsw.SQLError):
        schema.migrate(connection, now=5.0, scripts=scripts, copy_to=path)
    assert schema.version_of(connection) == len(schema.MIGRATIONS)
    assert not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'extra'").fetchone()
    connection.close()


async def test_a_command_does_not_migrate_under_a_server(store: SqliteStore, path: Path) -> None:
    engine(store).execute("DELETE FROM schema_version")
    with pytest.raises(StoreError, match="already drives"):
        await store_at(path, exclusive=False).open()


# ---------------------------------------------------------------- damage


async def test_a_damaged_row_harms_one_session(store: SqliteStore, path: Path) -> None:
    for name in ("session-1", "session-2"):
        rows = [fact(1), deltas(2, "a"), fact(3, settled("part-1")), fact(4, ended())]
        await store.create_session(session(name), [*rows, *facts(5, 40)])
    assert await store.prune(2000.0, 10) == 2
    await store.publish(agent())
    await store.close()
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE journal SET data = x'00ff' WHERE key >> 32 = 1")
    connection.execute("UPDATE agent_versions SET source = x'7b'")
    connection.close()

    await store.open()
    for work in (store.read("session-1", 0, 10), store.load("session-1"), store.facts("session-1")):
        with pytest.raises(StoreError, match="damaged"):
            await work
    with pytest.raises(StoreError, match="damaged"):
        await store.agent("project-1", "support")
    assert await cursors(store, "session-2") == list(range(1, 41))
    await store.append(addition(fact(41), session_id="session-2"))


async def test_a_full_database_recovers(store: SqliteStore) -> None:
    await store.create_session(session("session-1"), facts(1, 1))
    await store.create_session(session("session-2"), facts(1, 1))
    connection = engine(store)
    pages = connection.pragma("page_count")
    connection.pragma("max_page_count", pages + 2)
    large = fact(2, b"x" * 100_000)
    results = await asyncio.gather(
        store.append(addition(large, session_id="session-1", snapshot=b"s")),
        store.append(addition(fact(2), session_id="session-2")),
        store.append(addition(fact(3), session_id="session-1")),
        return_exceptions=True,
    )
    assert results[1] is None
    assert isinstance(results[0], StoreError)
    assert "disk is full" in results[0].message
    assert isinstance(results[2], StoreError)
    assert "before this one" in results[2].message
    assert await cursors(store, "session-1") == [1]
    assert await cursors(store, "session-2") == [1, 2]
    loaded = await store.load("session-1")
    assert loaded is not None
    assert loaded.snapshot is None

    connection.pragma("max_page_count", 1_000_000)
    await store.append(addition(large, fact(3), session_id="session-1"))
    assert await cursors(store, "session-1") == [1, 2, 3]
    with pytest.raises(StaleWriter):
        await store.append(addition(fact(9), session_id="session-1"))


@pytest.mark.parametrize("room", range(0, 60_000, 2500))
async def test_a_disk_that_fails_anywhere_loses_nothing_it_acknowledged(
    store: SqliteStore, path: Path, room: int
) -> None:
    names = ("session-1", "session-2")
    for name in names:
        await store.create_session(session(name), facts(1, 1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = path.with_name("mainspring.db-wal")
    appends = [
        Append(
            session_id=name,
            epoch=0,
            rows=(fact(cursor, b"x" * 900),),
            snapshot=b"%d" % cursor,
            patch=SessionPatch(updated_at=float(cursor)),
        )
        for cursor in range(2, 12)
        for name in names
    ]
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + room, hard))
    try:
        results = await asyncio.gather(*map(store.append, appends), return_exceptions=True)
        assert {type(result) for result in results} <= {type(None), StoreError}
        for name in names:
            mine = [
                result for append, result in zip(appends, results, strict=True) if append.session_id == name
            ]
            kept = mine.count(None)
            assert mine[:kept] == [None] * kept
            assert await cursors(store, name) == list(range(1, kept + 2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    for name in names:
        record = await store.record(name)
        assert record is not None
        await store.append(addition(fact(record.cursor + 1), session_id=name))
        loaded = await store.load(name)
        assert loaded is not None
        assert loaded.snapshot_cursor in (0, record.cursor)
    assert engine(store).pragma("integrity_check") == "ok"


async def test_a_locked_database_is_said_to_be_busy(store: SqliteStore, path: Path) -> None:
    await store.create_session(session(), facts(1, 1))
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    engine(store).set_busy_timeout(1)
    results = await asyncio.gather(
        *(store.append(addition(fact(cursor))) for cursor in (2, 3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [StoreError, StoreError]
    assert "Another process holds" in str(results[0])
    assert await cursors(store) == [1]
    other.execute("ROLLBACK")
    other.close()
    await store.append(addition(*facts(2, 3)))
    assert await cursors(store) == [1, 2, 3]


async def test_text_that_cannot_be_stored_fails_alone(store: SqliteStore) -> None:
    await store.create_session(session(), facts(1, 1))
    bad = store.append(addition(fact(2), patch=SessionPatch(version="\ud800")))
    good = store.add_key(key())
    results = await asyncio.gather(bad, good, return_exceptions=True)
    assert [type(result) for result in results] == [StoreError, type(None)]
    assert await cursors(store) == [1]
    await store.append(addition(fact(2)))


async def test_a_store_outlives_its_readers_errors(store: SqliteStore) -> None:
    await store.create_session(session(), facts(1, 1))
    engine(store).execute("ALTER TABLE journal RENAME TO gone")
    with pytest.raises(StoreError, match="no such table"):
        await store.read("session-1", 0, 1)
    engine(store).execute("ALTER TABLE gone RENAME TO journal")
    assert await cursors(store) == [1]


def test_a_file_system_without_a_log_is_refused(tmp_path: Path) -> None:
    # A database that SQLite itself keeps apart from any file answers like a file system that cannot share memory.
    with pytest.raises(StoreError, match="write-ahead log"):
        connect_writer("", synchronous="OFF")
