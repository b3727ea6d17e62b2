"""Owns judging stormy days, and the command that runs many: `python -m tests.toolboxes.soak --calls 10000`."""

import argparse
import asyncio
import sys
from collections import Counter

from tests.toolboxes.faults import Day, Storm

CALLS_A_DAY = 500


def judged(seed: int, calls: int) -> Day:
    """A day, checked: an outcome for every call, one effect for every key, no answer lost or contradicted."""
    day = asyncio.run(Storm(seed, calls).run())
    assert set(day.outcomes) == {f"call_{number}" for number in range(calls)}, seed
    assert set(day.effects.values()) == {1}, seed
    for call_id, outcome in day.outcomes.items():
        if outcome.error is None:
            assert outcome.output == f"booked {call_id}", seed
            assert day.effects[call_id] == 1, seed
        else:
            assert outcome.error, seed
    well = sum(outcome.error is None for outcome in day.outcomes.values())
    assert well >= 0.97 * calls, (seed, well)
    assert day.refused[409] == 0, seed
    return day


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="soak", description="Connected workers under faults.")
    parser.add_argument("--calls", type=int, default=10_000, help="how many calls in all")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    faults: Counter[str] = Counter()
    runs = 0
    for seed in range(options.first, options.first + max(1, options.calls // CALLS_A_DAY)):
        day = judged(seed, CALLS_A_DAY)
        faults += day.faults
        runs += sum(day.runs.values())
    told = ", ".join(f"{count} {name}" for name, count in sorted(faults.items()))
    sys.stdout.write(f"{options.calls} calls, {runs} runs, every key one effect; faults: {told}\n")


if __name__ == "__main__":
    main()
