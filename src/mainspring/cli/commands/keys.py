"""Owns `mainspring keys`: API keys, straight on the database."""

from __future__ import annotations

import asyncio

import click
import msgspec

from mainspring.runtime.keys import SCOPES, Keys
from mainspring.settings import load_settings, process_environment
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.system import SystemClock, SystemIds


@click.group("keys")
def command() -> None:
    """Create, list and revoke API keys."""


@command.command("create")
@click.option("--database", default=None, help="The SQLite file.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help=f"What it may do: {', '.join(SCOPES)}; repeatable.",
)
@click.option("--name", default="", help="What it is for.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create(database: str | None, scopes: tuple[str, ...], name: str, as_json: bool) -> None:
    """Create a key; it is shown once."""
    settings = load_settings({"database": database}, process_environment())
    secret = asyncio.run(_create(settings.database, settings.project, scopes, name))
    click.echo(msgspec.json.encode({"key": secret}).decode() if as_json else secret)


async def _create(database: str, project: str, scopes: tuple[str, ...], name: str) -> str:
    clock = SystemClock()
    store = SqliteStore(database, clock=clock, exclusive=False)
    await store.open()
    try:
        secret, _ = await Keys(store, clock=clock, ids=SystemIds()).create(project, name=name, scopes=scopes)
    finally:
        await store.close()
    return secret
