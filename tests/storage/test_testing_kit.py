"""Tests the public test kit: manual time, counted ids, expectations that complain."""

import asyncio

import pytest

from mainspring.model.errors import Conflict, NotFound
from mainspring.testing.clock import ManualClock
from mainspring.testing.expectations import equal, holds, refused
from mainspring.testing.ids import SequenceIds


async def test_sleepers_wake_at_their_moment_and_in_order() -> None:
    clock = ManualClock(now=100.0)
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    tasks = [
        asyncio.create_task(sleep(name, seconds))
        for name, seconds in (("b", 2), ("a", 1), ("c", 2), ("d", 9))
    ]
    await clock.advance(0)
    assert (clock.sleepers, woken) == (4, [])
    await clock.advance(2)
    assert woken == [("a", 1.0), ("b", 2.0), ("c", 2.0)]
    assert (clock.now(), clock.monotonic(), clock.sleepers) == (102.0, 2.0, 1)
    await clock.advance(7)
    assert woken[-1] == ("d", 9.0)
    await asyncio.gather(*tasks)


async def test_a_loop_that_sleeps_runs_each_time() -> None:
    clock = ManualClock()
    moments: list[float] = []

    async def beat() -> None:
        while True:
            await clock.sleep(10)
            moments.append(clock.monotonic())

    task = asyncio.create_task(beat())
    await clock.advance(35)
    assert moments == [10.0, 20.0, 30.0]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert clock.sleepers == 0
    await clock.advance(20)
    assert clock.monotonic() == 55.0


async def test_no_sleep_lets_others_run() -> None:
    clock = ManualClock()
    ran: list[str] = []

    async def other() -> None:
        ran.append("other")

    task = asyncio.create_task(other())
    await clock.sleep(0)
    assert ran == ["other"]
    await task


async def test_time_passes_until_the_next_who_sleeps_wakes() -> None:
    clock = ManualClock()
    await clock.wake()
    assert clock.monotonic() == 0
    woken: list[float] = []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(clock.monotonic())

    tasks = [asyncio.ensure_future(sleeper(seconds)) for seconds in (0.1, 0.7)]
    await clock.wake()
    assert woken == [0.1]
    tasks.append(asyncio.ensure_future(sleeper(0.2)))
    await clock.wake()
    assert woken == [0.1, pytest.approx(0.3)]
    tasks[1].cancel()
    await clock.wake()
    assert clock.monotonic() == woken[-1]


async def test_the_wall_clock_jumps_alone() -> None:
    clock = ManualClock(now=100.0)
    sleeper = asyncio.create_task(clock.sleep(5))
    await clock.advance(1)
    clock.shift(-7200)
    assert (clock.now(), clock.monotonic()) == (-7099.0, 1.0)
    assert not sleeper.done()
    await clock.advance(4)
    assert sleeper.done()


async def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="does not go back"):
        await ManualClock().advance(-1)


def test_ids_count() -> None:
    ids = SequenceIds(9)
    assert [ids.token(), ids.token()] == ["0" * 21 + "9", "0" * 20 + "10"]


async def test_expectations_complain() -> None:
    async def conflict() -> None:
        raise Conflict("taken")

    async def fine() -> int:
        return 5

    equal(1, 1)
    holds(condition=True, what="true")
    assert (await refused(conflict(), Conflict)).message == "taken"
    with pytest.raises(AssertionError, match="found 2"):
        equal(2, 1)
    with pytest.raises(AssertionError, match="expected sense"):
        holds([], "sense")
    with pytest.raises(AssertionError, match="returned 5"):
        await refused(fine(), Conflict)
    with pytest.raises(Conflict):
        await refused(conflict(), NotFound)
