"""Breaks connections, servers and writers under the PostgreSQL store: F26 to F32 and F41 of the promises."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mainspring.model.errors import Conflict, MainspringError, SessionBusy, StaleWriter, StoreError
from mainspring.runtime import failpoints
from mainspring.runtime.ports import SessionPatch
from mainspring.storage.postgres.connections import connect
from mainspring.storage.postgres.store import PostgresStore
from mainspring.system import SystemClock
from mainspring.testing.contracts.dispatch import host
from mainspring.testing.samples import addition, agent, claim, cursors, fact, facts, key, session
from tests.postgres.proxy import COMMIT, proxy_to
from tests.postgres.server import PostgresServer, begun


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[PostgresStore]:
    """A store on a database."""
    store = PostgresStore(address, clock=SystemClock())
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def own_server() -> PostgresServer:
    """A server that a test may stop."""
    return begun()


def through(address: str, server: PostgresServer, port: int) -> str:
    """The same database, by way of a proxy."""
    return address.replace(f":{server.port}/", f":{port}/")


@pytest.mark.parametrize("side", ["cut_before", "cut_after"])
async def test_a_lost_answer_to_commit_is_looked_up(
    side: str, postgres: str, postgres_server: PostgresServer
) -> None:
    async with (
        proxy_to(postgres_server.port) as proxy,
        opened(through(postgres, postgres_server, proxy.port)) as store,
    ):
        await store.create_session(session(), facts(1, 1))
        for cursor in range(2, 6):
            setattr(proxy, side, COMMIT)
            await store.append(addition(fact(cursor)))
        assert proxy.cuts == 4
        assert await cursors(store) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("side", ["cut_before", "cut_after"])
async def test_what_has_no_rows_is_looked_up_by_its_transaction(
    side: str, postgres: str, postgres_server: PostgresServer
) -> None:
    async with (
        proxy_to(postgres_server.port) as proxy,
        opened(through(postgres, postgres_server, proxy.port)) as store,
    ):
        await store.create_session(session(), facts(1, 1))
        setattr(proxy, side, COMMIT)
        await store.add_key(key())
        setattr(proxy, side, COMMIT)
        assert (await store.publish(agent())).id == "agent-1"
        setattr(proxy, side, COMMIT)
        hold = await store.take("session-1", "host-1")
        setattr(proxy, side, COMMIT)
        await store.append(addition(epoch=hold.epoch, patch=SessionPatch(updated_at=77.0)))
        assert proxy.cuts == 4
        record = await store.record("session-1")
        assert record is not None
        assert (record.epoch, record.updated_at) == (1, 77.0)
        assert [each.id for each in await store.keys("project-1")] == ["key-1"]
        with pytest.raises(Conflict):
            await store.add_key(key())


async def test_a_cut_connection_is_made_anew(postgres: str, postgres_server: PostgresServer) -> None:
    async with (
        proxy_to(postgres_server.port) as proxy,
        opened(through(postgres, postgres_server, proxy.port)) as store,
    ):
        await store.create_session(session(), facts(1, 1))
        for cursor in range(2, 8):
            proxy.cut_all()
            await store.append(addition(fact(cursor)))
            assert await cursors(store) == list(range(1, cursor + 1))


async def test_without_a_server_everything_fails_retryably(
    postgres: str, postgres_server: PostgresServer
) -> None:
    async with (
        proxy_to(postgres_server.port) as proxy,
        opened(through(postgres, postgres_server, proxy.port)) as store,
    ):
        await store.create_session(session(), facts(1, 1))
        proxy.closed = True
        proxy.cut_all()
        first, second = store.append(addition(fact(2))), store.append(addition(fact(3)))
        for failing in (
            first,
            second,
            store.read("session-1", 0, 1),
            store.ping(),
            store.take("session-1", "h"),
        ):
            with pytest.raises(StoreError) as refusal:
                await failing
            assert refusal.value.status == 503
        proxy.closed = False
        with pytest.raises(StoreError, match="before this one"):
            await store.append(addition(fact(3)))
        await store.append(addition(fact(2)))
        assert await cursors(store) == [1, 2]


async def test_a_restart_of_the_server_in_mid_run(own_server: PostgresServer) -> None:
    address = await own_server.create()
    try:
        async with opened(address) as store:
            await store.join(host("a"))
            await store.create_session(session(), facts(1, 1))
            written = 1
            for mode in ("immediate", "fast"):
                stopping = asyncio.create_task(asyncio.to_thread(own_server.stop, mode))
                failed = 0
                while not stopping.done():
                    written, failed = await _try(store, written, failed)
                own_server.start()
                async with asyncio.timeout(10):
                    before = written
                    while written < before + 3:
                        written, failed = await _try(store, written, failed)
            assert await cursors(store) == list(range(1, written + 1))
            async with asyncio.timeout(10):
                while [each.id for each in await store.hosts()] != ["a"]:
                    await SystemClock().sleep(0.05)
    finally:
        own_server.end()


async def _try(store: PostgresStore, written: int, failed: int) -> tuple[int, int]:
    """One append; after a failure what is stored decides where it goes on."""
    try:
        await store.append(addition(fact(written + 1)))
    except StoreError:
        await SystemClock().sleep(0.02)
        try:
            record = await store.record("session-1")
        except StoreError:
            return written, failed + 1
        assert record is not None
        return record.cursor, failed + 1
    return written + 1, failed


async def test_a_server_that_only_reads_is_left_for_the_next(
    postgres: str, postgres_server: PostgresServer
) -> None:
    name = postgres.rpartition("/")[2]
    async with opened(postgres) as store:
        await store.create_session(session(), facts(1, 1))
        await postgres_server.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        writer = store._driver()
        assert writer._connection is not None
        await writer._connection.execute("SET default_transaction_read_only = on")
        with pytest.raises(StoreError):
            await store.append(addition(fact(2)))
        await postgres_server.ask(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await store.append(addition(fact(2)))
        assert await cursors(store) == [1, 2]


async def test_two_writers_of_one_session_never_mix(postgres: str) -> None:
    async with opened(postgres) as one, opened(postgres) as two:
        await one.create_session(session(), facts(1, 1))

        async def drive(store: PostgresStore, name: str) -> int:
            """Takes the session again and again, and appends what nobody else would."""
            count = 0
            for _ in range(30):
                hold = await store.take("session-1", name)
                record = await store.record("session-1")
                assert record is not None
                row = fact(record.cursor + 1, f'{{"by":"{name}","epoch":{hold.epoch}}}'.encode())
                try:
                    await store.append(addition(row, epoch=hold.epoch))
                except StaleWriter:
                    continue
                count += 1
            return count

        counts = await asyncio.gather(drive(one, "a"), drive(two, "b"))
        rows = await one.read("session-1", 0, 1000)
        assert [row.last for row in rows] == list(range(1, 2 + sum(counts)))
        epochs = [int(row.data.rpartition(b":")[2][:-1]) for row in rows[1:]]
        assert epochs == sorted(set(epochs))


async def test_of_many_claims_on_two_hosts_one_wins(postgres: str) -> None:
    async with opened(postgres) as one, opened(postgres) as two:
        await one.create_session(session(), facts(1, 1))
        claims = [
            store.append(claim(fact(2), execution=f"{name}-{number}"))
            for number in range(20)
            for name, store in (("a", one), ("b", two))
        ]
        results = await asyncio.gather(*claims, return_exceptions=True)
        assert results.count(None) == 1
        assert all(isinstance(result, (SessionBusy, StaleWriter)) for result in results if result is not None)
        assert await cursors(one) == [1, 2]


async def test_who_stands_still_within_a_transaction_holds_nobody_up_for_long(postgres: str) -> None:
    async with opened(postgres) as store:
        await store.create_session(session(), facts(1, 1))
        frozen = await connect(postgres)
        await frozen.execute("BEGIN")
        await frozen.fetch("SELECT * FROM mainspring.heads FOR UPDATE")
        async with asyncio.timeout(9):
            await store.append(addition(fact(2)))
        assert await cursors(store) == [1, 2]
        assert frozen.is_closed()


async def test_what_cannot_be_written_fails_alone(postgres: str) -> None:
    async with opened(postgres) as store:
        names = [f"session-{number}" for number in range(6)]
        for name in names:
            await store.create_session(session(name), facts(1, 1))
        appends = [
            store.append(
                addition(fact(2), session_id=name, patch=SessionPatch(updated_at="no time"))  # type: ignore[arg-type]
                if name == "session-3"
                else addition(fact(2), session_id=name)
            )
            for name in names
        ]
        results = await asyncio.gather(*appends, return_exceptions=True)
        assert [type(result) for result in results if result is not None] == [StoreError]
        assert [await cursors(store, name) for name in names] == [[1, 2]] * 3 + [[1]] + [[1, 2]] * 2


async def test_a_failure_before_the_commit_writes_nothing(postgres: str) -> None:
    async with opened(postgres) as store:
        await store.create_session(session(), facts(1, 1))
        failpoints.arm(failpoints.parse_points("commit.before=error,commit.after=error"))
        try:
            with pytest.raises(MainspringError, match="armed"):
                await store.append(addition(fact(2)))
            await store.append(addition(fact(2)))
        finally:
            failpoints.disarm()
        assert await cursors(store) == [1, 2]


async def test_a_pooling_proxy_is_noticed(
    postgres: str, postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    def another_pid(data: bytes) -> bytes:
        place = data.find(b"K\x00\x00\x00\x0c")
        return data if place < 0 else data[: place + 5] + b"\x00\x00\x00\x07" + data[place + 9 :]

    async with proxy_to(postgres_server.port) as proxy:
        proxy.rewrite = another_pid
        with caplog.at_level(logging.WARNING, "mainspring.storage"):
            async with opened(through(postgres, postgres_server, proxy.port)) as store:
                await store.ping()
    assert "session mode" in caplog.text


async def test_a_host_whose_connection_is_cut_stays_alive(
    postgres: str, postgres_server: PostgresServer
) -> None:
    async with (
        proxy_to(postgres_server.port) as proxy,
        opened(through(postgres, postgres_server, proxy.port)) as one,
        opened(postgres) as two,
    ):
        await one.join(host("a"))
        await two.join(host("b", since=2.0))
        for _ in range(3):
            proxy.cut_all()
            await SystemClock().sleep(0.7)
            assert [each.id for each in await two.hosts()] == ["a", "b"]


async def test_a_dead_hosts_executions_are_taken_over_at_once(
    postgres: str, postgres_server: PostgresServer
) -> None:
    async with (
        proxy_to(postgres_server.port) as proxy,
        opened(through(postgres, postgres_server, proxy.port)) as one,
        opened(postgres) as two,
    ):
        await one.join(host("a"))
        await two.join(host("b", since=2.0))
        await one.create_session(session(), facts(1, 1))
        epoch = (await one.take("session-1", "a")).epoch
        await one.append(claim(fact(2), epoch=epoch))
        two.news("b")
        proxy.closed = True
        proxy.cut_all()
        clock = SystemClock()
        began = clock.monotonic()
        while not (work := await two.work("b", clock.now(), 10)):
            await asyncio.wait_for(two.changed("b"), 10)
            two.news("b")
        assert clock.monotonic() - began < 2.0
        assert [(each.session_id, each.epoch) for each in work] == [("session-1", epoch + 1)]
        proxy.closed = False
        with pytest.raises(StaleWriter):
            await one.append(addition(fact(3), epoch=epoch))
        async with asyncio.timeout(10):
            while len(await two.hosts()) < 2:
                await clock.sleep(0.05)
