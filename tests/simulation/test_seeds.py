"""Runs the simulation: hundreds of seeds, each a different life of a few sessions; `make soak` runs ten thousand."""

import pytest

from mainspring.model.events import encode_event
from mainspring.model.rows import FACT, Row
from mainspring.model.stream_events import BlockEnd
from mainspring.testing.simulation.chance import Chance
from mainspring.testing.simulation.journal_rules import JournalRules, Violation
from mainspring.testing.simulation.timeline import LoopClock, SimulatedLoop
from tests.simulation.seeds import explain, failure, run
from tests.simulation.simulation import Simulation

SEEDS = 400
TOGETHER = 20


@pytest.mark.parametrize("first", range(0, SEEDS, TOGETHER))
def test_nothing_is_found(first: int) -> None:
    for seed in range(first, first + TOGETHER):
        if failure(seed) is not None:
            pytest.fail(explain(seed) or "found once and not again", pytrace=False)


def test_a_seed_is_the_same_run_each_time() -> None:
    one, other = run(8)[0], run(8)[0]
    assert one.said == other.said
    assert [rules.rows for rules in one.rules.values()] == [rules.rows for rules in other.rules.values()]


def test_what_is_found_is_told_with_all_that_led_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: Simulation) -> None:
        raise Violation("found on purpose")

    monkeypatch.setattr(Simulation, "_finish", broken)
    told = explain(4, steps=9)
    assert told is not None
    assert "python -m tests.simulation 4 --steps 9" in told
    assert '{"type":"session-created"' in told
    assert "found on purpose" in told
    assert failure(4, steps=9) == "seed 4: Violation: found on purpose"


def test_a_journal_that_breaks_a_rule_is_refused() -> None:
    row = Row(first=1, last=1, kind=FACT, data=encode_event(BlockEnd(block_id="b")), at=1.0)
    with pytest.raises(Violation, match="was not open"):
        JournalRules().feed([row])
    with pytest.raises(Violation, match="follows"):
        JournalRules().feed([Row(first=2, last=2, kind=FACT, data=row.data, at=1.0)])


def test_chance_is_the_same_everywhere() -> None:
    chance = Chance(7)
    assert [chance.below(100) for _ in range(6)] == [
        chance.below(100) for chance in [Chance(7)] for _ in range(6)
    ]
    assert {chance.weighted((("a", 1), ("b", 2))) for _ in range(50)} == {"a", "b"}
    assert {len(chance.some("xyz")) for _ in range(50)} == {0, 1, 2, 3}


def test_a_simulation_that_stands_still_says_so() -> None:
    loop = SimulatedLoop()
    try:
        with pytest.raises(RuntimeError, match="stands still"):
            loop.run_until_complete(loop.create_future())
        clock = LoopClock(now=5.0)
        loop.run_until_complete(clock.sleep(3600))
        assert loop.time() == 3600.0
    finally:
        loop.close()
