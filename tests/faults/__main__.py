"""Runs seeds: `python -m tests.faults 17` tells of one, `--seeds 5000` looks for one that fails."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.faults.positions import problems


def main() -> int:
    """The exit status: 1 if a seed failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", help="the one to replay")
    parser.add_argument("--seeds", type=int, default=500, help="how many to try")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    given = parser.parse_args()
    one = given.seed is not None
    seeds = range(given.seed, given.seed + 1) if one else range(given.first, given.first + given.seeds)
    failed = 0
    with ProcessPoolExecutor(given.workers) as pool:
        for seed, found in zip(seeds, pool.map(problems, seeds, chunksize=8), strict=True):
            failed += bool(found)
            sys.stdout.writelines(f"fault seed {seed}: {problem}\n" for problem in found)
    sys.stdout.write(f"{failed} of {len(seeds)} fault seeds failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
