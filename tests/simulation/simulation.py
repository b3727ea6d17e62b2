"""Owns one simulated run: the assembled app under a seeded scheduler of clients, crashes and troubles."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from mainspring.assembly import World, assemble
from mainspring.model.generation import ModelRequest
from mainspring.settings import Settings
from mainspring.testing.ids import SequenceIds
from mainspring.testing.simulation.chance import Chance
from mainspring.testing.simulation.journal_rules import Violation, must
from mainspring.testing.simulation.model import RandomModel
from mainspring.testing.simulation.request_rules import check_request
from mainspring.testing.simulation.timeline import SimulatedLoop
from tests.simulation import agents
from tests.simulation.checks import Checks
from tests.simulation.clients import PROJECT, Clients, Life
from tests.simulation.store import Database, SimulatedStore

STEPS = 40
SETTINGS = Settings(database=":memory:")
PAUSES = ((0.0, 6), (0.002, 6), (0.02, 5), (0.1, 4), (0.5, 3), (3.0, 2), (40.0, 1))
TROUBLE = 2.5
"""Seconds the database is out of order."""


class Failures(logging.Handler):
    """Errors in our own code, as they are logged."""

    def __init__(self, found: list[BaseException]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        """An error nobody expects."""
        error = record.exc_info[1] if record.exc_info else None
        self._found.append(error or Violation(record.getMessage()))


class Simulation(Clients):
    """A run of `steps` steps that the seed decides; `database` is what survives."""

    def __init__(self, seed: int, *, steps: int = STEPS, file: Path | None = None) -> None:
        chance = Chance(seed)
        super().__init__(chance.fork())
        self.seed = seed
        self.steps = steps
        self.pruned = False
        self._number = 0
        self._actions = ACTIONS
        self.ids = SequenceIds()
        self.database = Database(file)
        self._agents, self._models, self._stores = chance.fork(), chance.fork(), chance.fork()
        self.lives: list[Life] = []
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

    @property
    def life(self) -> Life:
        """The one process."""
        return self.lives[0]

    async def _run(self) -> None:
        await self._live()
        await self._publish()
        await self._create()
        for number in range(self.steps):
            name, action = self.chance.weighted(self._actions)
            self.note(f"{number}: {name}")
            await getattr(self, action.__name__)()
            await self.clock.sleep(self.chance.weighted(PAUSES))
            self.check()
        self.note("the end: all goes well now")
        await self._finish()

    def check(self) -> None:
        """What must hold now."""
        if self.found:
            raise self.found[0]
        self.checks.now()

    async def _live(self) -> None:
        """A process begins."""
        life: Life

        def asked(request: ModelRequest) -> None:
            self.asked(life, request)

        store = SimulatedStore(self.database, clock=self.clock, chance=self._stores, committed=self.committed)
        model = RandomModel(self._models, self.clock, asked)
        self._number += 1
        name = f"host-{self._number}"
        world = World(clock=self.clock, ids=self.ids, store=store, completers=model, host_id=name)
        life = Life(assemble(SETTINGS, world), store)
        self.lives = [life]
        await life.app.open()

    def asked(self, life: Life, request: ModelRequest) -> None:
        """A model is asked: what leads there has to be on disk, unless another host has the session by now."""
        session_id = request.tags["session"]
        host = life.app.hosts.live(session_id)
        if host is None or host.epoch != self.disk.epoch(session_id):
            return
        try:
            check_request(request, self.rules[session_id].state)
        except Violation as violation:
            self.found.append(violation)

    async def _publish(self) -> None:
        for source in (agents.inner(), agents.worker(self._agents), agents.agent(self._agents)):
            await self.life.app.agents.publish(PROJECT, source)

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

    async def _shut_down(self) -> None:
        """A clean end, and a new start."""
        app = self.life.app
        await app.sweeper.stop()
        await app.hosts.close()
        await app.attendant.leave()
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
            if not self.answer_all():
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


ACTIONS: tuple[tuple[tuple[str, Callable[[Simulation], Awaitable[None]]], int], ...] = (
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
    (("shut down", Simulation._shut_down), 2),
    (("the disk fails", Simulation._disk), 2),
    (("the clock is set", Simulation._jump), 1),
    (("time passes", Simulation._wait), 1),
)
