"""Owns judging the retail tasks, in a Python that has what the checkout imports: prints a JSON object.

`python -m tests.ledger.retail_check CHECKOUT DATABASE`: by task, the two hashes. `--describe CHECKOUT`: its tools.
"""

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from tests.ledger.retail import KINDS, Retail, expected


def described(checkout: Path) -> dict[str, Any]:
    """The tools, and which of them write."""
    retail = Retail(checkout)
    return {
        "writing": sorted(retail.writing),
        "descriptions": retail.descriptions,
        "parameters": retail.parameters,
    }


def hashes(checkout: Path, path: Path) -> dict[str, tuple[str, str]]:
    """By task: what the benchmark's environment comes to, and what the workers' database is."""
    retail = Retail(checkout)
    database = sqlite3.connect(path)
    made: dict[str, tuple[str, str]] = {}
    played = {row[0] for row in database.execute("SELECT task FROM tasks")}
    for task in retail.all_tasks:
        if task["id"] not in played:
            continue
        changes: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        rows = database.execute("SELECT kind, id, body FROM entities WHERE task = ?", (task["id"],))
        for kind, id_, body in rows:
            changes[kind][id_] = json.loads(body)
        actions = task["evaluation_criteria"]["actions"] or []
        made[task["id"]] = (expected(checkout, actions), str(retail.with_changes(changes).get_hash()))
    database.close()
    return made


def main() -> None:
    """The command line."""
    if sys.argv[1] == "--describe":
        found: Any = described(Path(sys.argv[2]))
    else:
        found = hashes(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
