"""Owns the two callers that every scenario is played with: the sync client and the async one, behind one face."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from mainspring.client import AsyncClient, Client, MainspringClientError
from mainspring.client.configuration import Patience
from mainspring.client.events import Event
from mainspring.client.machine import Machine

URL = "http://mainspring.test"


class StillMachine(Machine):
    """A machine where nobody waits: `waits` are the pauses that were asked for."""

    def __init__(self, **environment: str) -> None:
        self.variables = environment
        self.waits: list[float] = []
        self.tokens = 0

    def environment(self, name: str) -> str:
        return self.variables.get(name, "")

    def token(self) -> str:
        self.tokens += 1
        return f"key-{self.tokens}"

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.waits.append(seconds)


@dataclass
class Seen:
    """What a caller got of a stream: events with their cursors, and the error it ended with."""

    events: list[Event] = field(default_factory=list)
    cursors: list[int | None] = field(default_factory=list)
    error: MainspringClientError | None = None

    def add(self, stream: Any, event: Event) -> None:
        self.events.append(event)
        self.cursors.append(stream.cursor)

    @property
    def pairs(self) -> list[tuple[int | None, Event]]:
        return list(zip(self.cursors, self.events, strict=True))

    @property
    def types(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    @property
    def text(self) -> str:
        return "".join(getattr(event, "delta", "") for event in self.events)

    def of(self, *kinds: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kinds)]


class SyncCaller:
    """The sync client."""

    def __init__(self, url: str, key: str | None, **options: Any) -> None:
        self.machine = StillMachine()
        options.setdefault("machine", self.machine)
        wire = options.pop("wire", None)
        http = None if wire is None else httpx2.Client(transport=wire)
        self.client: Any = Client(url, key, http=http, **options)

    def ask(self, value: Any) -> Any:
        """What a method answers."""
        return value

    def read(self, stream: Any, until: Callable[[Event], bool] = lambda _: False) -> Seen:
        """Reads a stream to its end, or leaves it after an event."""
        seen = Seen()
        try:
            for event in stream:
                seen.add(stream, event)
                if until(event):
                    break
        except MainspringClientError as error:
            seen.error = error
        stream.close()
        return seen

    def every(self, values: Any) -> list[Any]:
        """What a method gives one by one."""
        return list(values)

    def close(self) -> None:
        self.client.close()


class AsyncCaller:
    """The async client, on a loop of its own."""

    def __init__(self, url: str, key: str | None, **options: Any) -> None:
        self.machine = StillMachine()
        options.setdefault("machine", self.machine)
        wire = options.pop("wire", None)
        http = None if wire is None else httpx2.AsyncClient(transport=wire)
        self.runner = asyncio.Runner()
        self.client: Any = AsyncClient(url, key, http=http, **options)

    def ask(self, value: Any) -> Any:
        """What a method answers."""

        async def answered() -> Any:
            return await value

        return self.runner.run(answered())

    def read(self, stream: Any, until: Callable[[Event], bool] = lambda _: False) -> Seen:
        """Reads a stream to its end, or leaves it after an event."""
        return self.runner.run(self._read(stream, until))

    async def _read(self, stream: Any, until: Callable[[Event], bool]) -> Seen:
        seen = Seen()
        try:
            async for event in stream:
                seen.add(stream, event)
                if until(event):
                    break
        except MainspringClientError as error:
            seen.error = error
        await stream.aclose()
        return seen

    def every(self, values: Any) -> list[Any]:
        """What a method gives one by one."""

        async def gathered() -> list[Any]:
            return [value async for value in values]

        return self.runner.run(gathered())

    def close(self) -> None:
        self.runner.run(self.client.aclose())
        self.runner.close()


Caller = SyncCaller | AsyncCaller
CALLERS: dict[str, type[SyncCaller] | type[AsyncCaller]] = {"sync": SyncCaller, "async": AsyncCaller}
PATIENCE = Patience(retries=3, reconnects=4)
