"""Owns the call queue of all hosts on one PostgreSQL database: any host speaks with any worker, and drives any session.

What a host that died had asked for goes on: whoever takes the session up finds the call where it runs, or its answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from mainspring.model.errors import MainspringError, StoreError
from mainspring.model.tool_work import (
    Announcement,
    AnswerTaken,
    Beat,
    CallAnswer,
    Heartbeat,
    Leave,
    Pull,
    Pulled,
    RemoteTool,
    Welcome,
    WorkerList,
)
from mainspring.runtime.ports import Clock
from mainspring.runtime.remote_calls import Patience
from mainspring.runtime.tool_calls import ToolCall, ToolOutcome
from mainspring.storage.postgres import tool_calls, tool_workers
from mainspring.storage.postgres.connections import Connection
from mainspring.storage.postgres.store import PostgresStore
from mainspring.storage.postgres.tool_calls import Given
from mainspring.storage.postgres.tool_hints import Puller, Waiting

LOG = logging.getLogger("mainspring.storage")
T = TypeVar("T")
LOOK_SECONDS = 1.0
"""How often those who wait for outcomes look without being told; hints get lost with their connection."""
PULL_LOOK_SECONDS = 5.0
"""How often an open pull does: there may be many."""
OFFERS_LOOK_SECONDS = 10.0
AFTER_FAILURE = 0.5
TRIES = 5
NOTHING: Mapping[str, RemoteTool] = MappingProxyType({})


class PostgresCallQueue:
    """A `CallQueue` in the database of `store`, for the host `host_id`, which has to join there.

    Times are the server's. An answer is on disk when it is taken: whoever drives the session records it, this host or
    the next.
    """

    def __init__(self, store: PostgresStore, *, clock: Clock, host_id: str, patience: Patience) -> None:
        self._store = store
        self._clock = clock
        self._host_id = host_id
        self._patience = patience
        self._waiting = Waiting(host_id)
        self._wanted: dict[Given, asyncio.Future[ToolOutcome]] = {}
        self._settled: list[Given] = []
        self._expected = {name: RemoteTool(name=name) for name in sorted(patience.expected)}
        self._offers: dict[str, Mapping[str, RemoteTool]] = {}
        self._chores: set[asyncio.Task[None]] = set()
        self._settling = False

    async def open(self) -> None:
        """Learns which tools there are, and listens from now on."""
        self._store.listen(self._waiting.hear)
        await self._learn_offers()
        self._spawn(self._sweep())
        self._spawn(self._watch(self._waiting.offers, self._learn_offers, every=OFFERS_LOOK_SECONDS))
        self._spawn(self._watch(self._waiting.outcomes, self._collect, every=LOOK_SECONDS))

    # ---- the workers' side ----------------------------------------------------------------------------------

    async def announce(self, project_id: str, announcement: Announcement, /) -> Welcome:
        """A worker is there (again)."""
        drop = await self._run(
            partial(tool_workers.announce, project_id=project_id, announcement=announcement)
        )
        await self._learn_offers()
        return self._patience.welcome(drop)

    async def pull(self, project_id: str, worker_id: str, pull: Pull, /) -> Pulled:
        """Calls for a worker, as soon as there are some; whatever host they are given at."""
        puller = self._waiting.enter(project_id, worker_id)
        try:
            return await self._pulled(puller, pull)
        finally:
            self._waiting.leave(puller)
            self._waiting.pass_on(puller)

    async def _pulled(self, puller: Puller, pull: Pull) -> Pulled:
        until = self._clock.monotonic() + min(pull.wait, self._patience.poll)
        again = False
        while not puller.displaced:
            puller.woken.clear()
            look = partial(
                tool_workers.pull,
                project_id=puller.project_id,
                worker_id=puller.worker_id,
                pull=pull,
                sharers=self._waiting.sharers(puller),
                again=again,
            )
            found = await self._run(look)
            if found is None:
                break
            pulled, puller.tools = found
            left = until - self._clock.monotonic()
            if pulled.calls or pulled.drop or self._waiting.resting or left <= 0:
                return pulled
            await self._told(puller.woken, min(left, PULL_LOOK_SECONDS))
            again = True
        return Pulled()

    async def heartbeat(self, project_id: str, worker_id: str, beat: Heartbeat, /) -> Beat:
        """A worker lives."""
        return await self._run(
            partial(tool_workers.beat, project_id=project_id, worker_id=worker_id, beat=beat)
        )

    async def answer(self, project_id: str, worker_id: str, answer: CallAnswer, /) -> AnswerTaken | None:
        """Takes an answer, once."""
        await self.tools_of(project_id, worker_id)
        return await self._run(partial(tool_calls.answer, project_id=project_id, answer=answer))

    async def leave(self, project_id: str, worker_id: str, leave: Leave, /) -> None:
        """A worker goes."""
        await self._run(partial(tool_workers.leave, project_id=project_id, worker_id=worker_id, leave=leave))

    async def workers(self, project_id: str, /) -> WorkerList:
        """Who is connected, to whatever host."""
        return await self._run(partial(tool_workers.list_workers, project_id=project_id))

    async def tools_of(self, project_id: str, worker_id: str, /) -> frozenset[str]:
        """The names a worker announced."""
        return await self._run(partial(tool_workers.see, project_id=project_id, worker_id=worker_id))

    # ---- the box's side -------------------------------------------------------------------------------------

    def offers(self, project_id: str, /) -> Mapping[str, RemoteTool]:
        """The tools that workers of the project run, or did a moment ago; as of the last hint."""
        return self._offers.get(project_id) or self._expected or NOTHING

    async def give(self, call: ToolCall, /) -> ToolOutcome:
        """Runs a call on a worker; cancelling takes it back, unless the session is another host's by then."""
        given = (call.project_id, call.call_id, call.attempt)
        wanted: asyncio.Future[ToolOutcome] = asyncio.get_running_loop().create_future()
        self._wanted[given] = wanted
        try:
            return await self._entered(call) or await wanted
        except asyncio.CancelledError:
            if not self._waiting.resting:
                self._spawn(self._withdraw(call))
            raise
        finally:
            if self._wanted.get(given) is wanted:
                del self._wanted[given]

    async def _entered(self, call: ToolCall) -> ToolOutcome | None:
        while True:
            try:
                return await self._run(partial(tool_calls.give, call=call, host_id=self._host_id))
            except MainspringError as error:
                LOG.warning("Call %s cannot be entered yet: %s", call.call_id, error)
                await self._clock.sleep(AFTER_FAILURE)

    async def _withdraw(self, call: ToolCall) -> None:
        await self._at_last(partial(tool_calls.withdraw, call=call, host_id=self._host_id))

    def settled(self, call: ToolCall, /, *, durable: bool) -> None:
        """An outcome that was recorded is needed no more; one that was not waits for who takes the session up."""
        if not durable:
            return
        self._settled.append((call.project_id, call.call_id, call.attempt))
        if not self._settling:
            self._settling = True
            self._spawn(self._settle())

    async def _settle(self) -> None:
        """All that was recorded since the last time, at once."""
        try:
            while self._settled:
                given, self._settled = self._settled, []
                await self._at_last(partial(tool_calls.settle, given=given))
        finally:
            self._settling = False

    def rest(self) -> None:
        """The process is about to end: open pulls are answered, and what is asked for goes on elsewhere."""
        self._waiting.rest()

    async def close(self) -> None:
        """Nobody pulls or waits any more."""
        self.rest()
        chores = tuple(self._chores)
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)

    # ---- chores ---------------------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep(self._patience.lease / 6)
            await self._trying(self._run(partial(tool_workers.sweep, patience=self._patience)))

    async def _watch(self, event: asyncio.Event, act: Callable[[], Awaitable[None]], *, every: float) -> None:
        """Acts whenever a hint says so, and now and then without one."""
        while True:
            await self._told(event, every)
            event.clear()
            await self._trying(act())

    async def _collect(self) -> None:
        """Hands out the outcomes that are there."""
        if not self._wanted:
            return
        for given, outcome in await self._run(partial(tool_calls.outcomes, host_id=self._host_id)):
            wanted = self._wanted.get(given)
            if wanted is not None and not wanted.done():
                wanted.set_result(outcome)

    async def _learn_offers(self) -> None:
        now: dict[str, Mapping[str, RemoteTool]] = {}
        for project_id, tools in (await self._run(tool_workers.offers)).items():
            offered = {**self._expected, **tools}
            before = self._offers.get(project_id)
            # What did not change stays the same object: what is made of it is kept as long as it is.
            now[project_id] = before if before is not None and before == offered else offered
        self._offers = now

    async def _at_last(self, job: Callable[[Connection], Awaitable[None]]) -> None:
        for _ in range(TRIES):
            if await self._trying(self._run(job)):
                return
            await self._clock.sleep(AFTER_FAILURE)

    async def _trying(self, work: Awaitable[None]) -> bool:
        """Whether it could be done; it is tried again later."""
        try:
            await work
        except StoreError as error:
            LOG.warning("The calls of connected workers cannot be seen to: %s", error)
            return False
        return True

    async def _run(self, job: Callable[[Connection], Awaitable[T]]) -> T:
        return await self._store.run(job)

    async def _told(self, event: asyncio.Event, seconds: float) -> None:
        """Until something is told, or the time is over."""
        waiting = asyncio.ensure_future(event.wait())
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((waiting, timer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            timer.cancel()

    def _spawn(self, chore: Awaitable[None]) -> None:
        task = asyncio.ensure_future(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
