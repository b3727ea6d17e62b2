"""Owns the routes of uploaded files: addresses to upload to, the bytes that come and go by them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from mainspring.model.errors import MainspringError, RequestTimeout, TooLarge
from mainspring.runtime.file_ports import FileRecord
from mainspring.runtime.files import Files, Wanted
from mainspring.runtime.requests import Grant
from mainspring.server.bodies import ClientLeft
from mainspring.server.file_reply import FileReply
from mainspring.server.grants import check_session, check_writes
from mainspring.server.operation import Context, Operation
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import FileMade, FilesMade, FileStored
from mainspring.server.taken import UploadBody
from mainspring.wires.upload_requests import parse_upload

_HEADERS: Final = (
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"referrer-policy", b"no-referrer"),
)


class NoFiles(MainspringError):
    """This server keeps no files."""

    status = 404
    code = "FILES_OFF"


def _files(context: Context) -> Files:
    files = context.services.files
    if files is None:
        raise NoFiles(
            "This server keeps no files: its operator has to set `files`, a folder that all hosts share"
        )
    return files


async def create_upload_urls(context: Context, request: Request) -> Reply:
    """For each file an address to `PUT` its bytes to, and one to read it by."""
    parsed = parse_upload(await request.body())
    files = _files(context)
    record = await context.services.sessions.record(request.project, parsed.session)
    wanted = [Wanted(filename=one.filename, media_type=one.media_type, size=one.size) for one in parsed.files]
    made = [
        FileMade(
            id=file.id,
            upload_url=_base(request) + files.upload_address(file),
            download_url=_base(request) + files.download_address(file),
        )
        for file in await files.announce(request.project, record.id, wanted)
    ]
    return reply(FilesMade(files=tuple(made)))


async def may_upload(context: Context, request: Request, grant: Grant) -> None:
    """Uploading to a session of a token."""
    check_writes(grant)
    session_id = parse_upload(await request.body()).session
    await check_session(context, request, grant, session_id=session_id)


async def upload_file(context: Context, request: Request) -> Reply:
    """The bytes of a file, to the address that was made for it. No key: the address is the right to."""
    files = _files(context)
    stored = await files.take(request.param("id"), _address(request), _pieces(request, files.limits.largest))
    return reply(FileStored(id=stored.id, size=stored.size, media_type=stored.media_type))


async def download_file(context: Context, request: Request) -> FileReply:
    """The bytes of a file, as a download and nothing else. No key: the address is the right to."""
    files = _files(context)
    record = await files.given(request.param("id"), _address(request))
    pieces = files.read(record)
    # The first piece is read before anything is sent: a file that is gone is a 404.
    first = await anext(pieces, b"")
    headers = (
        (b"content-type", record.media_type.encode("latin-1", "replace")),
        (b"content-disposition", _disposition(record)),
        (b"cache-control", f"private, max-age={int(files.limits.lifetime)}, immutable".encode()),
        *_HEADERS,
    )
    return FileReply(size=record.size, first=first, rest=pieces, headers=headers)


def _disposition(record: FileRecord) -> bytes:
    plain = "".join(each if 32 <= ord(each) < 127 and each not in '"\\/' else "_" for each in record.filename)
    whole = quote(record.filename.encode("utf-8", "replace"), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}".encode()


def _address(request: Request) -> str:
    query: bytes = request.scope["query_string"]
    return f"/api/files/{request.param('id')}?{query.decode('latin-1')}"


def _base(request: Request) -> str:
    if request.options.public_url:
        return request.options.public_url
    scheme: str = request.scope.get("scheme", "http")
    host = request.header(b"host") or "localhost"
    return f"{scheme}://{host}"


async def _pieces(request: Request, largest: int) -> AsyncIterator[bytes]:
    """The body, a piece at a time. Each has to come in time; one that says it is too large is not read at all."""
    length = request.header(b"content-length") or ""
    if length.isdigit() and (len(length) > 15 or int(length) > largest):
        raise TooLarge(f"A file may have {largest} bytes, not {length[:20]}", code="FILE_TOO_LARGE")
    more = True
    while more:
        try:
            async with asyncio.timeout(request.options.body_timeout):
                message = await request.receive()
        except TimeoutError:
            raise RequestTimeout("The bytes of the file did not go on coming") from None
        if message["type"] == "http.disconnect":
            raise ClientLeft("The client left")
        more = message.get("more_body", False)
        yield message.get("body", b"")


FILE_OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/api/files/upload-urls",
        handler=create_upload_urls,
        scopes=frozenset(("sessions",)),
        gate=may_upload,
        summary="Addresses to upload files to, and to read them by.",
        takes=UploadBody,
        gives=FilesMade,
    ),
    Operation(
        method="PUT",
        path="/api/files/{id}",
        handler=upload_file,
        scopes=None,
        summary="The bytes of a file. The address is signed and needs no key; it works for 15 minutes.",
        gives=FileStored,
        signed=True,
    ),
    Operation(
        method="GET",
        path="/api/files/{id}",
        handler=download_file,
        scopes=None,
        summary="The bytes of a file, as a download. The address is signed and needs no key.",
        signed=True,
    ),
)
