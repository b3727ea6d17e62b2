"""Owns the shop as a domain that is played, and its checker: every row, every call, every effect."""

import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.ledger import shop
from tests.ledger.hands import opened
from tests.ledger.play import Played
from tests.ledger.shop_tasks import Task, applied, protocol, tasks

UNKNOWN = "unknown"


class ShopDomain:
    """A shop in a folder of its own, with the first `count` tasks."""

    tools_file = Path(__file__).with_name("shop_tools.py")
    python = sys.executable
    verdict = "the shop is what it has to be, no effect twice"

    def __init__(self, folder: Path, count: int) -> None:
        self.database = folder / "shop.db"
        database = opened(self.database)
        database.execute("BEGIN")
        shop.stock(database)
        self.tasks: Sequence[Task] = tasks(database, count)
        database.close()
        self.tools_yaml = protocol()

    def tool_names(self) -> Sequence[str]:
        """Every tool of the shop."""
        return tuple(shop.WORK)

    def check(self, played: Played) -> None:
        """The final state is the expected one; no call had two effects, none is without an outcome."""
        database = opened(self.database)
        expected = sqlite3.connect(":memory:")
        shop.stock(expected)
        applied(expected, list(self.tasks))
        for table, rows in shop.state_of(expected).items():
            assert shop.state_of(database)[table] == rows, table
        twice = (
            "SELECT call_id, tool, count(*) FROM effects GROUP BY call_id HAVING count(*) > 1 AND tool IN "
        )
        writing = "(" + ", ".join(f"'{name}'" for name in (*shop.KEYED, *shop.UNKEYED)) + ")"
        assert database.execute(twice + writing).fetchall() == []
        self._check_notes(database, expected, played)
        for task in self.tasks:
            called = [tool for tool, _ in played.results[task.id]]
            assert called == [tool for tool, _ in task.actions], task.id
        expected.close()
        database.close()

    def _check_notes(self, real: sqlite3.Connection, expected: sqlite3.Connection, played: Played) -> None:
        """A note that nobody knows of may be there or not; every other one is, once."""
        query = "SELECT customer, text FROM notes ORDER BY 1, 2"
        wanted, there = expected.execute(query).fetchall(), real.execute(query).fetchall()
        assert len(set(there)) == len(there)
        assert set(there) <= set(wanted)
        told = sum(
            tool == "leave-note" and error is None
            for results in played.results.values()
            for tool, error in results
        )
        assert len(there) >= told

    def runs(self) -> tuple[int, int]:
        """How many starts of calls there were, and of how many calls."""
        database = opened(self.database)
        (starts, calls) = database.execute("SELECT count(*), count(DISTINCT call_id) FROM runs").fetchone()
        database.close()
        return starts, calls
