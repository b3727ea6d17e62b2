"""Tests the calls that hosts share: what one is asked for a worker of another answers, and death changes little."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mainspring.model.errors import NotFound
from mainspring.model.tool_work import AnswerTaken, Heartbeat, Leave, Pulled, RemoteTool
from mainspring.runtime.remote_calls import Patience
from mainspring.runtime.tool_calls import ToolCall, ToolOutcome
from mainspring.storage.postgres.call_queue import PostgresCallQueue
from mainspring.storage.postgres.connections import connect
from mainspring.storage.postgres.store import PostgresStore
from mainspring.system import SystemClock
from mainspring.testing.contracts.dispatch import host
from tests.toolboxes.queue_bench import PROJECT, Bench, answer, call

CLOCK = SystemClock()
SEEN = ToolOutcome(output="seen")


class Hosts:
    """Two hosts of one database, each with a bench of its own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.stores: list[PostgresStore] = []

    async def open(self, name: str, **patience: Any) -> Bench:
        store = PostgresStore(self.address, clock=CLOCK)
        await store.open()
        self.stores.append(store)
        queue = PostgresCallQueue(store, clock=CLOCK, host_id=name, patience=Patience(**patience))
        await queue.open()
        await store.join(host(name))
        return Bench.of(queue)

    async def elapse(self, seconds: float) -> None:
        """As if so much time had passed for workers and calls."""
        connection = await connect(self.address)
        for table, column in (("tool_workers", "seen"), ("tool_calls", "since"), ("tool_offers", "gone")):
            update = f"UPDATE mainspring.{table} SET {column} = {column} - make_interval(secs => $1)"
            await connection.execute(update, seconds)
        await connection.close()

    async def close(self, benches: list[Bench]) -> None:
        for bench in benches:
            await bench.queue.close()
        for store in self.stores:
            await store.close()


@pytest.fixture
async def hosts(postgres: str) -> Hosts:
    return Hosts(postgres)


@pytest.fixture
async def pair(hosts: Hosts) -> AsyncIterator[tuple[Bench, Bench]]:
    benches = [await hosts.open(name, lease=6.0, grace=10.0) for name in ("a", "b")]
    yield benches[0], benches[1]
    await hosts.close(benches)


async def until_ready(bench: Bench, count: int = 1) -> None:
    """So many calls wait for a worker."""
    async with asyncio.timeout(10):
        while sum((await bench.queue.workers(PROJECT)).waiting.values()) != count:
            await CLOCK.sleep(0.01)


async def begun(bench: Bench, given: ToolCall) -> "asyncio.Task[ToolOutcome]":
    task = bench.begin(given)
    await until_ready(bench)
    return task


async def test_a_worker_of_one_host_answers_what_another_was_asked(pair: tuple[Bench, Bench]) -> None:
    a, b = pair
    await b.announce()
    waiting = b.pulling()
    await CLOCK.sleep(0.1)
    began = CLOCK.monotonic()
    task = a.begin(call())
    pulled = await waiting
    assert [one.call_id for one in pulled.calls] == ["call_1"]
    assert pulled.calls[0].args == {"where": "here"}
    assert await b.answering(answer()) == AnswerTaken(call_id="call_1")
    assert await a.recorded(task, call()) == SEEN
    assert CLOCK.monotonic() - began < 0.9  # hints, not looking
    assert await b.answering(answer()) == AnswerTaken(call_id="call_1")
    other = await a.answering(answer(result="else"))
    assert other is not None
    assert (other.status, other.code) == (409, "RESULT_CONFLICT")
    assert await a.answering(answer(2)) is None


async def test_the_tools_of_a_worker_are_known_everywhere(pair: tuple[Bench, Bench]) -> None:
    a, b = pair
    await b.announce()
    async with asyncio.timeout(5):
        while not a.box.offers(PROJECT, "helper"):
            await CLOCK.sleep(0.01)
    offers = a.box.offers(PROJECT, "helper")
    assert offers["look"].description == "Looks"
    await b.announce("w2")
    await CLOCK.sleep(0.1)
    assert a.box.offers(PROJECT, "helper") is offers
    assert await a.queue.tools_of(PROJECT, "w1") == {"look"}
    assert {one.name for one in (await a.queue.workers(PROJECT)).workers} == {"W1", "W2"}
    with pytest.raises(NotFound):
        await a.queue.tools_of("another", "w1")


