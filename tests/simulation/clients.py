"""Owns what the outside does in a simulation: clients with their requests, readers with their connections."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mainspring.assembly import Mainspring
from mainspring.model.errors import MainspringError
from mainspring.model.signals import ToolResult
from mainspring.runtime.requests import Batch, ContinueRequest, Leg, RestoreRequest, TriggerRequest
from mainspring.testing.simulation.chance import Chance
from mainspring.testing.simulation.journal_rules import JournalRules, must, told
from mainspring.testing.simulation.readers import EventsReader, LegReader
from mainspring.testing.simulation.timeline import LoopClock
from mainspring.wires.ui_messages import ui_messages
from tests.simulation.store import SimulatedStore

PROJECT = "default"


@dataclass
class Life:
    """One process's life: an assembled app on the database. `down`: it is frozen, or gone."""

    app: Mainspring
    store: SimulatedStore
    down: bool = False


@dataclass
class Client:
    """What the outside knows of one session."""

    session_id: str
    worker: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    stored: list[Any] = field(default_factory=list)
    legs: list[LegReader] = field(default_factory=list)
    readers: list[EventsReader] = field(default_factory=list)
    executions: list[str] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    """The executions that were open while somebody asked to stop what runs."""


class Clients:
    """Everybody who talks to the app; `life` is the process that answers now: where there are many, any of them."""

    @property
    def life(self) -> Life:
        """A process that takes a request."""
        raise NotImplementedError

    @property
    def disk(self) -> SimulatedStore:
        """The store, to look at what is on disk."""
        return self.life.store

    def __init__(self, chance: Chance) -> None:
        self.said: list[str] = []
        self.found: list[BaseException] = []
        self.rules: dict[str, JournalRules] = {}
        self.clients: list[Client] = []
        self.clock = LoopClock()
        self.chance = chance
        self._readers = chance.fork()
        self._tasks: dict[asyncio.Task[None], object] = {}

    def note(self, text: str) -> None:
        """Remembers a step."""
        self.said.append(f"[{asyncio.get_running_loop().time():10.4f}] {text}")

    def committed(self, session_id: str) -> None:
        """There is more of a session on disk."""
        rules = self.rules.setdefault(session_id, JournalRules())
        try:
            rules.feed(self.disk.rows(session_id, rules.cursor))
        except (AssertionError, ValueError, LookupError, MainspringError) as violation:
            self.found.append(violation)

    def spawn(self, work: Coroutine[Any, Any, None], owner: object) -> None:
        """A request of a client, or a reader's connection."""
        task = self.task(work)
        self._tasks[task] = owner
        task.add_done_callback(self._over)

    def follow(self, session_id: str, after: int) -> AsyncIterator[Batch]:
        """A session's rows, from whoever is asked."""
        return self.life.app.sessions.follow(session_id, after)

    def task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task of a client."""
        return asyncio.get_running_loop().create_task(work)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, MainspringError):
            self.note(f"   refused: {error.code} {error.message}")
        elif error is not None:
            self.found.append(error)

    async def _create(self) -> None:
        if len(self.clients) >= 3:
            return
        if self.chance.happens(0.2):
            self.spawn(self._run_worker(), None)
            return
        key = self.chance.of((None, "start"))
        try:
            record = await self.life.app.sessions.create(PROJECT, "main", {}, start_key=key)
        except MainspringError:
            return
        self._known(record.id)

    def _known(self, session_id: str) -> Client:
        for client in self.clients:
            if client.session_id == session_id:
                return client
        client = Client(session_id)
        self.clients.append(client)
        self.rules.setdefault(session_id, JournalRules())
        self.committed(session_id)
        return client

    async def _run_worker(self) -> None:
        leg = await self.life.app.sessions.run_worker(PROJECT, "helper", {})
        client = self._known(leg.session_id)
        client.worker = True
        self._read(client, leg)

    def _read(self, client: Client, leg: Leg) -> None:
        client.executions.append(leg.execution_id)
        reader = LegReader(leg, version=self.chance.of((2, 4)), direct=self.chance.happens(0.2))
        client.legs.append(reader)
        self.spawn(reader.follow(self.follow), reader)

    def _client(self) -> Client | None:
        return self.chance.of(self.clients) if self.clients else None

    async def _trigger(self) -> None:
        client = self._client()
        if client is not None and not client.worker:
            self.spawn(self._triggered(client, self._trigger_request(client)), client)

    def _trigger_request(self, client: Client) -> TriggerRequest:
        rollback = self.chance.happens(0.15)
        shown = ui_messages(self.rules[client.session_id].rows, version=4) if rollback else []
        after = self.chance.of([None, *(message["id"] for message in shown), "msg_none"])
        return TriggerRequest(
            trigger=None if self.chance.happens(0.97) else "no-such-trigger",
            input={"USER_MESSAGE": self.chance.of(("Hi", "And é\n?", "More"))},
            rollback=rollback,
            rollback_after=after if rollback else None,
            key=self.chance.of((None, None, f"key-{self.chance.below(4)}")),
        )

    async def _triggered(self, client: Client, request: TriggerRequest) -> None:
        leg = await self.life.app.sessions.trigger(PROJECT, client.session_id, request)
        rules = self.rules[client.session_id]
        must(leg.execution_id in rules.executions, f"{leg.execution_id} was accepted and is not on disk")
        if request.key is not None:
            known = client.keys.setdefault(request.key, leg.execution_id)
            must(known == leg.execution_id, f"key {request.key} started {known} and {leg.execution_id}")
        self._read(client, leg)

    async def _results(self) -> None:
        client = self._client()
        if client is None:
            return
        state = self.rules[client.session_id].state
        execution = None if state is None else state.execution
        late = self.chance.happens(0.1) and client.executions
        execution_id = self.chance.of(client.executions) if late else getattr(execution, "id", None)
        if execution_id is None:
            return
        calls = (
            [] if execution is None else [call.id for call in execution.calls.values() if call.worker is None]
        )
        if self.chance.happens(0.05):
            calls.append(self.chance.of([*self.rules[client.session_id].settled, "call_none"]))
        chosen = calls if self.chance.happens(0.6) else self.chance.some(calls)
        results = tuple(self._result(call_id) for call_id in chosen)
        request = ContinueRequest(execution_id=execution_id, results=results)
        for _ in range(self.chance.weighted(((1, 5), (2, 1)))):
            self.spawn(self._posted(client, request), client)

    def _result(self, call_id: str) -> ToolResult:
        if self.chance.happens(0.15):
            return ToolResult(tool_call_id=call_id, error="It broke.")
        return ToolResult(tool_call_id=call_id, result=self.chance.of(("fine", {"a": [1, None]}, None)))

    async def _posted(self, client: Client, request: ContinueRequest) -> None:
        rules = self.rules[client.session_id]
        for result in request.results:
            rules.posted.setdefault(result.tool_call_id, set()).add(told(result.result, result.error))
        leg = await self.life.app.sessions.resume_with(PROJECT, client.session_id, request)
        for result in request.results:
            kept = rules.settled.get(result.tool_call_id)
            must(
                kept == told(result.result, result.error),
                f"the result of {result.tool_call_id} was accepted and {kept} is on disk",
            )
        self._read(client, leg)

    async def _stop(self) -> None:
        client = self._client()
        if client is not None:
            self.spawn(self._stopped(client), client)

    async def _stopped(self, client: Client) -> None:
        with self._stopping(client):
            await self.life.app.sessions.stop(PROJECT, client.session_id)

    @contextlib.contextmanager
    def _stopping(self, client: Client) -> Iterator[None]:
        executions = self.rules[client.session_id].executions
        first = max(len(executions) - 1, 0)
        try:
            yield
        finally:
            client.stopped.update(executions[first:])

    async def _clear(self) -> None:
        client = self._client()
        if client is None or client.worker:
            return
        client.stored = ui_messages(self.rules[client.session_id].rows, version=self.chance.of((2, 4)))
        self.spawn(self._cleared(client), client)

    async def _cleared(self, client: Client) -> None:
        with self._stopping(client):
            await self.life.app.sessions.clear(PROJECT, client.session_id)

    async def _restore(self) -> None:
        client = self._client()
        if client is not None and not client.worker:
            self.spawn(self._restored(client), client)

    async def _restored(self, client: Client) -> None:
        messages = msgspec.json.decode(msgspec.json.encode(client.stored))
        request = RestoreRequest(messages=tuple(messages))
        await self.life.app.sessions.restore(PROJECT, client.session_id, request)

    # ---- readers

    async def _open_reader(self) -> None:
        client = self._client()
        if client is None:
            return
        after = self.chance.below(self.rules[client.session_id].cursor + 1)
        reader = EventsReader(client.session_id, after, chance=self._readers, clock=self.clock)
        client.readers.append(reader)
        self.spawn(reader.follow(self.follow), reader)

    async def _cut(self) -> None:
        """A connection is lost: a reader's, or that of a request that waits for its answer."""
        if self._tasks:
            self.chance.of(list(self._tasks)).cancel()

    async def _come_back(self) -> None:
        connected = set(map(id, self._tasks.values()))
        for client in self.clients:
            for reader in (*client.readers, *(leg for leg in client.legs if not leg.done)):
                if id(reader) not in connected:
                    self.spawn(reader.follow(self.follow), reader)

    def answer_all(self) -> bool:
        """Posts every result that somebody waits for; whether anything still moves."""
        moves = False
        for client in self.clients:
            state = self.rules[client.session_id].state
            execution = None if state is None else state.execution
            if execution is None:
                continue
            moves = True
            calls = [call.id for call in execution.calls.values() if not call.settled and call.worker is None]
            if calls and all(execution.calls[call_id].requested for call_id in calls):
                request = ContinueRequest(
                    execution_id=execution.id, results=tuple(self._result(call_id) for call_id in calls)
                )
                self.spawn(self._posted(client, request), client)
        return moves
