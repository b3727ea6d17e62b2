"""Owns uploaded files: who may announce them, the signed addresses they come and go by, how long they stay.

A file belongs to a session and lives as long as that does. Its addresses are signed: whoever was given one may use it,
for a while, without a key. For the runtime itself a signature has no end: it proves that the address was given out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Sequence
from fnmatch import fnmatchcase
from typing import Final, Literal

from mainspring.model.errors import Forbidden, InvalidRequest, MainspringError, NotFound, TooLarge
from mainspring.model.parts import FileReference
from mainspring.model.values import Value
from mainspring.runtime.file_kinds import mismatch
from mainspring.runtime.file_ports import FileRecord, FileStore
from mainspring.runtime.ports import Clock, EventLog, Ids

UPLOAD_SECONDS: Final = 900.0
"""How long an upload address works."""
PATH: Final = "/api/files/"
TYPES: Final = frozenset(
    (
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "application/pdf",
        "text/plain",
        "text/csv",
        "text/markdown",
        "application/json",
        "audio/*",
        "video/*",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.*",
    )
)
"""What may be uploaded if nobody says otherwise."""
SWEPT: Final = 200

_HEAD: Final = 16
_ADDRESS: Final = re.compile(rf"{PATH}(fil_[0-9A-Za-z]{{22}})\?expires=(\d{{1,12}})&signature=([\w-]{{43}})$")


class UnsupportedType(MainspringError):
    """A file of a kind that is not taken."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"


class FileLimits(Value, frozen=True, kw_only=True):
    """Sizes are bytes, times seconds. `types`: media types, `*` stands for any end.

    `files`: most of one request; `lifetime`: how long a download address works, and a file stays that nothing wants.
    """

    largest: int = 10_000_000
    files: int = 20
    types: frozenset[str] = TYPES
    lifetime: float = 86400.0


class Wanted(Value, frozen=True, kw_only=True):
    """A file that somebody wants to upload."""

    filename: str
    media_type: str
    size: int