async def test_a_call_goes_on_when_the_host_that_asked_is_gone(pair: tuple[Bench, Bench]) -> None:
    a, b = pair
    await b.announce()
    gone = await begun(a, call())
    assert await b.pull() == ["call_1"]
    a.queue.rest()
    gone.cancel()
    taken_up = b.begin(call(resumed=True))
    await CLOCK.sleep(0.1)
    assert await b.pull() == []
    assert await b.beat("w1", "call_1") == ()
    assert await b.answering(answer()) == AnswerTaken(call_id="call_1")
    assert await b.recorded(taken_up, call()) == SEEN


async def test_an_answer_that_nobody_recorded_waits_for_who_takes_the_session_up(
    pair: tuple[Bench, Bench],
) -> None:
    a, b = pair
    await b.announce()
    gone = await begun(a, call())
    assert await b.pull() == ["call_1"]
    a.queue.rest()
    gone.cancel()
    assert await b.answering(answer()) == AnswerTaken(call_id="call_1")
    assert await b.begin(call(resumed=True)) == SEEN


async def test_what_was_never_entered_was_never_begun(pair: tuple[Bench, Bench]) -> None:
    a, b = pair
    await b.announce()
    task = await begun(a, call(resumed=True))
    assert await b.pull() == ["call_1"]
    task.cancel()


async def test_a_call_of_a_host_that_is_dead_is_dealt_only_once_another_asks(
    hosts: Hosts, pair: tuple[Bench, Bench]
) -> None:
    a, b = pair
    await b.announce()
    orphan = await begun(a, call())
    a.queue.rest()
    orphan.cancel()
    await hosts.stores[0].leave("a")
    assert await b.pull() == []
    task = b.begin(call(resumed=True))
    await CLOCK.sleep(0.1)
    assert await b.pull() == ["call_1"]
    task.cancel()


async def test_a_call_nobody_wants_is_taken_back_and_its_worker_told(pair: tuple[Bench, Bench]) -> None:
    a, b = pair
    await b.announce()
    task = await begun(a, call())
    assert await b.pull() == ["call_1"]
    waiting = b.pulling()
    await CLOCK.sleep(0.1)
    task.cancel()
    assert (await waiting).drop == ("call_1",)
    assert await b.beat("w1", "call_1") == ("call_1",)
    assert await b.beat("w1") == ()
    assert await b.answering(answer()) is None
    ready = await begun(a, call(2))
    ready.cancel()
    await until_ready(a, 0)
    assert await b.pull() == []


async def test_taken_back_by_mistake_a_call_goes_on_where_it_runs(pair: tuple[Bench, Bench]) -> None:
    a, b = pair
    await b.announce()
    task = await begun(a, call())
    assert await b.pull() == ["call_1"]
    task.cancel()
    async with asyncio.timeout(5):
        while not (await b.pulling(wait=0)).drop:
            await CLOCK.sleep(0.01)
    again = a.begin(call(resumed=True))
    await CLOCK.sleep(0.1)
    assert await b.beat("w1", "call_1") == ()
    await b.answering(answer())
    assert await again == SEEN


async def test_a_silent_worker_is_lost_and_a_forgotten_call_unknown(
    hosts: Hosts, pair: tuple[Bench, Bench]
) -> None:
    a, b = pair
    await b.announce()
    first = await begun(a, call())
    assert await b.pull() == ["call_1"]
    assert await b.beat("w1") == ()
    assert await first == ToolOutcome(error="The worker W1 no longer knows of this call.", unknown=True)
    a.box.settled(call(), durable=True)
    second = await begun(a, call(attempt=2))
    assert await b.pull() == ["call_1"]
    await hosts.elapse(7.0)
    assert await second == ToolOutcome(error="The worker W1 was lost while it ran this call.", unknown=True)
    with pytest.raises(NotFound) as refused:
        await b.beat()
    assert refused.value.code == "WORKER_UNKNOWN"
    third = await begun(a, call(attempt=3))
    assert (await b.announce(running=("call_1",))).drop == ()
    assert (await b.announce("w2", running=("call_1",))).drop == ("call_1",)
    failed = await b.answering(answer(result=None, error="No.", attempt=1))
    assert failed == AnswerTaken(call_id="call_1")
    assert not third.done()
    assert await b.answering(answer(attempt=2)) == AnswerTaken(call_id="call_1")
    assert await a.recorded(third, call(attempt=3)) == SEEN
    assert await b.answering(answer(attempt=3), "w2") == AnswerTaken(call_id="call_1")


