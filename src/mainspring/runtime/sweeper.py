"""Owns the regular chores: expiring sessions, dropping old deltas, forgetting files."""

from __future__ import annotations

import asyncio
import logging

from mainspring.model.errors import MainspringError
from mainspring.runtime.files import Files
from mainspring.runtime.host_ports import HostPorts
from mainspring.runtime.sessions import Sessions

log = logging.getLogger("mainspring.sweeper")
PRUNE_ROWS = 2000
FILES_INTERVAL = 600.0
"""Seconds between two looks at the files."""


class Sweeper:
    """Looks, every so often, for what is over."""

    def __init__(
        self,
        ports: HostPorts,
        sessions: Sessions,
        *,
        interval: float,
        retention: float,
        files: Files | None = None,
    ) -> None:
        self._files = files
        self._files_due = 0.0
        self._log = ports.log
        self._time = ports.time
        self._sessions = sessions
        self._clock = ports.clock
        self._interval = interval
        self._retention = retention
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins, in the background."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="sweeper")

    async def stop(self) -> None:
        """Ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(self._interval)
            try:
                await self.sweep()
            except MainspringError as error:
                log.warning("sweeping failed and is tried again later: %s", error)
            except Exception:
                log.exception("sweeping failed in our own code and is tried again later")

    async def sweep(self) -> tuple[int, int]:
        """One round; how many sessions expired and how many delta rows were dropped."""
        expired = dropped = 0
        while count := await self._sessions.expire_due():
            expired += count
        before = self._time.now() - self._retention
        while count := await self._log.prune(before, PRUNE_ROWS):
            dropped += count
        await self._sweep_files()
        return expired, dropped

    async def _sweep_files(self) -> None:
        """Files are looked through less often: each of them costs a look at the disk."""
        if self._files is None or self._clock.monotonic() < self._files_due:
            return
        self._files_due = self._clock.monotonic() + FILES_INTERVAL
        while await self._files.sweep():
            pass
