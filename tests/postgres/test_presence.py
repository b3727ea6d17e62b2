"""Tests being seen: leases, rejoining, hosts of one process, hints that get lost, letters that wait."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mainspring.model.errors import StoreError
from mainspring.runtime.dispatch import Letter, News
from mainspring.storage.postgres.connections import Connection, connect
from mainspring.storage.postgres.hints import Hint, hint_of, hint_text, hints_of
from mainspring.storage.postgres.store import PostgresStore
from mainspring.system import SystemClock
from mainspring.testing.contracts.dispatch import host
from mainspring.testing.samples import addition, fact, facts, session

CLOCK = SystemClock()


async def opened(address: str) -> PostgresStore:
    store = PostgresStore(address, clock=CLOCK)
    await store.open()
    return store


@pytest.fixture
async def one(postgres: str) -> AsyncIterator[PostgresStore]:
    store = await opened(postgres)
    await store.join(host("a"))
    yield store
    await store.close()


@pytest.fixture
async def two(postgres: str) -> AsyncIterator[PostgresStore]:
    store = await opened(postgres)
    await store.join(host("b", since=2.0))
    yield store
    await store.close()


@pytest.fixture
async def engine(postgres: str) -> AsyncIterator[Connection]:
    connection = await connect(postgres)
    yield connection
    await connection.close()


async def until_living(store: PostgresStore, *names: str) -> None:
    async with asyncio.timeout(10):
        while [each.id for each in await store.hosts()] != list(names):
            await CLOCK.sleep(0.02)


async def test_who_gives_no_sign_for_the_lease_is_dead_though_it_holds_its_lock(
    one: PostgresStore, two: PostgresStore, engine: Connection
) -> None:
    presence = one._presence()
    task = presence._task
    assert task is not None
    task.cancel()
    await engine.execute("UPDATE mainspring.hosts SET beat = beat - interval '20 s' WHERE id = 'a'")
    await until_living(two, "b")
    presence._beaten = 0.0
    await presence.join(host("a"))
    await until_living(two, "a", "b")


async def test_who_was_buried_by_mistake_comes_back(
    one: PostgresStore, two: PostgresStore, engine: Connection
) -> None:
    await engine.execute("DELETE FROM mainspring.hosts WHERE id = 'a'")
    one._presence()._beaten = 0.0
    await until_living(two, "a", "b")
    await CLOCK.sleep(1.0)
    await until_living(two, "a", "b")


async def test_hosts_of_one_process_live_apart(one: PostgresStore, two: PostgresStore) -> None:
    await one.join(host("c", since=3.0))
    await until_living(two, "a", "b", "c")
    await one.leave("a")
    await CLOCK.sleep(1.0)
    await until_living(two, "b", "c")
    await one.leave("nobody")
    assert one.news("a") == News()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(one.changed("a"), 0.05)


async def test_an_answer_is_found_without_being_told(one: PostgresStore, two: PostgresStore) -> None:
    letter = Letter(id="l-1", to="b", session_id="s", body=b"?")
    sent = asyncio.ensure_future(one.send(letter))
    while not await two.letters("b"):
        await CLOCK.sleep(0.02)
    one._presence()._awaited.clear()
    await two.answer(letter, b"!")
    assert await asyncio.wait_for(sent, 5) == b"!"


async def test_a_letter_sent_again_is_one_letter(one: PostgresStore, two: PostgresStore) -> None:
    letter = Letter(id="l-1", to="b", session_id="s", body=b"?")
    first = asyncio.ensure_future(one.send(letter))
    while not await two.letters("b"):
        await CLOCK.sleep(0.02)
    first.cancel()
    await asyncio.wait([first])
    again = asyncio.ensure_future(one.send(letter))
    await CLOCK.sleep(0.1)
    assert await two.letters("b") == []
    await two.answer(letter, b"!")
    assert await asyncio.wait_for(again, 5) == b"!"


async def test_after_the_end_nothing_is_answered(postgres: str) -> None:
    store = await opened(postgres)
    with pytest.raises(StoreError, match="open already"):
        await store.open()
    await store.close()
    for failing in (store.join(host("a")), store.work("a", 1.0, 1), store.create_session(session(), ())):
        with pytest.raises(StoreError, match="not open"):
            await failing


async def test_odd_names_are_told(one: PostgresStore, two: PostgresStore) -> None:
    name = "se\0ssion \ud800 é"
    await one.create_session(session(name), facts(1, 1))
    await one.append(addition(fact(2), session_id=name))
    async with asyncio.timeout(5):
        while (name, 2) not in two.news("b").grown:
            await two.changed("b")


def test_a_hint_holds_no_more_than_it_can() -> None:
    grown = {f"session-{number}-{'x' * 80}": number for number in range(200)}
    told = hints_of(grown | {"y" * 500: 1})
    assert all(len(text.encode()) < 8000 for text in told)
    assert {pair for text in told for pair in hint_of(text).grown} == set(grown.items())


@pytest.mark.parametrize("text", ["", "not json", "{}", '["a"]'])
def test_what_others_notify_is_nothing(text: str) -> None:
    assert hint_of(text) == Hint()


def test_a_hint_comes_back() -> None:
    hint = Hint(grown=(("s", 1),), work=True, letters=("h",), answered=("l",))
    assert hint_of(hint_text(hint)) == hint
