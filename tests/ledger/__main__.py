"""Owns the command that plays a whole ledger: `python -m tests.ledger`, with `--kill`, `--postgres`, `--tau2 PATH`."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.model_server import ModelServer
from tests.e2e.server_process import ServerProcess
from tests.ledger.databases import on_postgres, on_sqlite
from tests.ledger.play import Played, Stage, killing
from tests.ledger.retail_play import RetailDomain
from tests.ledger.shop_play import ShopDomain


@contextmanager
def servers_of(
    options: argparse.Namespace, folder: Path, models: ModelServer
) -> Iterator[list[ServerProcess]]:
    """The servers to play on, not started."""
    place = on_postgres if options.postgres else on_sqlite
    with place(folder, models) as servers:
        yield servers


def played(options: argparse.Namespace, folder: Path) -> tuple[ShopDomain | RetailDomain, Played]:
    """Plays the tasks and checks what came of them."""
    domain: ShopDomain | RetailDomain
    if options.tau2:
        domain = RetailDomain(folder, Path(options.tau2), options.python, options.tasks)
    else:
        domain = ShopDomain(folder, options.tasks)
    with ModelServer() as models, servers_of(options, folder, models) as servers:
        stage = Stage(domain, models, servers, workers=options.workers, linger=0.4 if options.kill else 0.0)
        try:
            done = stage.play(killing(options.seed) if options.kill else None)
        finally:
            stage.end()
        assert models.wrong() == [], models.wrong()
    domain.check(done)
    return domain, done


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="ledger", description="Work that counts, through the whole server.")
    parser.add_argument("--tasks", type=int, default=114, help="how many of the tasks")
    parser.add_argument("--workers", type=int, default=2, help="how many worker processes")
    parser.add_argument("--kill", action="store_true", help="kill servers and workers at random")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the killer")
    parser.add_argument("--postgres", action="store_true", help="two servers on one PostgreSQL database")
    parser.add_argument("--tau2", help="a checkout of sierra-research/tau2-bench: play its retail tasks")
    parser.add_argument(
        "--python", default=sys.executable, help="a Python that has what tau2's retail domain imports"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        domain, done = played(options, Path(folder))
        starts, calls = domain.runs()
    sys.stdout.write(
        f"{len(domain.tasks)} tasks, {calls} calls begun {starts} times in {done.seconds:.0f} s; "
        f"{done.server_kills} servers and {done.worker_kills} workers killed, {done.asked_people} questions to a "
        f"person; {domain.verdict}\n"
    )


if __name__ == "__main__":
    main()
