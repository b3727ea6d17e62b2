"""Owns a stormy day of connected workers: sessions that try again, workers that die, answers that get lost.

Every call is keyed: its effect is a row in a ledger under its call id. A run gives what became of every call.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from mainspring.model.errors import NotFound
from mainspring.model.tool_work import (
    Announcement,
    CallAnswer,
    Heartbeat,
    Leave,
    Pull,
    PulledCall,
    RemoteTool,
    RunningCall,
)
from mainspring.runtime.remote_calls import Patience
from mainspring.runtime.tool_calls import ToolCall, ToolOutcome
from mainspring.testing.clock import ManualClock
from mainspring.testing.simulation.chance import Chance
from mainspring.toolboxes.connected import ConnectedBox
from mainspring.toolboxes.memory_queue import MemoryCallQueue

PROJECT = "default"
LEASE = 6.0
TRIES = 12
TOOL = RemoteTool(name="book")


@dataclass
class Day:
    """What happened: effects by call id, outcomes by call id, faults by name."""

    effects: Counter[str] = field(default_factory=Counter[str])
    runs: Counter[str] = field(default_factory=Counter[str])
    outcomes: dict[str, ToolOutcome] = field(default_factory=dict[str, ToolOutcome])
    refused: Counter[int] = field(default_factory=Counter[int])
    faults: Counter[str] = field(default_factory=Counter[str])


class Storm:
    """One run: `calls` through four workers, faults drawn from `seed`."""

    def __init__(self, seed: int, calls: int) -> None:
        self.chance = Chance(seed)
        self.clock = ManualClock()
        self.queue = MemoryCallQueue(self.clock, Patience(lease=LEASE, grace=60.0))
        self.box = ConnectedBox(self.queue)
        self.day = Day()
        self.calls = calls
        self.booked: set[str] = set()
        self.names = 0
        self.over = False

    def fault(self, name: str, share: float) -> bool:
        """Whether that fault happens now."""
        if self.over or not self.chance.happens(share):
            return False
        self.day.faults[name] += 1
        return True

    async def run(self) -> Day:
        """Every call to its outcome."""
        slots = [asyncio.ensure_future(self.place()) for _ in range(4)]
        sessions = [asyncio.ensure_future(self.session(number)) for number in range(self.calls)]
        while not all(task.done() for task in sessions):
            await self.clock.advance(0.5)
        self.over = True
        for task in slots:
            task.cancel()
        await asyncio.gather(*slots, return_exceptions=True)
        await self.box.close()
        for task in sessions:
            task.result()
        return self.day

    async def session(self, number: int) -> None:
        """A call as a session drives it: tried again while its outcome is unknown or it may be."""
        await self.clock.sleep(self.chance.between(0, self.calls / 50))
        call_id = f"call_{number}"
        outcome = ToolOutcome()
        for attempt in range(1, TRIES + 1):
            call = ToolCall(
                call_id=call_id,
                attempt=attempt,
                tool="book",
                args={},
                project_id=PROJECT,
                session_id="ses_1",
                execution_id="exe_1",
                agent="helper",
            )
            task = asyncio.ensure_future(self.box.call(call))
            timer = asyncio.ensure_future(self.clock.sleep(40.0))
            await asyncio.wait((task, timer), return_when=asyncio.FIRST_COMPLETED)
            timer.cancel()
            if not task.done():
                self.day.faults["timeout"] += 1
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                outcome = ToolOutcome(error="No result came in time.", unknown=True)
            else:
                outcome = task.result()
            kept = not self.fault("not recorded", 0.02)
            self.box.settled(call, durable=kept)
            if kept and not outcome.unknown and not outcome.retryable:
                break
        self.day.outcomes[call_id] = outcome

    async def place(self) -> None:
        """A place where one worker after the other lives."""
        while True:
            self.names += 1
            worker = Worker(self, f"w{self.names}")
            try:
                await worker.live()
            finally:
                worker.die()
            await self.clock.sleep(1.0)


class Worker:
    """A worker that speaks to the queue over a line that loses things."""

    def __init__(self, storm: Storm, name: str) -> None:
        self.storm = storm
        self.name = name
        self.running: dict[str, asyncio.Task[None]] = {}
        self.answers: dict[str, CallAnswer] = {}
        self.received = 0

    def die(self) -> None:
        """`kill -9`: nothing is said, nothing goes on."""
        for task in self.running.values():
            task.cancel()
        self.running = {}
        self.answers = {}

    async def announce(self) -> None:
        """Says what it has, and what it runs."""
        running = tuple(RunningCall(call_id=one) for one in (*self.running, *self.answers))
        given = Announcement(worker_id=self.name, tools=(TOOL,), running=running)
        for call_id in (await self.storm.queue.announce(PROJECT, given)).drop:
            self.drop(call_id)

    def drop(self, call_id: str) -> None:
        """Nobody waits for it."""
        task = self.running.pop(call_id, None)
        if task is not None:
            task.cancel()
        self.answers.pop(call_id, None)

    async def live(self) -> None:
        """Until it dies, is frozen, or leaves."""
        storm = self.storm
        await self.announce()
        tasks = [asyncio.ensure_future(one()) for one in (self.pull, self.beat, self.post)]
        try:
            while True:
                await storm.clock.sleep(1.0)
                if storm.fault("death", 0.02):
                    return
                if storm.fault("leave", 0.01):
                    await storm.queue.leave(PROJECT, self.name, Leave(received=self.received))
                    return
        except NotFound:
            return
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def pull(self) -> None:
        """Pulls, under one number until its answer arrives."""
        storm = self.storm
        while True:
            pull = Pull(number=self.received + 1, most=8, wait=5.0)
            try:
                pulled = await storm.queue.pull(PROJECT, self.name, pull)
            except NotFound:
                await self.announce()
                continue
            if storm.fault("lost pull", 0.05):
                await storm.clock.sleep(0.2)
                continue
            self.received += 1
            for call in pulled.calls:
                if call.call_id not in self.running and call.call_id not in self.answers:
                    self.running[call.call_id] = asyncio.ensure_future(self.work(call))
            for call_id in pulled.drop:
                self.drop(call_id)
            await storm.clock.sleep(0.05)

    async def beat(self) -> None:
        """Says that it lives, unless its network is down for longer than the lease."""
        storm = self.storm
        while True:
            await storm.clock.sleep(LEASE / 3)
            if storm.fault("partition", 0.02):
                await storm.clock.sleep(LEASE * 1.5)
            running = (*self.running, *self.answers)
            try:
                beat = Heartbeat(received=self.received, running=running)
                for call_id in (await storm.queue.heartbeat(PROJECT, self.name, beat)).drop:
                    self.drop(call_id)
            except NotFound:
                await self.announce()

    async def work(self, call: PulledCall) -> None:
        """The tool: one effect a key, however often it runs."""
        storm = self.storm
        storm.day.runs[call.call_id] += 1
        await storm.clock.sleep(storm.chance.between(0, 2))
        if call.call_id not in storm.booked:
            storm.booked.add(call.call_id)
            storm.day.effects[call.call_id] += 1
        await storm.clock.sleep(storm.chance.between(0, 1))
        if storm.fault("hang", 0.01):
            await storm.clock.sleep(200.0)
        given = CallAnswer(
            call_id=call.call_id,
            session_id=call.session_id,
            execution_id=call.execution_id,
            attempt=call.attempt,
            result=f"booked {call.call_id}",
        )
        del self.running[call.call_id]
        self.answers[call.call_id] = given

    async def post(self) -> None:
        """Gives its answers until each is taken; some twice, some get lost on the way there or back."""
        storm = self.storm
        while True:
            await storm.clock.sleep(0.1)
            for call_id, given in list(self.answers.items()):
                if storm.fault("lost post", 0.05):
                    continue
                try:
                    times = 2 if storm.fault("double post", 0.05) else 1
                    posts = [storm.queue.answer(PROJECT, self.name, given) for _ in range(times)]
                    taken = (await asyncio.gather(*posts))[-1]
                except NotFound:
                    await self.announce()
                    continue
                if storm.fault("lost reply", 0.05):
                    continue
                storm.day.refused[404 if taken is None else taken.status] += 1
                if taken is None or taken.status != 503:
                    self.answers.pop(call_id, None)
