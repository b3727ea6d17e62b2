"""Owns one simulated host's hold on the store that it shares with others, and its clock: both stop when it freezes."""

import asyncio
import inspect
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from mainspring.runtime.dispatch import Letter, News
from mainspring.runtime.ports import Append
from mainspring.testing.simulation.chance import Chance
from mainspring.testing.simulation.timeline import LoopClock
from tests.simulation.store import SimulatedStore

Wrote = Callable[[Append], None]


class Ice:
    """Whether a host is frozen: then nothing of the world reaches it, and nothing of it the world, until it thaws."""

    def __init__(self) -> None:
        self.frozen = False
        self.dead = False
        self._late: deque[Callable[[], None]] = deque()

    def do(self, what: Callable[[], None]) -> None:
        """Does it now, or when the host thaws; what is gone does nothing."""
        if self.dead:
            return
        if self.frozen:
            self._late.append(what)
        else:
            what()

    async def thawed(self) -> None:
        """Returns at once, or when the host thaws."""
        if self.frozen:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._late.append(lambda: None if future.done() else future.set_result(None))
            await future

    def freeze(self) -> None:
        """Stops the host, as SIGSTOP does."""
        self.frozen = True

    def thaw(self) -> None:
        """It goes on where it was."""
        self.frozen = False
        while self._late:
            self._late.popleft()()

    def kill(self) -> None:
        """It is gone."""
        self.dead = True
        self.frozen = False
        self._late.clear()


class HostClock:
    """The clock of one host."""

    def __init__(self, clock: LoopClock, ice: Ice) -> None:
        self._clock = clock
        self._ice = ice

    def now(self) -> float:
        """Wall time, Unix seconds."""
        return self._clock.now()

    def monotonic(self) -> float:
        """The loop's time."""
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Returns after that long, or later, when the host thaws."""
        await self._clock.sleep(seconds)
        await self._ice.thawed()


class HostStore:
    """What one host sees of the shared store: everything, but hints get lost and letters come twice."""

    def __init__(self, store: SimulatedStore, ice: Ice, *, chance: Chance, wrote: Wrote) -> None:
        self._store = store
        self._ice = ice
        self._chance = chance
        self._wrote = wrote
        self._queued: dict[asyncio.Future[None], None] = {}
        self._given: list[Letter] = []

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._store, name)
        return partial(self._gated, inner) if inspect.iscoroutinefunction(inner) else inner

    async def _gated(self, inner: Callable[..., Any], *given: Any, **named: Any) -> Any:
        await self._ice.thawed()
        try:
            found = await inner(*given, **named)
        except Exception:
            await self._ice.thawed()
            raise
        await self._ice.thawed()
        return found

    async def open(self) -> None:
        """It is open."""

    async def close(self) -> None:
        """Others use it."""

    def append(self, append: Append) -> asyncio.Future[None]:
        """As the store does; a frozen host's appends go when it thaws."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ice.do(partial(self._forward, append, future))
        return future

    def _forward(self, append: Append, future: asyncio.Future[None]) -> None:
        inner = self._store.append(append)
        self._queued[inner] = None
        inner.add_done_callback(partial(self._done, append, future))

    def _done(self, append: Append, future: asyncio.Future[None], inner: asyncio.Future[None]) -> None:
        self._queued.pop(inner, None)
        if inner.cancelled():
            return
        error = inner.exception()
        if error is None:
            self._wrote(append)
        self._ice.do(partial(_settle, future, error))

    def news(self, host_id: str) -> News:
        """Hints, of which some are lost."""
        news = self._store.news(host_id)
        return News() if self._chance.happens(0.15) else news

    async def letters(self, host_id: str) -> list[Letter]:
        """Letters, of which some come again, later."""
        letters: list[Letter] = await self._gated(self._store.letters, host_id)
        if self._given and self._chance.happens(0.2):
            letters.append(self._chance.of(self._given))
        self._given += letters
        return letters

    def kill(self, *, commits: bool) -> None:
        """The host is gone: what it had queued is committed all the same, or lost."""
        self._ice.kill()
        if not commits:
            self._store.turns.withdraw(self._queued)


def _settle(future: asyncio.Future[None], error: BaseException | None) -> None:
    if not future.done():
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
