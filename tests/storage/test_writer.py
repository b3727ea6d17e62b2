"""Tests the writer's thread: groups, order, checkpoints, an event loop that goes away."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest

from mainspring.model.errors import Conflict
from mainspring.storage.sqlite import ledger as ledgers
from mainspring.storage.sqlite import schema, sessions
from mainspring.storage.sqlite.checkpoints import GROUPS_BETWEEN_LOOKS, Checkpoints
from mainspring.storage.sqlite.connections import Connection, connect_writer
from mainspring.storage.sqlite.ledger import Ledger
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.storage.sqlite.writer import MOST_IN_GROUP, Writer
from mainspring.testing.clock import ManualClock
from mainspring.testing.samples import addition, cursors, fact, facts, session


class Inline(Executor):
    """Runs at once, on the caller's thread."""

    def __init__(self) -> None:
        self.runs = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.runs += 1
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "mainspring.db")


def writer_on(path: str) -> tuple[Writer, Connection]:
    connection = connect_writer(path, synchronous="OFF")
    connection.execute("CREATE TABLE IF NOT EXISTS notes (text)")
    loop = asyncio.get_running_loop()
    return Writer(connection, loop=loop, ledger=Ledger(connection), checkpoints=None), connection


def note(text: str) -> Callable[[Connection], None]:
    def write(connection: Connection) -> None:
        connection.execute("INSERT INTO notes VALUES (?)", (text,))

    return write


def notes(connection: Connection) -> list[str]:
    return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY rowid")]


async def test_what_is_queued_together_is_one_commit(path: str) -> None:
    writer, connection = writer_on(path)
    before = connection.pragma("data_version"), connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)[0]
    futures = [writer.submit(note(str(number))) for number in range(100)]
    writer.start()
    await asyncio.gather(*futures)
    writer.stop()
    assert notes(connection) == [str(number) for number in range(100)]
    assert connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)[0] - before[1] <= 2
    connection.close()


async def test_a_job_sees_what_was_queued_before_it(path: str) -> None:
    connection = connect_writer(path, synchronous="OFF")
    schema.migrate(connection, now=1.0)
    ledger = Ledger(connection)
    writer = Writer(connection, loop=asyncio.get_running_loop(), ledger=ledger, checkpoints=None)
    create = partial(sessions.create_session, ledger=ledger, record=session(), rows=facts(1, 1))
    futures = [writer.submit(create), writer.append(addition(fact(2)))]
    reading = writer.submit(partial(sessions.find_record, session_id="session-1"))
    writer.start()
    await asyncio.gather(*futures)
    record = await reading
    assert record is not None
    assert record.cursor == 2
    writer.stop()
    connection.close()


async def test_a_long_queue_is_cut_into_groups(path: str) -> None:
    writer, connection = writer_on(path)
    futures = [writer.submit(note(str(number))) for number in range(MOST_IN_GROUP * 2 + 5)]
    writer.start()
    await asyncio.gather(*futures)
    writer.stop()
    assert len(notes(connection)) == MOST_IN_GROUP * 2 + 5
    connection.close()


async def test_only_what_fails_fails(path: str) -> None:
    def fail(connection: Connection) -> None:
        connection.execute("INSERT INTO notes VALUES ('half')")
        connection.execute("INSERT INTO nowhere VALUES (1)")

    def refuse(connection: Connection) -> None:
        raise Conflict("no")

    writer, connection = writer_on(path)
    futures = [writer.submit(job) for job in (note("a"), fail, note("b"), refuse, note("c"))]
    writer.start()
    results = await asyncio.gather(*futures, return_exceptions=True)
    writer.stop()
    assert [type(result).__name__ for result in results] == [
        "NoneType",
        "StoreError",
        "NoneType",
        "Conflict",
        "NoneType",
    ]
    assert notes(connection) == ["a", "b", "c"]
    connection.close()


def test_a_loop_that_is_closed_stops_nothing(path: str) -> None:
    async def begin() -> tuple[Writer, Connection]:
        writer, connection = writer_on(path)
        writer.submit(note("a"))
        return writer, connection

    loop = asyncio.new_event_loop()
    writer, connection = loop.run_until_complete(begin())
    loop.close()
    writer.start()
    writer.stop()
    assert notes(connection) == ["a"]
    connection.close()


async def test_more_sessions_than_heads_are_kept(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "HEADS_KEPT", 2)
    store = SqliteStore(path, clock=ManualClock(), synchronous="OFF")
    await store.open()
    names = [f"session-{number}" for number in range(5)]
    for name in names:
        await store.create_session(session(name), facts(1, 1))
    for cursor in (2, 3):
        await asyncio.gather(*(store.append(addition(fact(cursor), session_id=name)) for name in names))
    assert [await cursors(store, name) for name in names] == [[1, 2, 3]] * 5
    await store.close()


# ---------------------------------------------------------------- checkpoints


def looks(checkpoints: Checkpoints, connection: Connection, times: int = 1) -> None:
    for _ in range(GROUPS_BETWEEN_LOOKS * times):
        checkpoints.after_commit(connection)


def lengths(connection: Connection) -> tuple[int, int]:
    return connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)


def fill(connection: Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS filling (x)")
    connection.execute("INSERT INTO filling VALUES (zeroblob(100000))")


def test_a_log_that_grows_is_copied_beside_the_writer(path: str) -> None:
    connection = connect_writer(path, synchronous="OFF")
    executor = Inline()
    checkpoints = Checkpoints(
        lambda: connect_writer(path, synchronous="OFF"), executor, background_pages=10, writer_pages=1000
    )
    looks(checkpoints, connection)
    assert executor.runs == 0
    fill(connection)
    pages, copied = lengths(connection)
    assert (pages > 20, copied) == (True, 0)
    checkpoints.after_commit(connection)
    assert executor.runs == 0
    looks(checkpoints, connection)
    assert executor.runs == 1
    assert lengths(connection) == (pages, pages)
    looks(checkpoints, connection, 3)
    assert executor.runs == 1
    connection.close()


def test_a_long_log_is_copied_by_the_writer(path: str) -> None:
    connection = connect_writer(path, synchronous="OFF")
    executor = Inline()
    checkpoints = Checkpoints(lambda: connection, executor, background_pages=5, writer_pages=10)
    fill(connection)
    looks(checkpoints, connection)
    assert executor.runs == 0
    pages, copied = lengths(connection)
    assert pages == copied
    connection.close()


def test_a_checkpoint_that_fails_is_tried_again(path: str) -> None:
    def fail() -> Connection:
        raise apsw.CantOpenError("no")

    connection = connect_writer(path, synchronous="OFF")
    executor = Inline()
    checkpoints = Checkpoints(fail, executor, background_pages=10)
    fill(connection)
    looks(checkpoints, connection, 2)
    assert executor.runs == 2
    connection.close()
    looks(checkpoints, connection)


async def test_a_store_looks_after_its_log(path: str) -> None:
    store = SqliteStore(path, clock=ManualClock(), synchronous="OFF")
    await store.open()
    await store.create_session(session(), facts(1, 1))
    for cursor in range(2, GROUPS_BETWEEN_LOOKS + 2):
        await store.append(addition(fact(cursor, b"x" * 200_000)))
    await store.ping()
    opened = store._open
    assert opened is not None
    checkpoints = opened.writer._checkpoints
    assert checkpoints is not None
    await asyncio.to_thread(checkpoints._idle.wait, 10)
    assert lengths(opened.connection)[1] > 1024
    await store.close()
