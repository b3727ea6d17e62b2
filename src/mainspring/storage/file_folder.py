"""Owns the folder of uploaded files: a record for each, the bytes under their digest, a secret for addresses.

    secret                   what addresses are signed with
    entries/ab/<id>.json     the record of a file; its time is when somebody last wanted it
    bytes/ab/<digest>/data   the bytes; beside them an empty file for each id that has them
    incoming/                what is being written

Nothing of what a caller says becomes part of a path: ids are checked, names and types stand in the records. A folder
that several machines mount serves them all: every file appears by a rename, and is complete then.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import closing, suppress
from io import BufferedWriter
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import msgspec
from msgspec.structs import replace

from mainspring.model.errors import Conflict, NotFound, StoreError
from mainspring.model.values import encode_json
from mainspring.runtime.file_ports import FileRecord

P = ParamSpec("P")
T = TypeVar("T")
PIECE: Final = 256 * 1024
"""Bytes read, or gathered before they are written, at once."""

_ID: Final = re.compile(r"fil_[0-9A-Za-z]{22}")
_read_record: Final = msgspec.json.Decoder(FileRecord).decode


class FolderFiles:
    """A `FileStore` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._entries = folder / "entries"
        self._bytes = folder / "bytes"
        self._incoming = folder / "incoming"
        self._secret = folder / "secret"

    async def open(self, fresh: bytes, /) -> bytes:
        """See `FileStore`."""
        return await _aside(self._open, fresh)

    def _open(self, fresh: bytes) -> bytes:
        for folder in (self._entries, self._bytes, self._incoming):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._incoming / f"secret.{os.getpid()}"
        partial.write_bytes(fresh)
        partial.chmod(0o600)
        try:
            # Unlike a rename this never takes the place of a secret that another host has made meanwhile.
            os.link(partial, self._secret)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
        return self._secret.read_bytes()

    async def add(self, record: FileRecord, /) -> None:
        """See `FileStore`."""
        await _aside(self._put_record, record)

    async def find(self, file_id: str, /) -> FileRecord | None:
        """See `FileStore`."""
        return await _aside(self._find, file_id) if _ID.fullmatch(file_id) else None

    def _find(self, file_id: str) -> FileRecord | None:
        try:
            return _read_record(self._entry(file_id).read_bytes())
        except FileNotFoundError:
            return None

    async def write(self, record: FileRecord, pieces: AsyncIterator[bytes], /) -> FileRecord:
        """See `FileStore`."""
        partial = self._incoming / f"{record.id}.{id(pieces)}.{os.getpid()}"
        hashed = hashlib.sha256(record.project_id.encode() + b"\0")
        size = 0
        try:
            with await _aside(partial.open, "wb") as file:
                async for piece in _gathered(pieces):
                    hashed.update(piece)
                    size += len(piece)
                    await _aside(file.write, piece)
                await _aside(_synced, file)
            stored = replace(record, digest=hashed.hexdigest(), size=size)
            if record.digest not in (None, stored.digest):
                raise Conflict("This file is uploaded already.", code="FILE_EXISTS")
            await _aside(self._place, partial, stored)
            return stored
        finally:
            await _aside(partial.unlink, missing_ok=True)

    def _place(self, partial: Path, record: FileRecord) -> None:
        folder = self._folder(record)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / record.id).touch()
        partial.replace(folder / "data")
        self._put_record(record)

    async def read(self, record: FileRecord, /) -> AsyncIterator[bytes]:
        """See `FileStore`."""
        try:
            file = await _aside((self._folder(record) / "data").open, "rb")
        except StoreError:
            raise NotFound("The file is not there.", code="FILE_NOT_FOUND") from None
        with file:
            while piece := await _aside(file.read, PIECE):
                yield piece

    async def old(self, before: float, limit: int, /) -> list[FileRecord]:
        """See `FileStore`."""
        return await _aside(self._old, before, limit)

    def _old(self, before: float, limit: int) -> list[FileRecord]:
        found: list[FileRecord] = []
        with closing(self._every_entry()) as entries:
            for entry in entries:
                if len(found) == limit:
                    break
                # Another host may have removed it since.
                with suppress(FileNotFoundError):
                    if entry.stat().st_mtime < before:
                        found.append(_read_record(Path(entry.path).read_bytes()))
        return found

    def _every_entry(self) -> Generator[os.DirEntry[str]]:
        with os.scandir(self._entries) as shards:
            for shard in shards:
                with os.scandir(shard.path) as entries:
                    yield from entries

    async def keep(self, file_id: str, at: float, /) -> None:
        """See `FileStore`."""
        await _aside(self._touch, file_id, at)

    def _touch(self, file_id: str, at: float) -> None:
        with suppress(FileNotFoundError):
            os.utime(self._entry(file_id), (at, at))

    async def drop(self, record: FileRecord, /) -> None:
        """See `FileStore`."""
        await _aside(self._drop, record)

    def _drop(self, record: FileRecord) -> None:
        # Another host may be about it as well: what it has done is done.
        with suppress(FileNotFoundError):
            self._forget(record)

    def _forget(self, record: FileRecord) -> None:
        self._entry(record.id).unlink(missing_ok=True)
        if record.digest is None:
            return
        folder = self._folder(record)
        (folder / record.id).unlink(missing_ok=True)
        data, aside = folder / "data", self._incoming / f"{record.id}.dropped"
        if not data.is_file() or self._wanted(folder):
            return
        data.replace(aside)
        if self._wanted(folder):
            # Somebody uploaded the same just now: its bytes are there again, or these are they.
            if not data.exists():
                os.link(aside, data)
        else:
            folder.rmdir()
        aside.unlink()

    @staticmethod
    def _wanted(folder: Path) -> bool:
        return any(each.name != "data" for each in folder.iterdir())

    def _put_record(self, record: FileRecord) -> None:
        entry = self._entry(record.id)
        entry.parent.mkdir(exist_ok=True)
        partial = self._incoming / f"{record.id}.json.{os.getpid()}"
        partial.write_bytes(encode_json(record))
        os.utime(partial, (record.created_at, record.created_at))
        partial.replace(entry)

    def _entry(self, file_id: str) -> Path:
        return self._entries / file_id[4:6] / f"{file_id}.json"

    def _folder(self, record: FileRecord) -> Path:
        digest = record.digest or "none"
        return self._bytes / digest[:2] / digest


async def _gathered(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in fewer pieces."""
    waiting: list[bytes] = []
    async for piece in pieces:
        waiting.append(piece)
        if sum(map(len, waiting)) >= PIECE:
            yield b"".join(waiting)
            waiting.clear()
    if waiting:
        yield b"".join(waiting)


def _synced(file: BufferedWriter) -> None:
    file.flush()
    os.fsync(file.fileno())


async def _aside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Does what may wait for a disk on another thread; raises `StoreError`."""
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OSError as error:
        raise StoreError(f"The folder of files does not answer: {error}") from error
