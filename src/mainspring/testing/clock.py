"""Owns time for tests: a clock that stands still until it is moved."""

from __future__ import annotations

import asyncio
import heapq

TURNS_BETWEEN_SLEEPERS = 50
"""How often everything else may run after a sleeper was woken, before the next one is."""


class ManualClock:
    """A `Clock` moved by hand. `now`: where wall time begins, Unix seconds; monotonic time begins at 0."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._monotonic = 0.0
        self._offset = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = 0

    def now(self) -> float:
        """Wall time, Unix seconds."""
        return self._offset + self._monotonic

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._monotonic

    @property
    def sleepers(self) -> int:
        """How many are asleep."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        """Returns when the clock was advanced that far; for zero or less after others had a turn."""
        if seconds <= 0:
            await one_turn()
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._order += 1
        heapq.heappush(self._sleepers, (self._monotonic + seconds, self._order, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Lets that much time pass: wakes sleepers in order, each at its own moment, and lets what they start run.

        A task that sleeps again within the time is woken again. Raises `ValueError` for a negative time.
        """
        if seconds < 0:
            raise ValueError("time does not go back; `shift` moves the wall clock alone")
        end = self._monotonic + seconds
        await settle()
        await self._until(end)

    async def wake(self) -> None:
        """Lets time pass until the first who sleeps wakes, and no longer; nobody sleeps: none passes."""
        await settle()
        moments = [moment for moment, _, future in self._sleepers if not future.done()]
        if moments:
            await self._until(min(moments))

    async def _until(self, end: float) -> None:
        while self._sleepers and self._sleepers[0][0] <= end:
            moment, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._monotonic = max(moment, self._monotonic)
            future.set_result(None)
            await settle()
        self._monotonic = end
        await settle()

    def shift(self, seconds: float) -> None:
        """Sets the wall clock forward or back, as an operator may: nobody wakes, monotonic time stays."""
        self._offset += seconds


async def one_turn() -> None:
    """Returns after every task that is ready ran once."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    loop.call_soon(future.set_result, None)
    await future


async def settle(turns: int = TURNS_BETWEEN_SLEEPERS) -> None:
    """Returns after everything that is ready ran, and what that made ready, `turns` times over."""
    for _ in range(turns):
        await one_turn()
