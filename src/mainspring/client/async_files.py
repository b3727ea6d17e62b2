"""Owns the files of the asynchronous client."""

from __future__ import annotations

import asyncio

from mainspring.client.async_shell import AsyncShell
from mainspring.client.configuration import Configuration
from mainspring.client.uploading import Uploadable, packed, upload
from mainspring.model.parts import FileReference


class AsyncFiles:
    """Files for triggers and tool results."""

    def __init__(self, configuration: Configuration, shell: AsyncShell) -> None:
        self._retries = configuration.patience.attempts
        self._shell = shell

    async def upload(
        self,
        session: str,
        file: Uploadable,
        *,
        filename: str | None = None,
        media_type: str | None = None,
    ) -> FileReference:
        """Uploads a file, by its path or its bytes, for a session; what comes back is an input of type `file`.

        `filename`: else the path's; `media_type`: else what the name says. Raises `ApiError`: `FILE_TOO_LARGE`,
        `UNSUPPORTED_MEDIA_TYPE`, `FILES_OFF`; `OSError` for a path that cannot be read.
        """
        ready = await asyncio.to_thread(packed, file, filename, media_type)
        (reference,) = await self._shell.run(upload(session, (ready,), self._retries))
        return reference
