"""Kills a process that writes to PostgreSQL: what it was told is on disk is there, whole, in order."""

import asyncio

import pytest

from tests.storage.test_crash import check, run_until_killed

KILLS = 8


@pytest.mark.timeout(120)
def test_nothing_acknowledged_is_lost(postgres: str) -> None:
    acknowledged: dict[str, int] = {}
    for kill in range(KILLS):
        acknowledged |= run_until_killed(postgres, 1 + (kill * 37) % 90)
        assert acknowledged
        asyncio.run(check(postgres, acknowledged))
