"""Owns `mainspring keys`: API keys, straight on the database; a server on it sees the change at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from mainspring.cli.exits import MissingFile
from mainspring.cli.flags import config_flag, json_flag, setting_flags, settings_from
from mainspring.cli.key_store import opened_keys
from mainspring.cli.views.terminal import Terminal, moment
from mainspring.model.errors import NotFound
from mainspring.runtime.keys import SCOPES
from mainspring.runtime.ports import KeyRecord
from mainspring.settings import Settings, seconds
from mainspring.storage.addresses import is_postgres

Function = TypeVar("Function", bound=Callable[..., Any])


def _flags(function: Function) -> Function:
    return setting_flags("database", "project")(config_flag(json_flag(function)))


def _lifetime(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return seconds(value)
    except ValueError:
        raise click.BadParameter("it must be a duration such as 30d, 12h or 90m") from None


@click.group("keys")
def command() -> None:
    """Create, list and revoke API keys, straight in the database; no server needs to run."""


@command.command("create")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What it may do; repeatable. `agents`: publish, `sessions`: run, `admin`: all.",
)
@click.option("--name", default="", help="What it is for; shown in lists.")
@click.option("--expires", metavar="DURATION", callback=_lifetime, help="How long it is good, such as 30d.")
@_flags
def create(
    *,
    scopes: tuple[str, ...],
    name: str,
    expires: float | None,
    database: str | None,
    project: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Create a key; it is shown once, the database keeps only its digest."""
    settings = settings_from(config, database=database, project=project)
    secret, record = asyncio.run(_create(settings, name, scopes, expires))
    terminal = Terminal(as_json=as_json)
    if as_json:
        terminal.json({"key": secret, **_shown(record)})
        return
    click.echo(secret)
    terminal.note(f"{record.id} may {' and '.join(record.scopes)}; it is not shown again.")


async def _create(
    settings: Settings, name: str, scopes: tuple[str, ...], lifetime: float | None
) -> tuple[str, KeyRecord]:
    async with opened_keys(settings) as (keys, clock):
        expires_at = None if lifetime is None else clock.now() + lifetime
        return await keys.create(settings.project, name=name, scopes=scopes, expires_at=expires_at)


@command.command("list")
@_flags
def list_keys(database: str | None, project: str | None, config: Path | None, as_json: bool) -> None:
    """List the keys, the newest first; never their secrets."""
    settings = settings_from(config, database=database, project=project)
    records, now = asyncio.run(_list(settings))
    terminal = Terminal(as_json=as_json)
    if as_json:
        terminal.json({"keys": [_shown(record) for record in records]})
    elif not records:
        terminal.line("There are no keys.")
    else:
        columns = ("ID", "BEGINS", "NAME", "SCOPES", "CREATED", "STATE")
        terminal.table(columns, (_row(record, now) for record in records))


async def _list(settings: Settings) -> tuple[list[KeyRecord], float]:
    _needs_database(settings)
    async with opened_keys(settings) as (keys, clock):
        return await keys.list(settings.project), clock.now()


@command.command("revoke")
@click.argument("key_id")
@_flags
def revoke(
    key_id: str, database: str | None, project: str | None, config: Path | None, as_json: bool
) -> None:
    """End a key at once, by its id."""
    settings = settings_from(config, database=database, project=project)
    asyncio.run(_revoke(settings, key_id))
    terminal = Terminal(as_json=as_json)
    if as_json:
        terminal.json({"id": key_id, "revoked": True})
    terminal.line(f"{key_id} is revoked.")


async def _revoke(settings: Settings, key_id: str) -> None:
    _needs_database(settings)
    async with opened_keys(settings) as (keys, _):
        try:
            await keys.revoke(settings.project, key_id)
        except NotFound as error:
            raise NotFound(error.message, code="KEY_NOT_FOUND") from None


def _needs_database(settings: Settings) -> None:
    if not is_postgres(settings.database) and not Path(settings.database).is_file():
        raise MissingFile(f"There is no database {settings.database}.")


def _shown(record: KeyRecord) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": record.id,
        "prefix": record.prefix,
        "name": record.name,
        "scopes": list(record.scopes),
        "createdAt": moment(record.created_at),
    }
    for name, at in (("expiresAt", record.expires_at), ("revokedAt", record.revoked_at)):
        if at is not None:
            shown[name] = moment(at)
    return shown


def _row(record: KeyRecord, now: float) -> tuple[str, ...]:
    return (
        record.id,
        record.prefix + "…",
        record.name,
        ", ".join(record.scopes),
        moment(record.created_at),
        _state(record, now),
    )


def _state(record: KeyRecord, now: float) -> str:
    if record.revoked_at is not None:
        return "revoked"
    if record.expires_at is None:
        return "live"
    return "expired" if record.expires_at <= now else f"live until {moment(record.expires_at)}"
