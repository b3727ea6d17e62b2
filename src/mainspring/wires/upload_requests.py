"""Owns what a request for upload addresses means (`octavus-http.md` §2.7)."""

from __future__ import annotations

from typing import Final

from mainspring.model.values import Json, Value
from mainspring.wires.checking import Fields

MAX_FILES: Final = 100
LONGEST_NAME: Final = 255


class AnnouncedFile(Value, frozen=True, kw_only=True):
    """A file that is to be uploaded; `size` is bytes."""

    filename: str
    media_type: str
    size: int


class ParsedUpload(Value, frozen=True, kw_only=True):
    """Files for a session."""

    session: str
    files: tuple[AnnouncedFile, ...]


def parse_upload(body: Json) -> ParsedUpload:
    """The body of a request for upload addresses; raises `InvalidRequest`."""
    fields = Fields(body)
    files = tuple(_file(one) for one in fields.objects("files", most=MAX_FILES))
    if not files:
        raise fields.refuse("files", "must be an array of at least one file")
    return ParsedUpload(session=fields.name("sessionId"), files=files)


def _file(fields: Fields) -> AnnouncedFile:
    filename = fields.name("filename")
    if len(filename) > LONGEST_NAME:
        raise fields.refuse("filename", f"has {len(filename)} characters, {LONGEST_NAME} are allowed")
    size = fields.number_or_none("size")
    if not size:
        raise fields.refuse("size", "must be a whole number, 1 or more")
    return AnnouncedFile(filename=filename, media_type=fields.name("mediaType"), size=size)
