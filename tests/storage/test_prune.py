"""Tests what a step of pruning does to the file: its size, its bounds, and what it leaves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mainspring.model.rows import DELTAS, STUB, Row
from mainspring.storage import fates
from mainspring.storage.sqlite import prune
from mainspring.storage.sqlite.connections import Connection
from mainspring.storage.sqlite.ledger import Ledger
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock
from mainspring.testing.samples import (
    addition,
    cursors,
    deltas,
    ended,
    fact,
    facts,
    session,
    settled,
    superseded,
)

LATER = 2000.0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "mainspring.db", clock=ManualClock(), synchronous="OFF")
    await store.open()
    yield store
    await store.close()


def engine(store: SqliteStore) -> Connection:
    assert store._open is not None
    return store._open.connection


def ledger(store: SqliteStore) -> Ledger:
    assert store._open is not None
    return store._open.ledger


def stored(store: SqliteStore) -> int:
    found = engine(store).execute("SELECT count(*) FROM journal").fetchone()
    assert found is not None
    return found[0]


async def test_old_rows_are_packed(store: SqliteStore) -> None:
    rows = [*facts(1, 300), deltas(301, "a"), fact(302, settled("part-1")), fact(303, ended())]
    await store.create_session(session(), rows)
    assert stored(store) == 303
    assert await store.prune(LATER, 10) == 1
    assert stored(store) == 1
    assert await store.facts("session-1") == [row for row in rows if row.kind == 0]
    assert [row.last for row in await store.read("session-1", 299, 3)] == [300, 301, 302]


async def test_a_snapshot_may_lie_within_a_pack(store: SqliteStore) -> None:
    await store.create_session(session(), facts(1, 10))
    await store.append(addition(snapshot=b"ten"))
    await store.append(addition(*facts(11, 20)))
    await store.prune(LATER, 10)
    assert stored(store) == 1
    loaded = await store.load("session-1")
    assert loaded is not None
    assert (loaded.snapshot_cursor, loaded.facts) == (10, facts(11, 20))


async def test_a_step_is_small(store: SqliteStore) -> None:
    await store.create_session(session(), facts(1, 3 * fates.WINDOW_ROWS))
    steps = 0
    while step := await store._read(lambda connection: prune.plan(connection, LATER)):
        assert step.end - step.start <= fates.WINDOW_ROWS
        await store._write(lambda connection, step=step: prune.carry_out(connection, ledger(store), step))
        steps += 1
    assert steps == 3
    assert await cursors(store) == list(range(1, 3 * fates.WINDOW_ROWS + 1))


async def test_a_step_of_large_rows_is_small(store: SqliteStore) -> None:
    rows = [fact(cursor, b"x" * fates.WINDOW_BYTES) for cursor in range(1, 7)]
    await store.create_session(session(), rows)
    step = await store._read(lambda connection: prune.plan(connection, LATER))
    assert step is not None
    assert step.end == 2
    await store.prune(LATER, 10)
    assert await store.read("session-1", 0, 10) == rows


async def test_a_long_part_is_one_stub(store: SqliteStore) -> None:
    count = 2 * fates.WINDOW_ROWS
    rows = [deltas(cursor, f"word {cursor}") for cursor in range(1, count + 1)]
    await store.create_session(session(), [*rows, fact(count + 1, settled("part-1"))])
    assert await store.prune(LATER, 10) == count
    stub, last = await store.read("session-1", 0, 10)
    assert (stub.first, stub.last, stub.kind, last.first) == (1, count, STUB, count + 1)


async def test_two_parts_at_once_are_told_apart(store: SqliteStore) -> None:
    rows = [
        *(deltas(cursor, "x", part=f"part-{cursor % 2}") for cursor in range(1, 9)),
        fact(9, superseded("part-0")),
        fact(10, settled("part-1")),
        fact(11, ended()),
    ]
    await store.create_session(session(), rows)
    assert await store.prune(LATER, 100) == 8
    found = [row.data for row in await store.read("session-1", 0, 8)]
    assert found == [b'{"settled":10,"part":"part-1"}', b'{"settled":0,"part":"part-0"}'] * 4


async def test_a_workers_input_settles_with_its_call(store: SqliteStore) -> None:
    data = b'{"type":"worker-input-delta","workerId":"wrk_7_1","delta":"{"}'
    rows = [Row(1, 1, DELTAS, data, 1.0), fact(2, settled("part-1", calls=("call_7_1",)))]
    await store.create_session(session(), rows)
    assert await store.prune(LATER, 100) == 1
    assert (await store.read("session-1", 0, 1))[0].data == b'{"settled":2,"part":"wrk_7_1"}'


@pytest.mark.parametrize("member", ["id", "toolCallId", "workerId"])
async def test_deltas_of_another_shape_are_known_by_their_members(store: SqliteStore, member: str) -> None:
    data = b'{"type":"later-delta","%s":"part-1","more":1}' % member.encode()
    await store.create_session(session(), [Row(1, 1, DELTAS, data, 1.0), fact(2, settled("part-1"))])
    assert await store.prune(LATER, 100) == 1
    assert (await store.read("session-1", 0, 1))[0].kind == STUB


async def test_the_fact_that_settles_may_be_far_ahead(store: SqliteStore) -> None:
    far = fates.WINDOW_ROWS * 2
    rows = [deltas(1, "a"), *facts(2, far), fact(far + 1, settled("part-1")), fact(far + 2, ended())]
    await store.create_session(session(), [*rows, *facts(far + 3, far + 9)])
    assert await store.prune(LATER, 100) == 1
    assert (await store.read("session-1", 0, 1))[0].data == b'{"settled":%d,"part":"part-1"}' % (far + 1)


async def test_the_end_of_an_earlier_execution_decides_nothing(store: SqliteStore) -> None:
    rows = [fact(1, ended("execution-0")), deltas(2, "a"), fact(3)]
    await store.create_session(session(), rows)
    assert await store.prune(LATER, 100) == 0
    assert await store.read("session-1", 0, 10) == rows


async def test_an_idle_session_is_looked_at_once(store: SqliteStore) -> None:
    await store.create_session(session(), facts(1, 3))
    assert await store.prune(LATER, 10) == 0
    assert await store._read(lambda connection: prune.plan(connection, LATER + 1e9)) is None
    await store.append(addition(fact(4, at=1500.0)))
    step = await store._read(lambda connection: prune.plan(connection, LATER))
    assert step is not None
    assert (step.start, step.end) == (3, 4)


async def test_an_open_session_is_looked_at_once_a_prune(store: SqliteStore) -> None:
    await store.create_session(session(), [deltas(1, "a"), fact(2)])
    assert await store.prune(LATER, 10) == 0
    assert await store._read(lambda connection: prune.plan(connection, LATER)) is None
    assert await store._read(lambda connection: prune.plan(connection, LATER + 1)) is not None


async def test_a_plan_that_is_overtaken_does_nothing(store: SqliteStore) -> None:
    await store.create_session(session(), [deltas(1, "a"), fact(2, settled("part-1")), fact(3)])
    step = await store._read(lambda connection: prune.plan(connection, LATER))
    assert step is not None
    assert await store.prune(LATER, 10) == 1
    assert await store._write(lambda connection: prune.carry_out(connection, ledger(store), step)) == 0
    assert await cursors(store) == [1, 2, 3]


async def test_a_turn_takes_little_room(store: SqliteStore) -> None:
    """One session, 40 turns of 30 facts and 50 deltas: what the goals of the design ask for."""
    part = "txt_0123456789abcdefghijkl_1_0"
    cursor = 0
    await store.create_session(session(), ())
    before = room(store)
    for turn in range(40):
        rows = [fact(cursor + number) for number in range(1, 31)]
        cursor += 30
        rows += [deltas(cursor + number, "token ", part=part, at=1000.0 + turn) for number in range(1, 51)]
        cursor += 50
        rows += [fact(cursor + 1, settled(part, text="token " * 50)), fact(cursor + 2, ended())]
        cursor += 2
        await store.append(addition(*rows))
    assert (room(store) - before) / 40 < 7_000
    assert await store.prune(LATER, 10_000) == 40 * 50
    assert (room(store) - before) / 40 < 1_000


def room(store: SqliteStore) -> int:
    connection = engine(store)
    return 4096 * (connection.pragma("page_count") - connection.pragma("freelist_count"))
