"""Owns `mainspring init`: a new agent's folder, made from the template; it asks nothing and overwrites nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import click

from mainspring.cli.exits import Refused
from mainspring.cli.flags import json_flag
from mainspring.cli.views.terminal import Terminal

SLUG: Final = "my-agent"
NAME: Final = "My agent"
"""What the template's agent is called."""


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@json_flag
def command(folder: Path, as_json: bool) -> None:
    """Make a new agent in FOLDER: a protocol, a prompt, a tool, and a script that answers without a key."""
    terminal = Terminal(as_json=as_json)
    slug = slug_of(folder)
    files = create(folder, slug)
    if as_json:
        terminal.json({"folder": str(folder), "slug": slug, "files": files})
        return
    terminal.line(f"Made the agent {slug} in {folder}:")
    for file in files:
        terminal.line(f"  {file}")
    terminal.line(f"Talk to it: mainspring dev {folder}")


def slug_of(folder: Path) -> str:
    """The slug that a folder's name suggests: lowercase words with dashes."""
    return re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or SLUG


def create(folder: Path, slug: str) -> list[str]:
    """Writes the template's files, under the agent's own name; returns their paths. Raises `Refused`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} is there already and not empty; nothing was changed.", code="NOT_EMPTY")
    name = slug.replace("-", " ").capitalize()
    written: list[str] = []
    try:
        for path, file in _files(resources.files("mainspring.cli") / "templates", ""):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            text = file.read_text(encoding="utf-8").replace(NAME, name).replace(SLUG, slug)
            target.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise Refused(f"{folder} cannot be written: {error.strerror}", code="NOT_WRITABLE") from error
    return written


def _files(folder: Traversable, lead: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith("__"):
            continue
        if entry.is_dir():
            yield from _files(entry, f"{lead}{entry.name}/")
        else:
            yield lead + entry.name, entry
