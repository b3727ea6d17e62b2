"""Owns a connected worker: a process of yours that pulls tool calls from a server and answers them.

It dials out and is never called: plain HTTPS requests, through proxies and firewalls. Three loops share its state: one
pulls calls while there is room, one says that it lives, one hands over answers until the server has them on disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from mainspring.client.async_shell import AsyncShell
from mainspring.client.configuration import Configuration
from mainspring.client.errors import (
    ApiError,
    ConnectionFailed,
    Forbidden,
    NotFound,
    Unauthorized,
    UnexpectedAnswer,
)
from mainspring.client.retries import Retries, ask, backoff
from mainspring.client.routes import request, under
from mainspring.client.tool_running import Runner
from mainspring.client.tools import Tool, ToolsGiven, tools_of
from mainspring.model.tool_work import (
    WORKER_UNKNOWN,
    Announcement,
    AnswersGiven,
    AnswersTaken,
    AnswerTaken,
    Beat,
    CallAnswer,
    Heartbeat,
    Leave,
    Pull,
    Pulled,
    RemoteTool,
    Welcome,
)
from mainspring.model.values import Value

LOG: Final = logging.getLogger("mainspring.client")
T = TypeVar("T")
V = TypeVar("V")

WORKERS: Final = "/api/tool-workers"
CONCURRENCY: Final = 32
GRACE: Final = 30.0
MOST_ANSWERS: Final = 500
ONCE: Final = Retries(requests=0, streams=0)
AGAIN: Final = 503


class ToolServer:
    """Serves functions as tools until `stop`. `name`: what people see; `concurrency`: calls that run at once.

    `grace`: the seconds that running calls get after `stop`. Raises `InvalidTool`.
    """

    def __init__(
        self,
        configuration: Configuration,
        tools: ToolsGiven,
        *,
        name: str = "",
        concurrency: int = CONCURRENCY,
        grace: float = GRACE,
    ) -> None:
        self.id = configuration.machine.token()
        self.tools = tools_of(tools)
        self._configuration = configuration
        self._name = name
        self._grace = grace
        self._most = concurrency
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="mainspring-tool")
        self._runner = Runner(self.tools, self._threads, self._answered)
        self._answers: dict[str, CallAnswer] = {}
        self._received = 0
        self._stopping = asyncio.Event()
        self._changed = asyncio.Event()
        self._welcome = Welcome(lease=15.0, heartbeat=5.0, poll=20.0)
        self._announcing: asyncio.Task[None] | None = None
        self._shell: AsyncShell | None = None

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """No more calls; those that run are finished and answered, then `run` returns."""
        self._stopping.set()
        self._changed.set()

    async def run(self) -> None:
        """Serves. Raises `Unauthorized` or `Forbidden` if the key is not good for this; waits for any other trouble."""
        self._shell = AsyncShell(self._configuration)
        try:
            await self._announce()
            LOG.info("connected to %s as %s", self._configuration.url, self._name or self.id)
            await self._serve()
        finally:
            self._runner.cancel()
            self._threads.shutdown(wait=False, cancel_futures=True)
            await self._shell.close()

    async def _serve(self) -> None:
        loops = [asyncio.ensure_future(one()) for one in (self._pull, self._beat, self._hand_over)]
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((*loops, stopping), return_when=asyncio.FIRST_COMPLETED)
            if self._stopping.is_set():
                loops[0].cancel()
                await self._drain(loops[1:])
            for loop in loops:
                if loop.done() and not loop.cancelled():
                    loop.result()
        finally:
            for task in (*loops, stopping):
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await self._leave()

    async def _drain(self, loops: Sequence[asyncio.Task[None]]) -> None:
        """Lets what runs end, and its answers arrive, for `grace` seconds."""
        done = asyncio.ensure_future(self._empty())
        timer = asyncio.ensure_future(self._configuration.machine.sleep_async(self._grace))
        await asyncio.wait((done, timer, *loops), return_when=asyncio.FIRST_COMPLETED)
        done.cancel()
        timer.cancel()

    async def _empty(self) -> None:
        while self._runner.running or self._answers:
            self._changed.clear()
            await self._changed.wait()

    # ---- the loops ------------------------------------------------------------------------------------------

    async def _pull(self) -> None:
        """Takes calls while there is room. A pull that broke is made again under its number: nothing gets lost."""
        while True:
            free = self._most - len(self._runner.running)
            if free <= 0:
                self._changed.clear()
                await self._changed.wait()
                continue
            number = self._received + 1
            pulled = await self._insist(
                lambda pull: self._post("pull", pull, Pulled),
                Pull(number=number, most=min(free, MOST_ANSWERS), wait=self._welcome.poll),
            )
            self._received = number
            for call in pulled.calls:
                if call.call_id not in self._answers:
                    self._runner.begin(call)
            self._drop(pulled.drop)

    async def _beat(self) -> None:
        while True:
            await self._configuration.machine.sleep_async(self._welcome.heartbeat * 0.8)
            beat = Heartbeat(received=self._received, running=self._running())
            told = await self._insist(lambda given: self._post("heartbeat", given, Beat), beat)
            self._drop(told.drop)

    async def _hand_over(self) -> None:
        """Gives the answers there are, again and again until each was taken or refused."""
        while True:
            batch = tuple(self._answers.values())[:MOST_ANSWERS]
            if not batch:
                self._changed.clear()
                await self._changed.wait()
                continue
            given = AnswersGiven(answers=batch)
            told = await self._insist(lambda body: self._post("answers", body, AnswersTaken), given)
            again = [self._told(answer, taken) for answer, taken in zip(batch, told.answers, strict=False)]
            if any(again):
                await self._configuration.machine.sleep_async(backoff(1))

    def _told(self, answer: CallAnswer, taken: AnswerTaken) -> bool:
        """Whether an answer has to be given again."""
        if taken.status == AGAIN:
            return True
        if taken.status != 200:
            LOG.warning("the answer to %s was not taken: %s", answer.call_id, taken.error)
        if self._answers.get(answer.call_id) is answer:
            del self._answers[answer.call_id]
        self._changed.set()
        return False

    # ---- calls ----------------------------------------------------------------------------------------------

    def _running(self) -> tuple[str, ...]:
        return (*self._runner.running, *self._answers)

    def _answered(self, answer: CallAnswer) -> None:
        self._answers[answer.call_id] = answer
        self._changed.set()

    def _drop(self, call_ids: tuple[str, ...]) -> None:
        for call_id in call_ids:
            self._runner.drop(call_id)
            self._answers.pop(call_id, None)
        if call_ids:
            self._changed.set()

    # ---- requests -------------------------------------------------------------------------------------------

    async def _insist(self, post: Callable[[V], Awaitable[T]], given: V) -> T:
        """Makes a request until it is answered; a server that does not know this worker is told who it is."""
        tries = 0
        while True:
            try:
                return await post(given)
            except (Unauthorized, Forbidden):
                raise
            except NotFound as error:
                if error.code != WORKER_UNKNOWN:
                    raise
                await self._announce_once()
                tries = 0
            except (ApiError, ConnectionFailed, UnexpectedAnswer) as error:
                LOG.warning("%s; trying again", error)
                await self._configuration.machine.sleep_async(backoff(tries))
                tries += 1

    async def _announce_once(self) -> None:
        """However many requests were refused at the same time."""
        if self._announcing is None or self._announcing.done():
            self._announcing = asyncio.ensure_future(self._announce())
        await asyncio.shield(self._announcing)

    async def _announce(self) -> None:
        welcome = await self._insist(self._introduce, None)
        self._welcome = welcome
        self._drop(welcome.drop)

    async def _introduce(self, _: None) -> Welcome:
        body = Announcement(
            worker_id=self.id,
            name=self._name,
            tools=tuple(remote(name, tool) for name, tool in self.tools.items()),
            running=self._runner.calls(self._answers),
        )
        return await self._sent(WORKERS, body, Welcome)

    async def _post(self, what: str, body: Value, type_: type[T]) -> T:
        return await self._sent(under(WORKERS, self.id, what), body, type_)

    async def _sent(self, path: str, body: Value, type_: type[T]) -> T:
        if self._shell is None:
            raise ConnectionFailed("The worker does not run.")
        return await self._shell.run(ask(request("POST", path, body), type_, ONCE))

    async def _leave(self) -> None:
        """Says goodbye once; if that does not arrive, the lease runs out."""
        try:
            await self._post("leave", Leave(received=self._received), Beat)
        except (ApiError, ConnectionFailed, UnexpectedAnswer) as error:
            LOG.warning("could not take leave: %s", error)


def remote(name: str, tool: Tool) -> RemoteTool:
    """A tool as it is announced."""
    return RemoteTool(name=name, digest=tool.digest, description=tool.description, input_schema=tool.schema)
