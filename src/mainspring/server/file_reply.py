"""Owns an answer that is a file: sent a piece at a time, never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

from starlette.types import Send

from mainspring.server.replies import UNTOUCHED, Headers


@dataclass(frozen=True, slots=True)
class FileReply:
    """`size` bytes: the `first` piece, then the `rest`."""

    size: int
    first: bytes
    rest: AsyncIterator[bytes]
    headers: Headers = ()

    async def send(self, send: Send, *, headers: Headers = (), bodiless: bool = False) -> None:
        """Sends it; `bodiless` answers HEAD."""
        length = (b"content-length", str(self.size).encode())
        async with aclosing(cast("AsyncGenerator[bytes]", self.rest)) as rest:
            every = [length, UNTOUCHED, *self.headers, *headers]
            await send({"type": "http.response.start", "status": 200, "headers": every})
            if not bodiless:
                await send({"type": "http.response.body", "body": self.first, "more_body": True})
                async for piece in rest:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
