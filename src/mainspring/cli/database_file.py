"""Owns finding the database file that a command looks after, without making one that is not there."""

from __future__ import annotations

from pathlib import Path

from mainspring.cli.exits import MissingFile, Refused
from mainspring.settings import Settings
from mainspring.storage.sqlite.connections import MEMORY

SERVERS = ("postgres://", "postgresql://")


def database_file(settings: Settings) -> Path:
    """The file of the settings; raises `MissingFile`, and `Refused` for a database that is no file."""
    address = settings.database
    if address == MEMORY or address.startswith(SERVERS):
        raise Refused("This works on a SQLite file; --database or MAINSPRING_DATABASE says which.")
    path = Path(address)
    if not path.is_file():
        raise MissingFile(
            f"There is no database {address!r}; --database or MAINSPRING_DATABASE says where it is."
        )
    return path
