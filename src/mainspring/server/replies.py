"""Owns a whole answer: status, JSON bytes, headers, and how they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.types import Send

from mainspring.model.values import encode_json

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

JSON: Final = (b"content-type", b"application/json")
UNTOUCHED: Final = (b"x-content-type-options", b"nosniff")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of known length; `body` is JSON."""

    status: int
    body: bytes
    headers: Headers = ()

    async def send(self, send: Send, *, headers: Headers = (), bodiless: bool = False) -> None:
        """Sends it; `bodiless` answers HEAD."""
        length = (b"content-length", str(len(self.body)).encode())
        every = [JSON, length, UNTOUCHED, *self.headers, *headers]
        await send({"type": "http.response.start", "status": self.status, "headers": every})
        await send({"type": "http.response.body", "body": b"" if bodiless else self.body})


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to say: 204, without a body."""

    async def send(self, send: Send, *, headers: Headers = (), bodiless: bool = False) -> None:
        """Sends it; `bodiless` makes no difference."""
        await send({"type": "http.response.start", "status": 204, "headers": [UNTOUCHED, *headers]})
        await send({"type": "http.response.body", "body": b""})


def reply(value: object, *, status: int = 200) -> Reply:
    """A value as JSON."""
    return Reply(status, encode_json(value))
