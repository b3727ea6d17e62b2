"""Owns the files of the synchronous client."""

from __future__ import annotations

from mainspring.client.configuration import Configuration
from mainspring.client.sync_shell import SyncShell
from mainspring.client.uploading import Uploadable, packed, upload
from mainspring.model.parts import FileReference


class Files:
    """Files for triggers and tool results."""

    def __init__(self, configuration: Configuration, shell: SyncShell) -> None:
        self._retries = configuration.patience.attempts
        self._shell = shell

    def upload(
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
        ready = packed(file, filename, media_type)
        (reference,) = self._shell.run(upload(session, (ready,), self._retries))
        return reference
