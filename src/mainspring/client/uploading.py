"""Owns how files are uploaded: asked for addresses, then each file's bytes to its own."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from mainspring.client import routes
from mainspring.client.errors import UnexpectedAnswer
from mainspring.client.retries import Retries, ask
from mainspring.client.steps import Request, Steps
from mainspring.model.parts import FileReference
from mainspring.model.values import Json, Value

UNKNOWN: Final = "application/octet-stream"
Uploadable: TypeAlias = "str | PathLike[str] | bytes"
"""A file by its path, or its bytes."""


class _Made(Value, frozen=True, kw_only=True):
    id: str
    upload_url: str
    download_url: str


class _AllMade(Value, frozen=True, kw_only=True):
    files: tuple[_Made, ...]


@dataclass(frozen=True, slots=True)
class Packed:
    """A file that is ready to go."""

    data: bytes
    filename: str
    media_type: str


def packed(file: Uploadable, filename: str | None = None, media_type: str | None = None) -> Packed:
    """A file with its name and type. The name is the path's, the type what the name says. Raises `OSError`."""
    if isinstance(file, bytes):
        data, name = file, filename or "file"
    else:
        data, name = Path(file).read_bytes(), filename or Path(file).name
    return Packed(data, name, media_type or mimetypes.guess_type(name)[0] or UNKNOWN)


def upload(session: str, files: Sequence[Packed], retries: Retries) -> Steps[tuple[FileReference, ...]]:
    """The references to files that are uploaded. Raises `ApiError`, `ConnectionFailed`, `UnexpectedAnswer`."""
    wanted: list[Json] = [
        {"filename": file.filename, "mediaType": file.media_type, "size": len(file.data)} for file in files
    ]
    request = routes.request("POST", "/api/files/upload-urls", {"sessionId": session, "files": wanted})
    made = yield from ask(request, _AllMade, retries)
    if len(made.files) != len(files):
        raise UnexpectedAnswer(f"{len(files)} files were announced, {len(made.files)} addresses came")
    found: list[FileReference] = []
    for file, address in zip(files, made.files, strict=True):
        yield from ask(_put(address.upload_url, file.data), dict[str, Json], retries)
        found.append(
            FileReference(
                id=address.id,
                media_type=file.media_type,
                url=address.download_url,
                filename=file.filename,
                size=len(file.data),
            )
        )
    return tuple(found)


def _put(url: str, data: bytes) -> Request:
    """The bytes go where this client reaches the server, whatever the server calls itself."""
    there = urlsplit(url)
    path = there.path[there.path.find("/api/files/") :]
    query = dict(pair.split("=", 1) for pair in there.query.split("&") if "=" in pair)
    return Request(method="PUT", path=path, query=query, body=data)
