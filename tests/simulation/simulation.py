"""Owns one simulated run: the assembled app under a seeded scheduler of clients, crashes and troubles."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from mainspring.assembly import Mainspring, World, assemble
from mainspring.model.errors import MainspringError
from mainspring.model.generation import ModelRequest
from mainspring.model.signals import ToolResult
from mainspring.runtime.requests import ContinueRequest, Leg, RestoreRequest, TriggerRequest
from mainspring.settings import Settings
from mainspring.testing.ids import SequenceIds
from mainspring.testing.simulation.chance import Chance
from mainspring.testing.simulation.journal_rules import JournalRules, Violation, must, told
from mainspring.testing.simulation.model import RandomModel
from mainspring.testing.simulation.readers import EventsReader, LegReader
from mainspring.testing.simulation.request_rules import check_request
from mainspring.testing.simulation.timeline import LoopClock, SimulatedLoop
from mainspring.wires.ui_messages import ui_messages
from tests.simulation import agents
from tests.simulation.checks import Checks
from tests.simulation.store import Database, SimulatedStore

PROJECT = "default"
STEPS = 40
PAUSES = ((0.0, 6), (0.002, 6), (0.02, 5), (0.1, 4), (0.5, 3), (3.0, 2), (40.0, 1))
TROUBLE = 2.5
"""Seconds the database is out of order."""


@dataclass
class Life:
    """One process's life: an assembled app on the database."""

    app: Mainspring
    store: SimulatedStore
    zombie: bool = False


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


