"""Owns `mainspring prune`: dropping the deltas of settled executions by hand, or saying what that would free."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec

from mainspring.cli.database_file import database_file
from mainspring.cli.flags import config_flag, json_flag, setting_flags, settings_from
from mainspring.cli.views.sizes import bytes_in_words
from mainspring.cli.views.terminal import Terminal
from mainspring.storage.sqlite import maintenance
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.system import SystemClock

ROWS_A_STEP = 2000


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Only say what would be dropped.")
@click.option("--vacuum", is_flag=True, help="Then give the free pages back to the file system.")
@setting_flags("database", "delta_retention")
@config_flag
@json_flag
def command(
    *,
    dry_run: bool,
    vacuum: bool,
    database: str | None,
    delta_retention: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Drop the streamed deltas of settled executions that are older than the retention; what was settled stays.

    A server does this by itself; without --dry-run none may run on the file.
    """
    settings = settings_from(config, database=database, delta_retention=delta_retention)
    terminal = Terminal(as_json=as_json)
    path = database_file(settings)
    before = SystemClock().now() - settings.delta_retention
    with maintenance.looking_at(path) as connection:
        freeable = maintenance.freeable(connection, before)
    if not dry_run:
        with terminal.working(f"Pruning {path}"):
            asyncio.run(_prune(path, before))
            if vacuum:
                maintenance.vacuum(path)
    if as_json:
        terminal.json({**msgspec.to_builtins(freeable), "dryRun": dry_run})
        return
    done = "Would drop" if dry_run else "Dropped"
    terminal.line(
        f"{done} {freeable.rows} delta rows of {freeable.sessions} sessions: {bytes_in_words(freeable.bytes)}."
    )


async def _prune(path: Path, before: float) -> None:
    store = SqliteStore(path, clock=SystemClock())
    await store.open()
    try:
        while await store.prune(before, ROWS_A_STEP):
            pass
    finally:
        await store.close()
