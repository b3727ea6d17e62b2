"""Runs seeds: `python -m tests.simulation 17` replays one and tells it, `--seeds 10000` looks for one that fails."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation.seeds import explain, failure
from tests.simulation.simulation import STEPS


def main() -> int:
    """The exit status: 1 if a seed failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", help="the one to replay")
    parser.add_argument("--seeds", type=int, default=500, help="how many to try")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of each")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--many", action="store_true", help="several hosts at once")
    given = parser.parse_args()
    if given.seed is not None:
        told = explain(given.seed, steps=given.steps, many=given.many)
        sys.stdout.write(told or f"seed {given.seed}: nothing found\n")
        return 1 if told else 0
    seeds = range(given.first, given.first + given.seeds)
    failed = 0
    with ProcessPoolExecutor(given.workers) as pool:
        for found in pool.map(partial(failure, steps=given.steps, many=given.many), seeds, chunksize=8):
            if found is not None:
                failed += 1
                sys.stdout.write(f"{found}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{failed} of {len(seeds)} seeds failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
