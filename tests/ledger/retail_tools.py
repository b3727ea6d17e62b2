"""Owns the tools of tau2-bench's retail domain as a worker serves them. Its code is read from the checkout at `TAU2`.

Each session has a database of its own: the one of the benchmark, and over it the entities that its calls changed. They
are written in the transaction of the call.
"""

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mainspring.client import ToolContext
from tests.ledger.hands import perform
from tests.ledger.retail import KINDS, Retail, dashed

PATH = Path(os.environ["LEDGER_DATABASE"])
RETAIL = Retail(Path(os.environ["TAU2"]))


def tool(name: str) -> Callable[..., Any]:
    """One of its tools; what changes something is keyed by its call."""

    def run(args: dict[str, Any], context: ToolContext) -> Any:
        def work(database: sqlite3.Connection) -> Any:
            query = "SELECT task FROM tasks WHERE session = ?"
            (task,) = database.execute(query, (context.session_id,)).fetchone()
            return use(database, task, name, args)

        return perform(PATH, context, work, keyed=name in RETAIL.writing)

    return run


def use(database: sqlite3.Connection, task: str, name: str, args: dict[str, Any]) -> Any:
    """Lets the benchmark's own tool work on the task's database, and keeps what it changed."""
    there = RETAIL.with_changes(changes_of(database, task))
    before = RETAIL.entities(there) if name in RETAIL.writing else {}
    result = RETAIL.tools(there).use_tool(name, **args)
    if before:
        for key, body in RETAIL.entities(there).items():
            if before.get(key) != body:
                row = (task, *key, body)
                database.execute("INSERT OR REPLACE INTO entities VALUES (?, ?, ?, ?)", row)
    return RETAIL.as_json(result)


def changes_of(database: sqlite3.Connection, task: str) -> dict[str, dict[str, Any]]:
    """What the calls of a task have changed so far, by kind and id."""
    changes: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    rows = database.execute("SELECT kind, id, body FROM entities WHERE task = ?", (task,))
    for kind, id_, body in rows.fetchall():
        changes[kind][id_] = json.loads(body)
    return changes


TOOLS = {dashed(name): tool(name) for name in RETAIL.names}
