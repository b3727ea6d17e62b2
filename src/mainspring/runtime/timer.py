"""Owns one alarm: at most one time to wake up at, on the clock that the runtime is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mainspring.runtime.ports import Clock


class Timer:
    """Calls `ring` when the wall clock has reached the time that was set last."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._task: asyncio.Task[None] | None = None
        self.at: float | None = None

    def set(self, at: float | None) -> None:
        """Another time, Unix seconds; None: it does not ring. What has passed already rings at once."""
        if at == self.at:
            return
        self.at = at
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if at is not None:
            self._task = asyncio.get_running_loop().create_task(self._sleep(at))

    async def _sleep(self, at: float) -> None:
        while (left := at - self._clock.now()) > 0:
            await self._clock.sleep(left)
        # From here on it can be set anew, by what it sets off too.
        self._task, self.at = None, None
        self._ring()
