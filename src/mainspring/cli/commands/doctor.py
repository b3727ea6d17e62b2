"""Owns `mainspring doctor`: whether a database is whole, what is in it, and what could be freed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from mainspring.cli.database_file import database_file
from mainspring.cli.exits import FAILED
from mainspring.cli.flags import config_flag, json_flag, setting_flags, settings_from
from mainspring.cli.views.sizes import bytes_in_words
from mainspring.cli.views.terminal import Terminal
from mainspring.model.errors import StoreError
from mainspring.runtime.examination import problem_of
from mainspring.storage.maintenance import Report
from mainspring.storage.sqlite import journal, maintenance
from mainspring.storage.sqlite.connections import Connection
from mainspring.system import SystemClock

PAGE = 500


@click.command("doctor")
@click.option("--quick", is_flag=True, help="Do not open every session.")
@setting_flags("database", "delta_retention")
@config_flag
@json_flag
def command(
    *, quick: bool, database: str | None, delta_retention: str | None, config: Path | None, as_json: bool
) -> None:
    """Look at a database: is it whole, can every session be opened, how large is what, what could be freed.

    Changes nothing, and may run beside a server. Exit code 1: something is wrong.
    """
    settings = settings_from(config, database=database, delta_retention=delta_retention)
    terminal = Terminal(as_json=as_json)
    now = SystemClock().now()
    with (
        maintenance.looking_at(database_file(settings)) as connection,
        terminal.working("Looking at the database"),
    ):
        report = maintenance.examine(connection, now=now, before=now - settings.delta_retention)
        if not quick and report.schema == report.latest:
            found = tuple(_sessions_that_do_not_open(connection))
            report = msgspec.structs.replace(report, problems=(*report.problems, *found))
    if as_json:
        terminal.json(msgspec.to_builtins(report))
    else:
        _show(terminal, report)
    if report.problems:
        raise SystemExit(FAILED)


def _sessions_that_do_not_open(connection: Connection) -> Iterator[str]:
    after = ""
    while page := maintenance.session_ids(connection, after, PAGE):
        for session_id in page:
            problem = _problem(connection, session_id)
            if problem is not None:
                yield problem
        after = page[-1]


def _problem(connection: Connection, session_id: str) -> str | None:
    try:
        loaded = journal.load_session(connection, session_id=session_id)
    except StoreError as error:
        return f"Session {session_id} cannot be read: {error.message}"
    return None if loaded is None else problem_of(loaded)


def _show(terminal: Terminal, report: Report) -> None:
    sessions, sizes, freeable = report.sessions, report.sizes, report.freeable
    rows = [
        ("schema", f"{report.schema} of {report.latest}"),
        ("sessions", f"{sessions.active} active, {sessions.expired} expired"),
        ("executions", f"{sessions.running} running, {sessions.waiting} waiting for results"),
        ("to expire", f"{sessions.due} sessions"),
        ("file", f"{bytes_in_words(sizes.file)}, and {bytes_in_words(sizes.log)} of write-ahead log"),
        ("facts", bytes_in_words(sizes.facts)),
        ("deltas", bytes_in_words(sizes.deltas)),
        ("packed", bytes_in_words(sizes.packed)),
        ("snapshots", bytes_in_words(sizes.snapshots)),
        ("agents", bytes_in_words(sizes.agents)),
        (
            "prunable",
            f"{freeable.rows} delta rows in {freeable.sessions} sessions, {bytes_in_words(freeable.bytes)}",
        ),
        ("free pages", f"{bytes_in_words(sizes.free)}, used again before the file grows"),
    ]
    terminal.table(("WHAT", "HOW MUCH"), rows)
    terminal.line()
    for problem in report.problems:
        terminal.line(f"✗ {problem}", "bad")
    if not report.problems:
        terminal.line("✓ Nothing is wrong.", "good")
