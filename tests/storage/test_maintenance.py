"""Tests what a database file tells of itself: sizes, damage, and what pruning would free beside what it frees."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import pytest

from mainspring.model.facts import SessionCreated
from mainspring.runtime.examination import problem_of
from mainspring.runtime.ports import Loaded
from mainspring.storage.sqlite import maintenance, schema
from mainspring.storage.sqlite.connections import Connection, connect_reader
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock
from mainspring.testing.samples import agent, cursors, deltas, ended, fact, facts, session, settled

LATER = 2000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mainspring.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, clock=ManualClock(), synchronous="OFF")
    await store.open()
    yield store
    await store.close()


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    with closing(connect_reader(str(path))) as connection:
        yield connection


def damage(path: Path, sql: str) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(sql)


async def fill(store: SqliteStore) -> None:
    turn = [fact(1), deltas(2, "a" * 400), fact(3, settled("part-1")), fact(4, ended())]
    await store.create_session(session("done"), turn)
    running = session("running", active_execution="exe-1")
    await store.create_session(running, [fact(1), deltas(2, "b", part="part-9")])
    waiting = session("waiting", active_execution="exe-2", waiting=True)
    await store.create_session(waiting, facts(1, 2))
    await store.create_session(session("over", status="expired"), facts(1, 1))
    await store.publish(agent())


async def test_a_whole_database_is_described(store: SqliteStore, path: Path) -> None:
    await fill(store)
    with reading(path) as connection:
        report = maintenance.examine(connection, now=6000.0, before=LATER)
        assert maintenance.session_ids(connection, "", 3) == ["done", "over", "running"]
        assert maintenance.session_ids(connection, "running", 3) == ["waiting"]
    assert report.problems == ()
    assert report.schema == report.latest == len(schema.MIGRATIONS)
    counted = report.sessions
    assert (counted.active, counted.expired, counted.running, counted.waiting) == (3, 1, 1, 1)
    assert counted.due == 2
    assert report.sizes.file >= 4096
    assert report.sizes.facts > 0 < report.sizes.agents
    assert report.sizes.deltas > 400
    assert report.freeable.sessions == 1


async def test_what_would_be_freed_is_what_is_freed(store: SqliteStore, path: Path) -> None:
    await fill(store)
    with reading(path) as connection:
        foreseen = maintenance.freeable(connection, LATER)
        stored = maintenance.examine(connection, now=0.0, before=LATER).sizes
    assert foreseen.rows == 1
    assert await store.prune(LATER, 100) == foreseen.rows
    with reading(path) as connection:
        left = maintenance.examine(connection, now=0.0, before=LATER)
    before = stored.facts + stored.deltas + stored.packed
    after = left.sizes.facts + left.sizes.deltas + left.sizes.packed
    # The facts of the other sessions are packed, too.
    assert before - after >= foreseen.bytes > 0
    assert left.freeable.rows == 0


async def test_gaps_and_orphans_are_found(store: SqliteStore, path: Path) -> None:
    await fill(store)
    await store.close()
    damage(path, "DELETE FROM journal WHERE key = (SELECT n << 32 | 3 FROM sessions WHERE id = 'done')")
    damage(path, "DELETE FROM sessions WHERE id = 'over'")
    with reading(path) as connection:
        report = maintenance.examine(connection, now=0.0, before=LATER)
    assert report.problems == (
        "Session done: its journal goes on at cursor 4 where 3 was due.",
        "1 journal rows belong to no session.",
    )


async def test_a_damaged_file_is_told(store: SqliteStore, path: Path) -> None:
    await fill(store)
    await store.close()
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 2048)
    with reading(path) as connection:
        assert maintenance.damage_of(connection)[0].startswith("The file is damaged: ")


async def test_another_schema_is_not_looked_into(store: SqliteStore, path: Path) -> None:
    await store.close()
    for version, words in ((99, "A newer Mainspring wrote"), (1, "brings it up to date")):
        damage(path, "DELETE FROM schema_version WHERE version > 1")
        damage(path, f"INSERT OR IGNORE INTO schema_version VALUES ({version}, 0)")
        with reading(path) as connection:
            report = maintenance.examine(connection, now=0.0, before=LATER)
        assert report.schema == version
        assert words in report.problems[0]


async def test_free_pages_go_back(store: SqliteStore, path: Path) -> None:
    rows = [fact(cursor, b'{"type":"x","padding":"%s"}' % (b"x" * 3000)) for cursor in range(1, 200)]
    await store.create_session(session("large"), rows)
    await store.close()
    damage(path, "DELETE FROM journal")
    size = path.stat().st_size
    maintenance.vacuum(path)
    assert path.stat().st_size < size / 4


async def test_a_damaged_session_does_not_hold_up_pruning(
    store: SqliteStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("session-1", "session-2"):
        rows = [fact(1), deltas(2, "a"), fact(3, settled("part-1")), fact(4, ended())]
        await store.create_session(session(name), rows)
    await store.close()
    damage(path, "UPDATE journal SET kind = 3, data = x'00ff' WHERE key >> 32 = 1")
    await store.open()
    assert await store.prune(LATER, 100) == 1
    assert await store.prune(LATER, 100) == 0
    assert "session session-1 cannot be pruned" in caplog.text
    assert await cursors(store, "session-2") == [1, 2, 3, 4]
    with caplog.at_level(logging.CRITICAL):
        assert await store.prune(LATER + 1, 100) == 0
    with reading(path) as connection:
        assert maintenance.freeable(connection, LATER + 2).rows == 0


def created(session_id: str = "session-1") -> SessionCreated:
    return SessionCreated(
        session_id=session_id,
        project_id="project-1",
        agent_id="agent-1",
        version="v1",
        format="interactive",
        input={},
        variables={},
        resources={},
        at=1000.0,
    )


def loaded(*rows: object, **members: object) -> Loaded:
    return Loaded(record=session(**members), snapshot=None, snapshot_cursor=0, facts=rows)  # type: ignore[arg-type]


def test_a_session_that_opens_has_no_problem() -> None:
    assert problem_of(loaded(fact(1, created()))) is None


def test_what_does_not_open_or_fit_is_told() -> None:
    assert problem_of(loaded()) == "Session session-1 has no journal."
    assert "cannot be opened" in str(problem_of(loaded(fact(1, b"{}"))))
    assert "its journal ('active', None, 'v1')" in str(
        problem_of(loaded(fact(1, created()), active_execution="exe-1"))
    )
