"""Runs seeds: `python -m tests.simulation SEED` replays one, `--seeds 10000` looks for one that fails."""

import argparse
import sys
import time
import traceback

from tests.simulation.simulation import STEPS, Simulation


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int, nargs="?")
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    given = parser.parse_args()
    seeds = [given.seed] if given.seed is not None else range(given.first, given.first + given.seeds)
    failed = 0
    begin = time.time()
    for seed in seeds:
        simulation = Simulation(seed, steps=given.steps)
        try:
            simulation.run()
        except Exception as error:
            failed += 1
            if given.seed is not None:
                print("\n".join(simulation.said))
                for sid, rules in simulation.rules.items():
                    print("==", sid)
                    for row in rules.rows:
                        print(row.first, row.last, row.data.decode()[:600])
                traceback.print_exception(error)
            print(f"seed {seed}: {type(error).__name__}: {str(error)[:300]}", flush=True)
    print(f"{failed} of {len(seeds)} failed in {time.time() - begin:.1f}s")
    return 1 if failed else 0


sys.exit(main())
