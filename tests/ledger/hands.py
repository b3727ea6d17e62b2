"""Owns how a worker's tools touch a database: every start is written down, and a keyed effect happens once a call.

runs     every start of a call, before it does anything
effects  what calls did, in the transaction that did it; of a keyed call there is one row, and the next start of
         the call returns what that says
"""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from mainspring.client import ToolContext, ToolError

TABLES = """
CREATE TABLE IF NOT EXISTS runs (call_id TEXT, tool TEXT, attempt INTEGER, pid INTEGER);
CREATE TABLE IF NOT EXISTS effects (call_id TEXT, session TEXT, tool TEXT, keyed INTEGER, result TEXT);
CREATE INDEX IF NOT EXISTS effects_of_call ON effects (call_id);
CREATE TABLE IF NOT EXISTS tasks (session TEXT PRIMARY KEY, task TEXT);
"""
LINGER = float(os.environ.get("LEDGER_LINGER", "0"))
"""The longest that a call stands still, seconds; twice."""
Work = Callable[[sqlite3.Connection], Any]


def opened(path: Path) -> sqlite3.Connection:
    """The database of a run; every statement is a transaction of its own until `BEGIN`."""
    made = sqlite3.connect(path, timeout=30, isolation_level=None)
    made.execute("PRAGMA journal_mode = WAL")
    made.execute("PRAGMA synchronous = NORMAL")
    return made


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; others that write wait."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def linger(context: ToolContext) -> None:
    """Gives a killer time to hit: before the effect, and between the effect and its answer."""
    if LINGER:
        time.sleep(LINGER * Random(f"{context.call_id} {time.monotonic_ns()}").random())


def perform(path: Path, context: ToolContext, work: Work, *, keyed: bool) -> Any:
    """Does the work of a call, and keeps what it did in the same transaction; a keyed call that was done is not again.

    What the work refuses with a `ValueError` is an answer too, and has no effect.
    """
    database = opened(path)
    try:
        start = (context.call_id, context.tool_name, context.attempt, os.getpid())
        database.execute("INSERT INTO runs VALUES (?, ?, ?, ?)", start)
        linger(context)
        with transaction(database):
            if keyed:
                query = "SELECT result FROM effects WHERE call_id = ?"
                before = database.execute(query, (context.call_id,)).fetchone()
                if before is not None:
                    return json.loads(before[0])
            try:
                result = work(database)
            except ValueError as error:
                raise ToolError(str(error)) from None
            row = (context.call_id, context.session_id, context.tool_name, keyed, json.dumps(result))
            database.execute("INSERT INTO effects VALUES (?, ?, ?, ?, ?)", row)
        linger(context)
        return result
    finally:
        database.close()
