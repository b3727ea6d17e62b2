"""Owns showing uploaded files to a model: their bytes within the request, images not larger than they may be.

Providers cannot reach our addresses, so the bytes are read when a model is asked and go along. What does not fit any
more, or is gone, becomes a sentence: a talk goes on without its files.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from mainspring.model.errors import NotFound, StoreError
from mainspring.model.generation import ModelRequest
from mainspring.model.messages import Message
from mainspring.model.parts import FilePart, FileReference, Part, TextPart, ToolResultPart
from mainspring.model.retelling import Shown
from mainspring.runtime.file_kinds import is_shown
from mainspring.runtime.file_ports import FileRecord, ImageScaler
from mainspring.runtime.files import Files

log = logging.getLogger("mainspring.files")
MOST: Final = 15_000_000
"""Bytes of files in one request, before they are encoded; the newest come first."""
_DATA: Final = re.compile(r"data:([\w.+/-]+)(?:;[\w=.-]+)*;base64,(.*)", re.DOTALL)


class _Missing(Exception):
    """A file cannot be shown; the text says why."""


class FileShowing:
    """Puts the bytes of files into requests of one project's sessions."""

    def __init__(self, files: Files, scaler: ImageScaler, *, most: int = MOST) -> None:
        self._files = files
        self._scaler = scaler
        self._most = most

    async def shown(self, request: ModelRequest, project_id: str) -> ModelRequest:
        """The request with the bytes of its files; a message that was shown once is the same object again."""
        if not any(_files_of(message) for message in request.messages):
            return request
        room = self._most
        messages: list[Message] = []
        for message in reversed(request.messages):
            shown = message
            if _files_of(message):
                shown = _known(request, message, room) or await self._view(
                    request, message, project_id, room=room
                )
                room -= _weight(shown)
            messages.append(shown)
        return replace(request, messages=tuple(reversed(messages)))

    async def _view(self, request: ModelRequest, message: Message, project_id: str, *, room: int) -> Message:
        provider, longest = request.model.partition("/")[0], request.max_image_dimension
        view = _View(self._files, self._scaler, provider=provider, project_id=project_id)
        shown = await view.message(message, longest=longest, room=room)
        kept = Shown(message=message, provider=provider, longest=longest, shown=shown)
        request.retelling.shown[message.id] = kept
        return shown


def _known(request: ModelRequest, message: Message, room: int) -> Message | None:
    """The message as it was shown before, if it would be shown so again."""
    known = request.retelling.shown.get(message.id)
    if known is None or known.message is not message or _weight(known.shown) > room:
        return None
    same = (known.provider, known.longest) == (request.model.partition("/")[0], request.max_image_dimension)
    return known.shown if same else None


def _weight(message: Message) -> int:
    """The bytes of the files within a message."""
    return sum(len(file.url) * 3 // 4 for file in _files_of(message) if file.url.startswith("data:"))


def _files_of(message: Message) -> list[FileReference]:
    found: list[FileReference] = []
    for part in message.parts:
        if isinstance(part, FilePart):
            found.append(part.file)
        elif isinstance(part, ToolResultPart):
            found += part.files
    return found


class _View:
    """One message as a provider gets it."""

    def __init__(self, files: Files, scaler: ImageScaler, *, provider: str, project_id: str) -> None:
        self._files = files
        self._scaler = scaler
        self._provider = provider
        self._project_id = project_id
        self._longest: int | None = None
        self._room = 0

    async def message(self, message: Message, *, longest: int | None, room: int) -> Message:
        self._longest, self._room = longest, room
        parts: Sequence[Part] = [await self._part(part) for part in message.parts]
        return replace(message, parts=tuple(parts))

    async def _part(self, part: Part) -> Part:
        if isinstance(part, FilePart):
            try:
                return FilePart(file=await self._file(part.file))
            except _Missing as missing:
                return TextPart(text=f"[{_name(part.file)} {missing}]")
        if isinstance(part, ToolResultPart) and part.files:
            return replace(part, files=tuple([await self._of_result(file) for file in part.files]))
        return part

    async def _of_result(self, file: FileReference) -> FileReference:
        try:
            return await self._file(file)
        except _Missing as missing:
            # A result has files and no further text: the name says it, wires tell it for what they cannot show.
            told = f"{_name(file)} {missing}"
            return replace(file, filename=told, media_type="application/octet-stream", url="data:,")

    async def _file(self, file: FileReference) -> FileReference:
        inline = _DATA.fullmatch(file.url)
        if inline is not None:
            return await self._inline(file, inline)
        record = await self._files.ours(file, self._project_id)
        if record is None:
            return file
        if record.digest is None:
            raise _Missing("is no longer available")
        if not is_shown(record.media_type, self._provider):
            return file
        if record.size > self._room:
            raise _Missing("is left out: the files of this talk are too large together")
        self._room -= record.size
        return self._encoded(
            file, record.media_type, await self._scaled(await self._read(record), record.media_type)
        )

    async def _inline(self, file: FileReference, inline: re.Match[str]) -> FileReference:
        if self._longest is None or not inline[1].startswith("image/"):
            return file
        try:
            data = base64.b64decode(inline[2], validate=True)
        except ValueError:
            return file
        return self._encoded(file, inline[1], await self._scaled(data, inline[1]))

    async def _read(self, record: FileRecord) -> bytes:
        try:
            return b"".join([piece async for piece in self._files.read(record)])
        except NotFound:
            raise _Missing("is no longer available") from None
        except StoreError as error:
            log.warning("file %s cannot be read: %s", record.id, error)
            raise _Missing("cannot be read now") from None

    async def _scaled(self, data: bytes, media_type: str) -> bytes:
        if self._longest is None or not media_type.startswith("image/"):
            return data
        return await self._scaler.scale(data, media_type, self._longest) or data

    @staticmethod
    def _encoded(file: FileReference, media_type: str, data: bytes) -> FileReference:
        url = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
        return replace(file, media_type=media_type, url=url)


def _name(file: FileReference) -> str:
    return f"The file {file.filename or file.id}"
