"""Owns the ports of uploaded files: what the runtime wishes of whoever keeps their bytes, and of who scales images."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from mainspring.model.values import Value


class FileRecord(Value, frozen=True, kw_only=True):
    """A file of a session, announced or uploaded. `size` is bytes; `digest` None: its bytes have not come yet."""

    id: str
    project_id: str
    session_id: str
    filename: str
    media_type: str
    size: int
    created_at: float
    digest: str | None = None


class FileStore(Protocol):
    """Keeps files. Every host of a deployment sees the same."""

    async def open(self, fresh: bytes, /) -> bytes:
        """Makes sure that it can be written to; the secret that its addresses are signed with, `fresh` if it is new.

        Raises `StoreError`.
        """
        ...

    async def add(self, record: FileRecord, /) -> None:
        """Announces a file."""
        ...

    async def find(self, file_id: str, /) -> FileRecord | None:
        """A file by its id, which may be any text."""
        ...

    async def write(self, record: FileRecord, pieces: AsyncIterator[bytes], /) -> FileRecord:
        """Takes the bytes of an announced file, a piece at a time, and keeps them once they are all there.

        What `pieces` raises is raised, and nothing is kept. If it has bytes already: the same are fine, others are a
        `Conflict`.
        """
        ...

    def read(self, record: FileRecord, /) -> AsyncIterator[bytes]:
        """The bytes, a piece at a time; raises `NotFound` if they are not there."""
        ...

    async def old(self, before: float, limit: int, /) -> list[FileRecord]:
        """Files that nobody has added or kept since `before` (Unix seconds)."""
        ...

    async def keep(self, file_id: str, at: float, /) -> None:
        """Says that a file is still wanted."""
        ...

    async def drop(self, record: FileRecord, /) -> None:
        """Forgets a file; its bytes too, unless another one has the same."""
        ...


class ImageScaler(Protocol):
    """Scales images down."""

    async def scale(self, data: bytes, media_type: str, longest: int, /) -> bytes | None:
        """The image with no side longer than `longest` pixels, in the same format; None: it fits, or cannot be done."""
        ...
