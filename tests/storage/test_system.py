"""Tests the real clock and the real ids."""

import asyncio

from mainspring.system import ALPHABET, SystemClock, SystemIds


def test_tokens_are_long_and_different() -> None:
    ids = SystemIds()
    tokens = {ids.token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(token) == 22 and set(token) <= set(ALPHABET) for token in tokens)
    assert set("".join(tokens)) == set(ALPHABET)


def test_every_place_of_a_token_varies() -> None:
    ids = SystemIds()
    tokens = [ids.token() for _ in range(400)]
    assert all(len({token[place] for token in tokens}) > 30 for place in range(22))


async def test_the_clock_goes_forward() -> None:
    clock = SystemClock()
    before, wall = clock.monotonic(), clock.now()
    await clock.sleep(0.001)
    assert clock.monotonic() - before >= 0.001
    assert clock.now() >= wall > 1_700_000_000


async def test_no_sleep_still_lets_others_run() -> None:
    clock = SystemClock()
    ran: list[str] = []

    async def other() -> None:
        ran.append("other")

    task = asyncio.create_task(other())
    await clock.sleep(-5)
    assert ran == ["other"]
    await task