async def test_without_a_worker_a_call_fails_in_a_while_and_its_tool_goes(
    hosts: Hosts, pair: tuple[Bench, Bench]
) -> None:
    a, b = pair
    await b.announce()
    await b.queue.leave(PROJECT, "w1", Leave())
    task = await begun(a, call())
    assert a.box.offers(PROJECT, "helper")
    await CLOCK.sleep(1.2)  # a sweep notes that nobody runs it
    await hosts.elapse(11.0)
    assert await task == ToolOutcome(error="No worker that runs look is connected.", retryable=True)
    async with asyncio.timeout(5):
        while a.box.offers(PROJECT, "helper"):
            await CLOCK.sleep(0.02)


async def test_nobody_claims_what_was_taken_back_and_given_again(
    hosts: Hosts, pair: tuple[Bench, Bench]
) -> None:
    a, b = pair
    task = await begun(a, call())
    task.cancel()
    await until_ready(a, 0)
    again = a.begin(call(resumed=True))
    await CLOCK.sleep(0.1)
    await b.announce()
    assert await b.pull() == []
    await hosts.elapse(7.0)
    outcome = await again
    assert outcome.unknown
    assert (outcome.error or "").startswith("The server was started anew")


async def test_a_worker_that_says_it_runs_a_call_gets_it_when_it_is_asked_for(
    pair: tuple[Bench, Bench],
) -> None:
    a, b = pair
    assert (await b.announce(running=("call_1",))).drop == ()
    task = a.begin(call(resumed=True))
    await CLOCK.sleep(0.1)
    assert await b.pull() == []
    await b.answering(answer())
    assert await task == SEEN


async def test_a_pull_is_repeated_and_displaced(pair: tuple[Bench, Bench]) -> None:
    a, b = pair
    await b.announce()
    hanging = b.pulling(most=1)
    await CLOCK.sleep(0.1)
    second = b.again(most=1)
    assert await hanging == Pulled()
    await CLOCK.sleep(0.1)
    tasks = [a.begin(call(1)), a.begin(call(2))]
    (got,) = (await second).calls
    assert (await b.again(most=1)).calls == (got,)
    assert (await b.queue.heartbeat(PROJECT, "w1", Heartbeat(received=0))).drop == ()
    await until_ready(a)
    (rest,) = await b.pull(most=1)
    assert {got.call_id, rest} == {"call_1", "call_2"}
    await b.queue.leave(PROJECT, "w1", Leave(received=1))
    lost = tasks[0] if got.call_id == "call_1" else tasks[1]
    assert await lost == ToolOutcome(error="The worker W1 left before it had answered.", unknown=True)
    await b.announce("w2")
    assert await b.pull("w2") == [rest]
    assert not [task for task in tasks if task is not lost and task.done()]
    for task in tasks:
        task.cancel()


async def test_those_who_wait_share_and_an_idle_pull_ends(pair: tuple[Bench, Bench]) -> None:
    a, b = pair
    sing = RemoteTool(name="sing")
    for bench, name in ((a, "w1"), (b, "w2")):
        await bench.announce(name)
    await b.announce("w3", sing)
    pulls = [a.pulling("w1"), b.pulling("w2")]
    other = b.pulling("w3", wait=0.3)
    await CLOCK.sleep(0.1)
    tasks = [a.begin(call(number)) for number in range(1, 9)]
    got = [one.call_id for pull in pulls for one in (await pull).calls]
    while len(got) < len(tasks):
        got += [*await a.pull("w1"), *await b.pull("w2")]
    assert sorted(got) == [f"call_{number}" for number in range(1, 9)]
    assert await other == Pulled()
    for task in tasks:
        task.cancel()


async def test_at_the_end_open_pulls_are_answered(pair: tuple[Bench, Bench]) -> None:
    a, _ = pair
    await a.announce()
    waiting = a.pulling()
    await CLOCK.sleep(0.1)
    a.queue.rest()
    assert await waiting == Pulled()
