"""Runs several hosts on one database, hundreds of seeds, and proves that what could go wrong there is found."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from mainspring.runtime import attendant, commands
from mainspring.runtime.commands import Commands
from mainspring.runtime.ports import Append
from mainspring.runtime.streams import Streams
from mainspring.storage.sqlite import claims
from mainspring.storage.sqlite.roster import Roster
from tests.simulation.seeds import explain, failure, run
from tests.simulation.store import Turns

SEEDS = 40
TOGETHER = 20
MOST = 400
Patch = pytest.MonkeyPatch


@pytest.mark.parametrize("first", range(0, SEEDS, TOGETHER))
def test_nothing_is_found(first: int) -> None:
    for seed in range(first, first + TOGETHER):
        if failure(seed, many=True) is not None:
            pytest.fail(explain(seed, many=True) or "found once and not again", pytrace=False)


def test_a_seed_is_the_same_run_each_time() -> None:
    one, other = run(5, many=True)[0], run(5, many=True)[0]
    assert one.said == other.said
    assert [rules.rows for rules in one.rules.values()] == [rules.rows for rules in other.rules.values()]


def no_fence(patch: Patch) -> None:
    append = Turns.append

    def anyone(self: Turns, work: Append) -> "asyncio.Future[None]":
        return append(self, replace(work, epoch=self._ledger.head(work.session_id).epoch))

    patch.setattr(Turns, "append", anyone)


def owner_ignored(patch: Patch) -> None:
    take = claims.take_session

    def taken(*given: Any, live: Any, **named: Any) -> Any:
        return take(*given, live=lambda host_id: False, **named)

    patch.setattr(claims, "take_session", taken)


def lost_hints_never_looked_for(patch: Patch) -> None:
    patch.setattr(attendant, "UNHEARD", float("inf"))
    patch.setattr(Streams, "_doubt", lambda self, session_id: None)


def letters_applied_twice(patch: Patch) -> None:
    """A stop that stops whatever runs, and a letter that comes again is obeyed again."""
    perform = commands.perform

    async def whatever(host: Any, command: Any, *, at: float) -> Any:
        if isinstance(command, commands.Stop) and host.state.execution is not None:
            command = replace(command, execution_id=host.state.execution.id)
        return await perform(host, command, at=at)

    async def reply(self: Commands, letter: Any) -> None:
        await self._dispatch.answer(letter, await self._answer(letter))

    patch.setattr(commands, "perform", whatever)
    patch.setattr(Commands, "reply", reply)


def the_dead_are_left_alone(patch: Patch) -> None:
    patch.setattr(Roster, "live", lambda self, host_id: True)


BUGS: tuple[tuple[Callable[[Patch], None], int], ...] = (
    (no_fence, 84),
    (owner_ignored, 0),
    (lost_hints_never_looked_for, 6),
    (letters_applied_twice, 84),
    (the_dead_are_left_alone, 0),
)
"""Each bug, and the first seed to look at: some need much to come together."""


@pytest.mark.parametrize(("bug", "first"), BUGS, ids=[bug.__name__ for bug, _ in BUGS])
def test_a_planted_bug_is_found(bug: Callable[[Patch], None], first: int, monkeypatch: Patch) -> None:
    bug(monkeypatch)
    found = next(filter(None, (failure(seed, many=True) for seed in range(first, first + MOST))), None)
    assert found is not None
