"""Tests that executions are tasks of Absurd, and that it knows of each step in the transaction that makes it."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from mainspring.model.errors import StaleWriter
from mainspring.runtime.ports import SessionPatch
from mainspring.storage.postgres.connections import Connection, connect
from mainspring.storage.postgres.store import PostgresStore
from mainspring.system import SystemClock
from mainspring.testing.contracts.dispatch import NOW, host, runs
from mainspring.testing.samples import addition, claim, fact, facts, session
from tests.postgres.proxy import COMMIT, proxy_to
from tests.postgres.server import PostgresServer

RUNS = """
SELECT r.attempt, r.state, r.claimed_by, r.failure_reason ->> 'name', t.state
FROM absurd.r_mainspring AS r JOIN absurd.t_mainspring AS t ON t.task_id = r.task_id ORDER BY r.created_at, r.attempt
"""


@pytest.fixture
async def store(postgres: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(postgres, clock=SystemClock())
    await store.open()
    await store.join(host("a"))
    yield store
    await store.close()


@pytest.fixture
async def engine(postgres: str) -> AsyncIterator[Connection]:
    """A connection to look behind the store."""
    connection = await connect(postgres)
    yield connection
    await connection.close()


async def runs_of(engine: Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await engine.fetch(RUNS)]


async def patched(store: PostgresStore, epoch: int, **members: object) -> None:
    patch = SessionPatch(**members)  # type: ignore[arg-type]  # members of a patch
    await store.append(addition(epoch=epoch, patch=patch))


async def test_an_execution_is_a_task(store: PostgresStore, engine: Connection) -> None:
    epoch = await runs(store, "session-1", "a")
    assert await runs_of(engine) == [(1, "running", "a", None, "running")]
    params = await engine.fetchval("SELECT params FROM absurd.t_mainspring")
    assert json.loads(params) == {"sessionId": "session-1", "executionId": "execution-1"}
    await patched(store, epoch, waiting=True)
    assert await runs_of(engine) == [(1, "sleeping", None, None, "sleeping")]
    await patched(store, epoch, waiting=False)
    assert await runs_of(engine) == [(1, "running", "a", None, "running")]
    await patched(store, epoch, waiting=True)
    await patched(store, epoch, active_execution="", waiting=False)
    assert await runs_of(engine) == [(1, "completed", "a", None, "completed")]
    await store.append(claim(fact(3), execution="execution-2", epoch=epoch))
    await patched(store, epoch, active_execution="")
    assert [row[1] for row in await runs_of(engine)] == ["completed", "completed"]
    assert await engine.fetchval("SELECT run_id FROM mainspring.heads") is None


async def test_what_is_refused_begins_nothing(store: PostgresStore, engine: Connection) -> None:
    await store.create_session(session(), facts(1, 1))
    with pytest.raises(StaleWriter):
        await store.append(claim(fact(7)))
    with pytest.raises(StaleWriter):
        await store.append(claim(fact(2), epoch=5))
    assert await runs_of(engine) == []


async def test_what_nobody_drives_is_pending(store: PostgresStore, engine: Connection) -> None:
    await store.create_session(session(), facts(1, 1))
    await store.append(claim(fact(2)))
    assert await runs_of(engine) == [(1, "pending", None, None, "pending")]
    (work,) = await store.work("a", NOW, 10)
    assert (work.session_id, work.handed_over) == ("session-1", True)
    assert await runs_of(engine) == [(1, "running", "a", None, "running")]


async def test_a_dead_hosts_run_has_failed_and_the_next_goes_on(
    store: PostgresStore, engine: Connection
) -> None:
    await runs(store, "session-1", "a")
    await store.join(host("b", since=2.0))
    await engine.execute("DELETE FROM mainspring.hosts WHERE id = 'a'")
    (work,) = await store.work("b", NOW, 10)
    assert await runs_of(engine) == [
        (1, "failed", "a", "$HostDied", "running"),
        (2, "running", "b", None, "running"),
    ]
    await patched(store, work.epoch, active_execution="")
    assert await runs_of(engine) == [
        (1, "failed", "a", "$HostDied", "completed"),
        (2, "completed", "b", None, "completed"),
    ]


async def test_what_was_left_is_taken_as_a_new_run(store: PostgresStore, engine: Connection) -> None:
    await runs(store, "session-1", "a")
    await store.join(host("b", since=2.0))
    await store.leave("a")
    assert (await store.take("session-1", "b")).handed_over
    assert [row[:4] for row in await runs_of(engine)] == [
        (1, "failed", "a", "$Taken"),
        (2, "running", "b", None),
    ]
    await runs(store, "session-2", "b")
    await store.join(host("a"))
    await store.leave("b")
    assert {work.handed_over for work in await store.work("a", NOW, 10)} == {True}
    assert [row[3] for row in await runs_of(engine)].count("$HandedOver") == 2


async def test_a_timer_is_the_runs_wake_up(store: PostgresStore, engine: Connection) -> None:
    epoch = await runs(store, "session-1", "a", SessionPatch(waiting=True, wake_at=NOW))
    wakes = "SELECT extract(epoch FROM available_at)::float8 FROM absurd.r_mainspring"
    assert await engine.fetchval(wakes) == NOW
    await patched(store, epoch, wake_at=NOW + 60.5)
    assert await engine.fetchval(wakes) == NOW + 60.5
    assert await store.work("a", NOW + 60, 10) == []
    (due,) = await store.work("a", NOW + 61, 10)
    assert await runs_of(engine) == [(1, "running", "a", None, "running")]
    assert await store.work("a", NOW + 61, 10) == []
    await patched(store, due.epoch, waiting=False)
    assert await runs_of(engine) == [(1, "running", "a", None, "running")]


async def test_a_lost_answer_to_commit_begins_one_task(
    store: PostgresStore, engine: Connection, postgres: str, postgres_server: PostgresServer
) -> None:
    await store.create_session(session(), facts(1, 1))
    async with proxy_to(postgres_server.port) as proxy:
        address = postgres.replace(f":{postgres_server.port}/", f":{proxy.port}/")
        other = PostgresStore(address, clock=SystemClock())
        await other.open()
        for side in ("cut_after", "cut_before"):
            setattr(proxy, side, COMMIT)
            record = await other.record("session-1")
            assert record is not None
            await other.append(claim(fact(record.cursor + 1), execution=side))
            await other.append(addition(patch=SessionPatch(active_execution="")))
        await other.close()
    assert [row[1] for row in await runs_of(engine)] == ["completed", "completed"]


async def test_many_executions_at_once(store: PostgresStore, engine: Connection) -> None:
    names = [f"session-{number}" for number in range(30)]

    async def drive(name: str) -> None:
        epoch = await runs(store, name, "a", SessionPatch(waiting=True))
        for waiting in (False, True, False):
            patch = SessionPatch(waiting=waiting)
            await store.append(addition(session_id=name, epoch=epoch, patch=patch))
        over = SessionPatch(active_execution="")
        await store.append(addition(session_id=name, epoch=epoch, patch=over))

    await asyncio.gather(*(drive(name) for name in names))
    assert [row[1] for row in await runs_of(engine)] == ["completed"] * 30


async def test_executions_that_are_over_are_forgotten(store: PostgresStore, engine: Connection) -> None:
    epoch = await runs(store, "over", "a")
    over = SessionPatch(active_execution="")
    await store.append(addition(session_id="over", epoch=epoch, patch=over))
    waits = await runs(store, "waits", "a", SessionPatch(waiting=True))
    await engine.execute("SELECT set_config('absurd.fake_now', (now() + interval '2 hours')::text, FALSE)")
    await engine.execute("UPDATE absurd.t_mainspring SET enqueue_at = now() - interval '2 hours'")
    await engine.execute("UPDATE absurd.r_mainspring SET completed_at = now() - interval '2 hours'")
    await store.prune(NOW, 10)
    assert [row[1] for row in await runs_of(engine)] == ["sleeping"]
    await store.append(addition(session_id="waits", epoch=waits, patch=SessionPatch(waiting=False)))
    assert [row[1] for row in await runs_of(engine)] == ["running"]
