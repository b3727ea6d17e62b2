"""Owns opening a database file to look after it: without driving it, and without making one that is not there."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import apsw

from mainspring.cli.exits import MissingFile, Refused
from mainspring.model.errors import StoreError
from mainspring.settings import Settings
from mainspring.storage.sqlite.connections import MEMORY, Connection, connect_reader

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


@contextmanager
def looking_at(path: Path) -> Generator[Connection]:
    """A connection that changes nothing, beside whoever drives the file; raises `StoreError`."""
    try:
        connection = connect_reader(str(path))
    except apsw.Error as error:
        raise StoreError(f"{path} cannot be opened: {error}") from error
    try:
        yield connection
    except apsw.Error as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    finally:
        connection.close()
