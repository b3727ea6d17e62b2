"""Owns `mainspring migrate`: bringing the schema of a database up to date, or saying what that would do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from mainspring.assembly import database_of, schema_of
from mainspring.cli.exits import FAILED
from mainspring.cli.flags import config_flag, json_flag, setting_flags, settings_from
from mainspring.cli.views.terminal import Terminal
from mainspring.settings import Settings
from mainspring.storage.addresses import shown
from mainspring.storage.schema_state import SchemaState
from mainspring.system import SystemClock


@click.command("migrate")
@click.argument("action", type=click.Choice(("up", "status")), default="up")
@click.option("--dry-run", is_flag=True, help="Print the SQL that would be run, and run nothing.")
@setting_flags("database")
@config_flag
@json_flag
def command(*, action: str, dry_run: bool, database: str | None, config: Path | None, as_json: bool) -> None:
    """Bring the schema of the database up to date (`up`), or say whether it is (`status`: exit code 1 if not).

    On PostgreSQL run it before a new version of the server, which else refuses to start; old and new servers may go
    on meanwhile unless the notes of a release say otherwise. A SQLite file is also migrated when a server opens it,
    and a copy of what was before is kept beside it.
    """
    settings = settings_from(config, database=database)
    terminal = Terminal(as_json=as_json)
    state = asyncio.run(schema_of(settings))
    if action == "status" or dry_run:
        _tell(terminal, settings, state, sql=dry_run)
        if action == "status" and state.missing:
            raise SystemExit(FAILED)
        return
    if state.missing:
        asyncio.run(_migrate(settings))
    _tell_done(terminal, settings, state)


async def _migrate(settings: Settings) -> None:
    store = database_of(settings, SystemClock(), exclusive=False, migrate=True)
    await store.open()
    await store.close()


def _tell(terminal: Terminal, settings: Settings, state: SchemaState, *, sql: bool) -> None:
    if terminal.as_json:
        told = _summary(settings, state)
        terminal.json({**told, "sql": state.script} if sql and state.missing else told)
        return
    if sql and state.missing:
        terminal.line(state.script)
        return
    name = shown(settings.database)
    if not state.missing:
        terminal.line(f"{name}: schema {state.version}, nothing is missing.", "good")
        return
    terminal.line(f"{name}: schema {state.version}, {state.latest} is needed. Missing:")
    for step in state.missing:
        terminal.line(f"  {step.title}")


def _tell_done(terminal: Terminal, settings: Settings, state: SchemaState) -> None:
    if terminal.as_json:
        terminal.json({**_summary(settings, state), "schema": state.latest, "missing": []})
        return
    for step in state.missing:
        terminal.line(f"✓ {step.title}", "good")
    terminal.line(f"{shown(settings.database)}: schema {state.latest}, nothing is missing.", "good")


def _summary(settings: Settings, state: SchemaState) -> dict[str, object]:
    return {
        "database": shown(settings.database),
        "schema": state.version,
        "latest": state.latest,
        "missing": [step.title for step in state.missing],
    }
