"""Owns a call queue on a manual clock, with a box before it and workers that are moved by hand."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from mainspring.model.messages import Sender
from mainspring.model.tool_work import (
    Announcement,
    AnswerTaken,
    CallAnswer,
    Heartbeat,
    Pull,
    Pulled,
    RemoteTool,
    RunningCall,
    Welcome,
)
from mainspring.runtime.call_queue import CallQueue
from mainspring.runtime.remote_calls import Patience
from mainspring.runtime.tool_calls import ToolCall, ToolOutcome
from mainspring.testing.clock import ManualClock
from mainspring.toolboxes.connected import ConnectedBox
from mainspring.toolboxes.memory_queue import MemoryCallQueue

T = TypeVar("T")
PROJECT = "default"
LOOK = RemoteTool(name="look", description="Looks", input_schema={"type": "object"})


def call(number: int = 1, *, attempt: int = 1, resumed: bool = False, tool: str = "look") -> ToolCall:
    """A call of the project."""
    return ToolCall(
        call_id=f"call_{number}",
        attempt=attempt,
        tool=tool,
        args={"where": "here"},
        project_id=PROJECT,
        session_id="ses_1",
        execution_id="exe_1",
        agent="helper",
        deadline=2000.0,
        sender=Sender(name="Ada"),
        resumed=resumed,
    )


def answer(number: int = 1, result: Any = "seen", *, attempt: int = 1, **more: Any) -> CallAnswer:
    """What a worker says to it."""
    given = {"result": result, **more}
    return CallAnswer(
        call_id=f"call_{number}", session_id="ses_1", execution_id="exe_1", attempt=attempt, **given
    )


class Bench:
    """A queue with a box before it, as a session's host uses them."""

    def __init__(self, **patience: Any) -> None:
        self.clock = ManualClock(1000.0)
        self._before(MemoryCallQueue(self.clock, Patience(**patience)))

    @classmethod
    def of(cls, queue: CallQueue) -> "Bench":
        """A bench for another queue, whose time is not this one's."""
        bench = cls()
        bench._before(queue)
        return bench

    def _before(self, queue: CallQueue) -> None:
        self.queue: CallQueue = queue
        self.box = ConnectedBox(queue)
        self.numbers: dict[str, int] = {}

    async def announce(
        self, worker: str = "w1", *tools: RemoteTool, running: tuple[str, ...] = ()
    ) -> Welcome:
        """A worker is there."""
        return await self.queue.announce(
            PROJECT,
            Announcement(
                worker_id=worker,
                name=worker.upper(),
                tools=tools or (LOOK,),
                running=tuple(RunningCall(call_id=one) for one in running),
            ),
        )

    def begin(self, given: ToolCall) -> "asyncio.Task[ToolOutcome]":
        """The call is asked for."""
        return asyncio.ensure_future(self.box.call(given))

    async def recorded(self, task: "asyncio.Task[ToolOutcome]", given: ToolCall) -> ToolOutcome:
        """The outcome of a call, on disk."""
        outcome = await task
        self.box.settled(given, durable=True)
        return outcome

    def pulling(self, worker: str = "w1", most: int = 10, wait: float = 20.0) -> "asyncio.Task[Pulled]":
        """The next pull of a worker."""
        self.numbers[worker] = self.numbers.get(worker, 0) + 1
        return self.again(worker, most, wait)

    def again(self, worker: str = "w1", most: int = 10, wait: float = 20.0) -> "asyncio.Task[Pulled]":
        """The same pull once more."""
        pull = Pull(number=self.numbers[worker], most=most, wait=wait)
        return asyncio.ensure_future(self.queue.pull(PROJECT, worker, pull))

    async def pull(self, worker: str = "w1", most: int = 10) -> list[str]:
        """The ids of the calls that are there."""
        return [one.call_id for one in (await self.pulling(worker, most, wait=0)).calls]

    def answering(self, given: CallAnswer, worker: str = "w1") -> "asyncio.Task[AnswerTaken | None]":
        """An answer is posted."""
        return asyncio.ensure_future(self.queue.answer(PROJECT, worker, given))

    async def beat(self, worker: str = "w1", *running: str) -> tuple[str, ...]:
        """A heartbeat; what to drop."""
        beat = Heartbeat(received=self.numbers.get(worker, 0), running=running)
        return (await self.queue.heartbeat(PROJECT, worker, beat)).drop


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a test's work on a loop of its own."""
    return asyncio.run(work)