class Files:
    """The files of every project."""

    def __init__(
        self, store: FileStore, *, log: EventLog, clock: Clock, ids: Ids, limits: FileLimits | None = None
    ) -> None:
        self.limits = limits or FileLimits()
        self._store = store
        self._log = log
        self._clock = clock
        self._ids = ids
        self._key = b""

    async def open(self) -> None:
        """Must come first; raises `StoreError`."""
        self._key = await self._store.open(f"{self._ids.token()}{self._ids.token()}".encode())

    # ---- coming -----------------------------------------------------------------------------------------------

    async def announce(self, project_id: str, session_id: str, wanted: Sequence[Wanted]) -> list[FileRecord]:
        """New files of a session, whose bytes may come now. Raises `InvalidRequest`, `TooLarge`, `UnsupportedType`."""
        if not 1 <= len(wanted) <= self.limits.files:
            raise InvalidRequest(f"files: 1 to {self.limits.files} at once, not {len(wanted)}")
        for index, file in enumerate(wanted):
            self._check(file, f"files[{index}]")
        now = self._clock.now()
        records = [
            FileRecord(
                id=f"fil_{self._ids.token()}",
                project_id=project_id,
                session_id=session_id,
                filename=file.filename,
                media_type=file.media_type.partition(";")[0].strip().lower(),
                size=file.size,
                created_at=now,
            )
            for file in wanted
        ]
        for record in records:
            await self._store.add(record)
        return records

    def _check(self, file: Wanted, place: str) -> None:
        if file.size > self.limits.largest:
            told = f"{place}.size: a file may have {self.limits.largest} bytes, not {file.size}"
            raise TooLarge(told, code="FILE_TOO_LARGE")
        media_type = file.media_type.partition(";")[0].strip().lower()
        if not any(fnmatchcase(media_type, allowed) for allowed in self.limits.types):
            listed = ", ".join(sorted(self.limits.types))
            raise UnsupportedType(f"{place}.mediaType: {media_type[:80]!r} is not taken; allowed: {listed}")

    async def take(self, file_id: str, address: str, pieces: AsyncIterator[bytes]) -> FileRecord:
        """The bytes of an announced file; the same again is fine, others are a `Conflict`.

        `address`: the path and query that they came to. Raises `NotFound`, `Forbidden`, `TooLarge`, `InvalidRequest`.
        """
        record = await self._signed("PUT", file_id, address)
        return await self._store.write(record, self._judged(record, pieces))

    async def _judged(self, record: FileRecord, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The bytes, as long as they may be those that were announced."""
        size, head = 0, b""
        async for piece in pieces:
            size += len(piece)
            if size > record.size:
                raise TooLarge(
                    f"More than the {record.size} bytes that were announced", code="FILE_TOO_LARGE"
                )
            if len(head) < _HEAD:
                head = (head + piece)[:_HEAD]
                if problem := mismatch(record.media_type, head, whole=size == record.size):
                    raise UnsupportedType(problem)
            yield piece
        if size != record.size:
            raise InvalidRequest(f"{size} bytes came, {record.size} were announced", code="SIZE_MISMATCH")

    # ---- going ------------------------------------------------------------------------------------------------

    async def given(self, file_id: str, address: str) -> FileRecord:
        """The file that an address leads to, its bytes there. Raises `NotFound`, and `Forbidden` if it has expired."""
        record = await self._signed("GET", file_id, address)
        if record.digest is None:
            raise _unknown()
        return record

    def read(self, record: FileRecord) -> AsyncIterator[bytes]:
        """Its bytes, a piece at a time; raises `NotFound`."""
        return self._store.read(record)

    async def ours(self, file: FileReference, project_id: str) -> FileRecord | None:
        """The uploaded file that a reference of a project is about; None: it is somebody else's.

        `digest` None: it was ours, and is gone; so is one that an address of ours claims which we have not signed (the
        secret may be gone with the files).
        """
        found = _ADDRESS.search(file.url)
        if found is None:
            return None
        if self._is_signed("GET", found[1], found[2], found[3]):
            record = await self._store.find(found[1])
            if record is not None and record.project_id == project_id:
                return record
        return FileRecord(
            id=found[1],
            project_id=project_id,
            session_id="",
            filename=file.filename or file.id,
            media_type=file.media_type,
            size=0,
            created_at=0.0,
        )

    # ---- addresses --------------------------------------------------------------------------------------------

    def upload_address(self, record: FileRecord) -> str:
        """The path and query to `PUT` the bytes to."""
        return self._address("PUT", record.id, self._clock.now() + UPLOAD_SECONDS)

    def download_address(self, record: FileRecord) -> str:
        """The path and query to `GET` the bytes from."""
        return self._address("GET", record.id, self._clock.now() + self.limits.lifetime)

    def _address(self, method: Literal["PUT", "GET"], file_id: str, until: float) -> str:
        expires = str(int(until))
        return f"{PATH}{file_id}?expires={expires}&signature={self._signature(method, file_id, expires)}"

    def _signature(self, method: str, file_id: str, expires: str) -> str:
        signed = hmac.new(self._key, f"{method}\n{file_id}\n{expires}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(signed).decode().rstrip("=")

    def _is_signed(self, method: str, file_id: str, expires: str, signature: str) -> bool:
        return hmac.compare_digest(self._signature(method, file_id, expires).encode(), signature.encode())

    async def _signed(self, method: str, file_id: str, address: str) -> FileRecord:
        found = _ADDRESS.search(address)
        if found is None or found[1] != file_id or not self._is_signed(method, file_id, found[2], found[3]):
            raise _unknown()
        if int(found[2]) <= self._clock.now():
            raise Forbidden("This address has expired", code="ADDRESS_EXPIRED")
        record = await self._store.find(file_id)
        if record is None:
            raise _unknown()
        return record

    # ---- ending -----------------------------------------------------------------------------------------------

    async def sweep(self) -> int:
        """Forgets files whose session is over, and those that were announced and never came; how many."""
        now = self._clock.now()
        dropped = 0
        for record in await self._store.old(now - self.limits.lifetime, SWEPT):
            session = await self._log.record(record.session_id)
            if record.digest is not None and session is not None and session.status == "active":
                await self._store.keep(record.id, now)
            else:
                await self._store.drop(record)
                dropped += 1
        return dropped


def _unknown() -> NotFound:
    return NotFound("There is no file at this address", code="FILE_NOT_FOUND")
