"""Owns performing the steps of a conversation on an asyncio event loop; tools run beside each other on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from types import TracebackType
from typing import Any, TypeVar

import httpx2

from mainspring.client.configuration import Configuration
from mainspring.client.events import Event
from mainspring.client.outside import NO_TOOLS, broken, context_of, not_sent, whole_answer
from mainspring.client.steps import (
    Act,
    Answer,
    Broken,
    Leave,
    Pause,
    Read,
    Request,
    RunTools,
    Send,
    Show,
    Steps,
)
from mainspring.client.tools import Tool
from mainspring.model.signals import ToolResult

T = TypeVar("T")


class AsyncShell:
    """Performs steps over one pool of connections."""

    def __init__(self, configuration: Configuration, http: httpx2.AsyncClient | None = None) -> None:
        self._configuration = configuration
        self._owned = http is None
        self._http = http or httpx2.AsyncClient(trust_env=configuration.trust_env)

    async def close(self) -> None:
        """Closes the connections, unless the caller brought them."""
        if self._owned:
            await self._http.aclose()

    async def run(self, steps: Steps[T]) -> T:
        """Performs steps that show nothing; what they come to."""
        async with AsyncLine(self._configuration, self._http, NO_TOOLS) as line:
            reply: Any = None
            while True:
                try:
                    step = steps.send(reply)
                except StopIteration as done:
                    result: T = done.value
                    return result
                reply = None if isinstance(step, Show) else await line.perform(step)

    async def show(self, steps: Steps[None], tools: Mapping[str, Tool]) -> AsyncGenerator[tuple[int, Event]]:
        """Performs steps and gives out what they show."""
        async with AsyncLine(self._configuration, self._http, tools) as line:
            reply: Any = None
            while True:
                try:
                    step = steps.send(reply)
                except StopIteration:
                    return
                if isinstance(step, Show):
                    for shown in step.events:
                        yield shown
                    reply = None
                else:
                    reply = await line.perform(step)


class AsyncLine:
    """One line to the server: at most one stream is open on it."""

    def __init__(
        self, configuration: Configuration, http: httpx2.AsyncClient, tools: Mapping[str, Tool]
    ) -> None:
        self._configuration = configuration
        self._http = http
        self._tools = tools
        self._response: httpx2.Response | None = None
        self._pieces: AsyncIterator[bytes] | None = None

    async def __aenter__(self) -> AsyncLine:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave()

    async def perform(self, step: Act) -> Any:
        """What a step comes to."""
        match step:
            case Read():
                return await self._read()
            case Send():
                return await self._send(step.request, stream=step.streams)
            case Leave():
                if step.ends:
                    await self._read()
                await self._leave()
            case Pause():
                await self._configuration.machine.sleep_async(step.seconds)
            case RunTools():
                return await self._run(step)
        return None

    async def _send(self, request: Request, *, stream: bool) -> Answer | Broken:
        try:
            built = self._http.build_request(
                request.method,
                self._configuration.url + request.path,
                params=dict(request.query),
                content=request.body,
                headers=self._configuration.headers,
                timeout=self._configuration.patience.stream if stream else self._configuration.patience.whole,
            )
            response = await self._http.send(built, stream=True)
        except httpx2.TransportError as error:
            return broken(error, sent=not not_sent(error))
        if stream and response.status_code == 200:
            self._response = response
            self._pieces = response.aiter_bytes()
            return Answer(200, response.headers)
        try:
            await response.aread()
        except httpx2.TransportError as error:
            return broken(error)
        finally:
            await response.aclose()
        return whole_answer(response)

    async def _read(self) -> bytes | Broken | None:
        if self._pieces is None:
            return None
        try:
            return await anext(self._pieces, None)
        except httpx2.TransportError as error:
            return broken(error)

    async def _leave(self) -> None:
        response, self._response = self._response, None
        self._pieces = None
        if response is not None:
            await response.aclose()

    async def _run(self, step: RunTools) -> tuple[ToolResult, ...]:
        """The results of the calls; leaving the turn cancels those that are async."""
        running = [self._tools[call.tool_name].run_async(call, context_of(step, call)) for call in step.calls]
        return tuple(await asyncio.gather(*running))
