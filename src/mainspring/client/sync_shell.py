"""Owns performing the steps of a conversation in the thread of the caller; tools run in threads beside each other."""

from __future__ import annotations

import contextvars
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
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


class SyncShell:
    """Performs steps over one pool of connections."""

    def __init__(self, configuration: Configuration, http: httpx2.Client | None = None) -> None:
        self._configuration = configuration
        self._owned = http is None
        self._http = http or httpx2.Client(trust_env=configuration.trust_env)

    def close(self) -> None:
        """Closes the connections, unless the caller brought them."""
        if self._owned:
            self._http.close()

    def run(self, steps: Steps[T]) -> T:
        """Performs steps that show nothing; what they come to."""
        with SyncLine(self._configuration, self._http, NO_TOOLS) as line:
            reply: Any = None
            while True:
                try:
                    step = steps.send(reply)
                except StopIteration as done:
                    result: T = done.value
                    return result
                reply = None if isinstance(step, Show) else line.perform(step)

    def show(self, steps: Steps[None], tools: Mapping[str, Tool]) -> Generator[tuple[int, Event]]:
        """Performs steps and gives out what they show."""
        with SyncLine(self._configuration, self._http, tools) as line:
            reply: Any = None
            while True:
                try:
                    step = steps.send(reply)
                except StopIteration:
                    return
                if isinstance(step, Show):
                    yield from step.events
                    reply = None
                else:
                    reply = line.perform(step)


class SyncLine:
    """One line to the server: at most one stream is open on it."""

    def __init__(self, configuration: Configuration, http: httpx2.Client, tools: Mapping[str, Tool]) -> None:
        self._configuration = configuration
        self._http = http
        self._tools = tools
        self._response: httpx2.Response | None = None
        self._pieces: Iterator[bytes] = iter(())

    def __enter__(self) -> SyncLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def perform(self, step: Act) -> Any:
        """What a step comes to."""
        match step:
            case Read():
                return self._read()
            case Send():
                return self._send(step.request, stream=step.streams)
            case Leave():
                if step.ends:
                    self._read()
                self._leave()
            case Pause():
                self._configuration.machine.sleep(step.seconds)
            case RunTools():
                return self._run(step)
        return None

    def _send(self, request: Request, *, stream: bool) -> Answer | Broken:
        try:
            built = self._http.build_request(
                request.method,
                self._configuration.url + request.path,
                params=dict(request.query),
                content=request.body,
                headers=self._configuration.headers,
                timeout=self._configuration.patience.stream if stream else self._configuration.patience.whole,
            )
            response = self._http.send(built, stream=True)
        except httpx2.TransportError as error:
            return broken(error, sent=not not_sent(error))
        if stream and response.status_code == 200:
            self._response = response
            self._pieces = response.iter_bytes()
            return Answer(200, response.headers)
        try:
            response.read()
        except httpx2.TransportError as error:
            return broken(error)
        finally:
            response.close()
        return whole_answer(response)

    def _read(self) -> bytes | Broken | None:
        try:
            return next(self._pieces, None)
        except httpx2.TransportError as error:
            return broken(error)

    def _leave(self) -> None:
        response, self._response = self._response, None
        self._pieces = iter(())
        if response is not None:
            response.close()

    def _run(self, step: RunTools) -> tuple[ToolResult, ...]:
        """The results of the calls; one alone runs here, several in threads of their own."""
        todo = [(self._tools[call.tool_name], call, context_of(step, call)) for call in step.calls]
        if len(todo) == 1:
            tool, call, context = todo[0]
            return (tool.run(call, context),)
        with ThreadPoolExecutor(len(todo), thread_name_prefix="mainspring-tool") as pool:
            running = [
                pool.submit(contextvars.copy_context().run, tool.run, call, context)
                for tool, call, context in todo
            ]
            return tuple(future.result() for future in running)