class Failures(logging.Handler):
    """Errors in our own code, as they are logged."""

    def __init__(self, found: list[BaseException]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        """An error nobody expects."""
        error = record.exc_info[1] if record.exc_info else None
        self._found.append(error or Violation(record.getMessage()))


class Simulation:
    """A run of `steps` steps that the seed decides; `database` is what survives."""

    def __init__(self, seed: int, *, steps: int = STEPS, file: Path | None = None) -> None:
        chance = Chance(seed)
        self.seed = seed
        self.steps = steps
        self.said: list[str] = []
        self.found: list[BaseException] = []
        self.rules: dict[str, JournalRules] = {}
        self.clients: list[Client] = []
        self.pruned = False
        self.clock = LoopClock()
        self.ids = SequenceIds()
        self.database = Database(file)
        self._agents, self._models, self._stores = chance.fork(), chance.fork(), chance.fork()
        self._readers, self.chance = chance.fork(), chance.fork()
        self._tasks: dict[asyncio.Task[None], object] = {}
        self.life: Life
        self.checks = Checks(self)

    # ---- the run

    def run(self) -> None:
        """All of it; raises what was found."""
        handler = Failures(self.found)
        logger = logging.getLogger("mainspring")
        before = (logger.propagate, logger.level)
        logger.addHandler(handler)
        logger.propagate = False
        try:
            with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
                runner.get_loop().set_exception_handler(self._unhandled)
                runner.run(self._run())
        finally:
            logger.removeHandler(handler)
            logger.propagate = before[0]
            self.database.close()

    def _unhandled(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.found.append(context.get("exception") or Violation(context["message"]))

    async def _run(self) -> None:
        self.life = await self._live()
        await self._publish()
        await self._create()
        for number in range(self.steps):
            name, action = self.chance.weighted(_ACTIONS)
            self.note(f"{number}: {name}")
            await action(self)
            await self.clock.sleep(self.chance.weighted(PAUSES))
            self.check()
        self.note("the end: all goes well now")
        await self._finish()

    def note(self, text: str) -> None:
        """Remembers a step."""
        self.said.append(f"[{asyncio.get_running_loop().time():10.4f}] {text}")

    def check(self) -> None:
        """What must hold now."""
        if self.found:
            raise self.found[0]
        self.checks.now()

    async def _live(self, store: SimulatedStore | None = None) -> Life:
        life: Life

        def asked(request: ModelRequest) -> None:
            if not life.zombie:
                try:
                    check_request(request, self.rules[request.tags["session"]].state)
                except Violation as violation:
                    self.found.append(violation)

        opened = store or SimulatedStore(
            self.database, clock=self.clock, chance=self._stores, committed=self._committed
        )
        model = RandomModel(self._models, self.clock, asked)
        world = World(clock=self.clock, ids=self.ids, store=opened, completers=model)
        life = Life(assemble(Settings(), world), opened)
        self.life = life
        if store is None:
            await life.app.open()
        else:
            await life.app.hosts.recover_open()
            life.app.sweeper.start()
        return life

    def _committed(self, session_id: str) -> None:
        rules = self.rules.setdefault(session_id, JournalRules())
        try:
            rules.feed(self.life.store.rows(session_id, rules.cursor))
        except (Violation, ValueError, LookupError, MainspringError) as violation:
            self.found.append(violation)

    async def _publish(self) -> None:
        for source in (agents.inner(), agents.worker(self._agents), agents.agent(self._agents)):
            await self.life.app.agents.publish(PROJECT, source)

    # ---- clients

    def spawn(self, work: Coroutine[Any, Any, None], owner: object) -> None:
        """A request of a client, or a reader's connection."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = owner
        task.add_done_callback(self._over)

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
        self._committed(session_id)
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
        self.spawn(reader.follow(self.life.app.sessions.follow), reader)

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
        await self.life.app.sessions.stop(PROJECT, client.session_id)

    async def _clear(self) -> None:
        client = self._client()
        if client is None or client.worker:
            return
        client.stored = ui_messages(self.rules[client.session_id].rows, version=self.chance.of((2, 4)))
        self.spawn(self._cleared(client), client)

    async def _cleared(self, client: Client) -> None:
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
        self.spawn(reader.follow(self.life.app.sessions.follow), reader)

    async def _cut(self) -> None:
        """A connection is lost: a reader's, or that of a request that waits for its answer."""
        if self._tasks:
            self.chance.of(list(self._tasks)).cancel()

    async def _come_back(self) -> None:
        connected = set(map(id, self._tasks.values()))
        for client in self.clients:
            for reader in (*client.readers, *(leg for leg in client.legs if not leg.done)):
                if id(reader) not in connected:
                    self.spawn(reader.follow(self.life.app.sessions.follow), reader)

    # ---- troubles

    async def _crash(self) -> None:
        commits_first = self.chance.happens(0.5)
        self.note(f"   with {'the last commit' if commits_first else 'the queue lost'}")
        self.life.store.kill(commits_first=commits_first)
        await self._end_tasks()
        await self._live()

    async def _end_tasks(self) -> None:
        current = asyncio.current_task()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        tasks = [task for task in loop.tasks if task is not current]
        for task in tasks:
            task.cancel()
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=5)
            must(not left, f"cancelled tasks go on: {left}")

    async def _take_over(self) -> None:
        """Another host takes the sessions; the old one lives on and does not know."""
        self.life.zombie = True
        hosts = self.life.app.hosts
        hosts._closed = True  # it does not take back what it lost: on one file only one process may
        for task in (*hosts._recoveries, *hosts._loading.values()):
            task.cancel()
        await self.life.app.sweeper.stop()
        readers = [task for task, owner in self._tasks.items() if owner is not None]
        for task in readers:
            task.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        await self._live(self.life.store)

    async def _shut_down(self) -> None:
        """A clean end, and a new start."""
        await self.life.app.sweeper.stop()
        await self.life.app.hosts.close()
        self.life.store.turns.stop()
        await self.clock.sleep(0)
        self.life.store.kill(commits_first=False)
        await self._end_tasks()
        await self._live()

    async def _disk(self) -> None:
        kind = self.chance.of(("refuse", "lose"))
        self.note(f"   {kind}")
        turns = self.life.store.turns
        turns.trouble = kind
        await self.clock.sleep(self.chance.between(0.0, TROUBLE))
        turns.trouble = ""

    async def _jump(self) -> None:
        self.pruned = True
        self.clock.shift(self.chance.of((7200.0, -7200.0, 5.0, -0.5)))

    async def _wait(self) -> None:
        await self.clock.sleep(self.chance.of((60.0, 4000.0, 4000.0, 90_000.0)))
        self.pruned = True

    # ---- the end

    async def _finish(self) -> None:
        for _ in range(60):
            await self._come_back()
            await self.clock.sleep(45.0)
            self.check()
            if not self._answer_all():
                break
        await self._come_back()
        await self.clock.sleep(45.0)
        self.check()
        self.checks.at_the_end()
        self.life.store.kill(commits_first=False)
        await self._end_tasks()
        gc.collect(0)
        self.check_found()

    def check_found(self) -> None:
        """Nothing was found."""
        if self.found:
            raise self.found[0]

    def _answer_all(self) -> bool:
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


_ACTIONS: tuple[tuple[tuple[str, Callable[[Simulation], Awaitable[None]]], int], ...] = (
    (("create", Simulation._create), 3),
    (("trigger", Simulation._trigger), 14),
    (("results", Simulation._results), 16),
    (("stop", Simulation._stop), 3),
    (("clear", Simulation._clear), 1),
    (("restore", Simulation._restore), 1),
    (("a reader comes", Simulation._open_reader), 6),
    (("a connection is cut", Simulation._cut), 6),
    (("readers come back", Simulation._come_back), 6),
    (("crash", Simulation._crash), 4),
    (("take over", Simulation._take_over), 1),
    (("shut down", Simulation._shut_down), 1),
    (("the disk fails", Simulation._disk), 2),
    (("the clock is set", Simulation._jump), 1),
    (("time passes", Simulation._wait), 1),
)
