"""Owns reading a request body: bounded in size, time and depth, and JSON that everybody reads alike."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Final, cast

import msgspec
from starlette.types import Receive

from mainspring.model.errors import InvalidRequest, MainspringError, RequestTimeout, TooLarge
from mainspring.model.values import Json

MAX_DEPTH: Final = 64

_decode = msgspec.json.Decoder().decode
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_LONG_NUMBER: Final = re.compile(rb"[0-9]{19}")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_SQUARE: Final = bytes.maketrans(b"{}", b"[]")
_ESCAPES: Final = re.compile(
    rb"\\\\"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_LARGEST: Final = 2**64
_SMALLEST: Final = -(2**63)


class ClientLeft(MainspringError):
    """The client closed the connection before its request was complete: nobody reads the answer."""

    status = 400
    code = "CLIENT_LEFT"


async def read_body(receive: Receive, length: bytes, *, limit: int, seconds: float) -> bytes:
    """The whole body; `length` is the Content-Length header, or empty.

    Raises `TooLarge` as soon as the size is known to exceed `limit`, `RequestTimeout` after `seconds`, and
    `ClientLeft`.
    """
    if length.isdigit() and (len(length) > 15 or int(length) > limit):
        raise _too_large(limit)
    try:
        async with asyncio.timeout(seconds):
            return await _collect(receive, limit)
    except TimeoutError:
        raise RequestTimeout("The request body did not arrive in time") from None


async def _collect(receive: Receive, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft("The client left")
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The request body is larger than {limit} bytes")


def parse_body(body: bytes) -> dict[str, Json]:
    """The JSON object that a body is; an empty body is an empty object.

    Refused: what is not JSON or not UTF-8, numbers without a value (NaN, 1e999), a name twice in one object, nesting
    deeper than `MAX_DEPTH`. Two things browsers do send are taken: half of a surrogate pair becomes U+FFFD, an integer
    beyond 64 bits the nearest float.
    """
    if not body:
        return {}
    value = _parse(body)
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object")
    bare = _STRING.sub(b"", body)
    _check_depth(bare)
    _check_names(value, bare.count(b":"))
    if _LONG_NUMBER.search(bare):
        value = _tamed(value)
    return cast("dict[str, Json]", value)


def _parse(body: bytes) -> Json:
    try:
        return _decode(body)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        whole = _ESCAPES.sub(_repaired, body)
        if whole != body:
            return _parse(whole)
        raise InvalidRequest(f"The body is not valid JSON: {error}") from None


def _repaired(match: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if match["lone"] else match[0]


def _check_depth(bare: bytes) -> None:
    """Takes the innermost brackets away, level by level; `bare` is valid JSON without its strings."""
    brackets = bare.translate(_SQUARE, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"")
    if brackets:
        raise _too_deep()


def _too_deep() -> InvalidRequest:
    return InvalidRequest(f"The body is nested deeper than {MAX_DEPTH} levels")


def _check_names(value: Json, written: int) -> None:
    """Refuses a repeated name: the parser keeps the last one, others keep the first."""
    level: list[Json] = [value]
    names = 0
    while level:
        inner: list[Json] = []
        for container in level:
            items: Iterable[Json] = container
            if type(container) is dict:
                names += len(cast("dict[str, Json]", container))
                items = cast("dict[str, Json]", container).values()
            inner += [item for item in items if type(item) is dict or type(item) is list]
        level = inner
    if names != written:
        raise InvalidRequest("The body has an object with the same name twice")


def _tamed(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _tamed(item) for name, item in cast("dict[str, Json]", value).items()}
    if isinstance(value, list):
        return [_tamed(item) for item in cast("Iterable[Json]", value)]
    if type(value) is int and not _SMALLEST <= value < _LARGEST:
        try:
            return float(value)
        except OverflowError:
            raise InvalidRequest("The body has a number that is too large") from None
    return value
