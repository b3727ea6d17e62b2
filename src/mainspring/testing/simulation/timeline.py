"""Owns time in simulations: an event loop whose clock jumps to the next thing that is due, and a `Clock` on it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from contextvars import ContextVar, copy_context
from typing import Any

OWNER: ContextVar[object | None] = ContextVar("owner", default=None)
"""Whose the tasks are that are made now: a simulated process. It is inherited, as a context is."""


class _Jumping(selectors.BaseSelector):
    """Never waits: hands the time it should have waited to the loop."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready; if the loop has nothing to do, time passes."""
        ready = self._real.select(0)
        if not ready and timeout is None:
            raise RuntimeError("everything waits, and nothing is due: the simulation stands still for ever")
        if not ready and timeout is not None and timeout > 0:
            self.now += timeout
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As a real selector."""
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """As a real selector."""
        return self._real.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """As a real selector."""
        return self._real.get_map()

    def close(self) -> None:
        """As a real selector."""
        self._real.close()


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop in simulated time: a sleep of an hour takes none. Threads are not waited for."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        self._tasks: dict[asyncio.Task[Any], object | None] = {}
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._jumping.now

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None) -> asyncio.Task[Any]:
        """As every loop; remembers the order."""
        task: asyncio.Task[Any] = super().create_task(coro, name=name, context=context)
        self._tasks[task] = (OWNER.get() if context is None else context.get(OWNER)) or None
        task.add_done_callback(self._tasks.pop)
        return task

    @property
    def tasks(self) -> list[asyncio.Task[Any]]:
        """The tasks that are not done, in the order they were made."""
        return list(self._tasks)

    def tasks_of(self, owner: object) -> list[asyncio.Task[Any]]:
        """Those that a simulated process has made."""
        return [task for task, made_by in self._tasks.items() if made_by is owner]

    def create_owned(self, owner: object | None, coro: Any) -> asyncio.Task[Any]:
        """A task of a simulated process; so are all that it makes."""
        context = copy_context()
        context.run(OWNER.set, owner)
        return self.create_task(coro, context=context)


class LoopClock:
    """A `Clock` on the running loop's time. `now`: where wall time begins, Unix seconds."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._offset = now

    def now(self) -> float:
        """Wall time, Unix seconds."""
        return self._offset + self.monotonic()

    def monotonic(self) -> float:
        """The loop's time."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Returns after that long; for zero or less after others had a turn."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        handle = loop.call_later(max(seconds, 0.0), _wake, future)
        try:
            await future
        finally:
            handle.cancel()

    def shift(self, seconds: float) -> None:
        """Sets the wall clock forward or back, as an operator may; nobody wakes."""
        self._offset += seconds


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
