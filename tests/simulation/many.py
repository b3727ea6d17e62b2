"""Owns simulated runs of several hosts on one database: they crash, freeze and wake, hand over, come and go."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from mainspring.assembly import World, assemble
from mainspring.model.events import Event, decode_event
from mainspring.model.facts import ExecutionEnded, SessionExpired
from mainspring.model.generation import ModelRequest
from mainspring.model.rows import FACT
from mainspring.runtime.ports import Append
from mainspring.testing.simulation.journal_rules import must
from mainspring.testing.simulation.model import RandomModel
from mainspring.testing.simulation.timeline import OWNER, SimulatedLoop
from tests.simulation.clients import Client, Life
from tests.simulation.host_store import HostClock, HostStore, Ice
from tests.simulation.simulation import ACTIONS, SETTINGS, STEPS, Simulation
from tests.simulation.store import SimulatedStore

LEASE = 20.0
MOST_HOSTS = 3
FREEZES = ((0.2, 3), (5.0, 3), (25.0, 3), (90.0, 1))


class Member(Life):
    """A host among several."""

    def __init__(self, life: Life, ice: Ice, store: HostStore) -> None:
        super().__init__(life.app, life.store)
        self.ice = ice
        self.held = store


class ManyHosts(Simulation):
    """A run with two or three hosts; a client's next request may reach any of them."""

    def __init__(self, seed: int, *, steps: int = STEPS, file: Path | None = None) -> None:
        super().__init__(seed, steps=steps, file=file)
        self._actions = (*ACTIONS, *_ACTIONS)
        self._shared: SimulatedStore | None = None
        self._epochs: dict[str, int] = {}
        self._writers: dict[tuple[str, int], str] = {}
        self._thawing: set[asyncio.Task[None]] = set()

    @property
    def members(self) -> list[Member]:
        """The hosts."""
        return [life for life in self.lives if isinstance(life, Member)]

    @property
    def life(self) -> Life:
        """Whom a request reaches: in a client's task the host it is connected to, else any, rarely a frozen one."""
        at = OWNER.get()
        return at if isinstance(at, Member) else self._any()

    def _any(self) -> Life:
        awake = [life for life in self.lives if not life.down]
        return self.chance.of(self.lives if not awake or self.chance.happens(0.02) else awake)

    @property
    def disk(self) -> SimulatedStore:
        """The store they share."""
        assert self._shared is not None
        return self._shared

    def task(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """A connection to any host; it is lost with that."""
        return _loop().create_owned(self._any(), work)

    def check(self) -> None:
        """As with one host; and nobody took what another one runs."""
        super().check()
        must(not self.disk.robbed, "; ".join(self.disk.robbed))

    # ---- life

    async def _live(self) -> None:
        if self._shared is None:
            self._shared = SimulatedStore(
                self.database, clock=self.clock, chance=self._stores, committed=self.committed, lease=LEASE
            )
            await self._shared.open()
            await self._begin()
        while len(self.lives) < 2:
            await self._begin()

    async def _begin(self) -> None:
        ice = Ice()
        clock: Any = HostClock(self.clock, ice)
        self._number += 1
        name = f"host-{self._number}"
        life: Member

        def asked(request: ModelRequest) -> None:
            self.asked(life, request)

        def wrote(append: Append) -> None:
            self._wrote(name, append)

        held: Any = HostStore(self.disk, ice, chance=self._stores.fork(), wrote=wrote)
        model = RandomModel(self._models.fork(), clock, asked)
        world = World(clock=clock, ids=self.ids, store=held, completers=model, host_id=name)
        life = Member(Life(assemble(SETTINGS, world), self.disk), ice, held)
        self.lives.append(life)
        await asyncio.wait([_loop().create_owned(life, life.app.open())], timeout=30.0)

    def _wrote(self, name: str, append: Append) -> None:
        """At most one epoch writes, and it is one host's."""
        before = self._epochs.get(append.session_id, 0)
        if append.epoch < before:
            self.note(f"   {name} writes {append.session_id} under epoch {append.epoch} after {before}")
        try:
            must(
                append.epoch >= before,
                f"{append.session_id}: an append of epoch {append.epoch} after {before}",
            )
            writer = self._writers.setdefault((append.session_id, append.epoch), name)
            must(writer == name, f"{append.session_id}: {name} and {writer} write under one epoch")
        except AssertionError as violation:
            self.found.append(violation)
        self._epochs[append.session_id] = max(before, append.epoch)

    # ---- troubles

    async def _crash(self) -> None:
        member = self.chance.of(self.members)
        commits = self.chance.happens(0.5)
        self.note(f"   {member.app.world.host_id}, its queue {'committed' if commits else 'lost'}")
        await self._gone(member, commits=commits)
        if self.chance.happens(0.7):
            await self._begin()
        await self._live()

    async def _gone(self, member: Member, *, commits: bool) -> None:
        member.held.kill(commits=commits)
        member.down = True
        self.lives.remove(member)
        tasks = _loop().tasks_of(member)
        for task in tasks:
            task.cancel()
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=5)
            must(not left, f"cancelled tasks go on: {left}")

    async def _shut_down(self) -> None:
        """A clean end of one host, which hands over what it runs."""
        member = self.chance.of(self.members)
        self.note(f"   {member.app.world.host_id}")
        if not member.ice.frozen:
            await asyncio.wait([_loop().create_owned(member, self._leave(member))], timeout=10.0)
        await self._gone(member, commits=True)
        await self._live()

    async def _leave(self, member: Member) -> None:
        await member.app.attendant.retire()
        await member.app.sweeper.stop()
        await member.app.hosts.close()
        await member.app.attendant.leave()

    async def _freeze(self) -> None:
        member = self.chance.of(self.members)
        seconds = self.chance.weighted(FREEZES)
        if member.ice.frozen:
            return
        self.note(f"   {member.app.world.host_id} for {seconds} s")
        member.ice.freeze()
        member.down = True
        task = asyncio.get_running_loop().create_task(self._thaw(member, seconds))
        self._thawing.add(task)
        task.add_done_callback(self._thawing.discard)

    async def _thaw(self, member: Member, seconds: float) -> None:
        await self.clock.sleep(seconds)
        if member in self.lives:
            self.note(f"   {member.app.world.host_id} wakes")
            member.down = False
            member.ice.thaw()

    async def _join(self) -> None:
        if len(self.lives) < MOST_HOSTS:
            await self._begin()

    async def _wait(self) -> None:
        await self.clock.sleep(self.chance.of((60.0, 1000.0, 4000.0)))
        self.pruned = True

    # ---- the end

    async def _finish(self) -> None:
        for member in self.members:
            if member.ice.frozen:
                member.down = False
                member.ice.thaw()
        await super()._finish()
        self._check_stops()

    def _check_stops(self) -> None:
        """What was stopped, somebody asked to stop."""
        for client in self.clients:
            events = [
                decode_event(row.data) for row in self.rules[client.session_id].rows if row.kind == FACT
            ]
            for event, following in zip(events, [*events[1:], None], strict=True):
                self._check_stop(client, event, following)

    def _check_stop(self, client: Client, event: Event, following: Event | None) -> None:
        if isinstance(event, ExecutionEnded) and event.outcome == "stopped":
            ends = isinstance(following, SessionExpired)
            asked = event.execution_id in client.stopped
            must(ends or asked, f"{event.execution_id} was stopped, and nobody asked for that")


def _loop() -> SimulatedLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimulatedLoop)
    return loop


_ACTIONS: tuple[tuple[tuple[str, Callable[[Any], Awaitable[None]]], int], ...] = (
    (("freeze", ManyHosts._freeze), 5),
    (("a host joins", ManyHosts._join), 3),
)
