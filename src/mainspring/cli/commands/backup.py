"""Owns `mainspring backup`: a copy of a database file as it is at one moment, while a server goes on."""

from __future__ import annotations

from pathlib import Path

import click

from mainspring.cli.database_file import database_file
from mainspring.cli.exits import MissingFile, Refused
from mainspring.cli.flags import config_flag, json_flag, setting_flags, settings_from
from mainspring.cli.views.sizes import bytes_in_words
from mainspring.cli.views.terminal import Terminal
from mainspring.storage.sqlite import maintenance


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace TARGET if it is there.")
@setting_flags("database")
@config_flag
@json_flag
def command(*, target: Path, force: bool, database: str | None, config: Path | None, as_json: bool) -> None:
    """Copy the database to the file TARGET, or into the folder TARGET, and check the copy.

    Safe beside a server: the copy is the database as it is at one moment, and appears whole or not at all.
    """
    settings = settings_from(config, database=database)
    source = database_file(settings)
    if target.is_dir():
        target = target / source.name
    if target.resolve() == source.resolve():
        raise Refused("TARGET is the database itself.")
    if not target.parent.is_dir():
        raise MissingFile(f"There is no folder {str(target.parent)!r}.")
    if target.exists() and not force:
        raise Refused(f"{target} is there already; --force replaces it.")
    terminal = Terminal(as_json=as_json)
    with terminal.working(f"Copying {source}"):
        maintenance.back_up(source, target)
    size = target.stat().st_size
    terminal.line(f"{target}: {bytes_in_words(size)}, checked.")
    if as_json:
        terminal.json({"path": str(target), "bytes": size})
