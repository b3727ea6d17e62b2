"""Owns the call queue of one process: who is connected, which call waits or runs where, and what was answered."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType

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
from mainspring.runtime.remote_calls import (
    FORGOTTEN,
    Patience,
    answer_digest,
    contradicted,
    outcome_of,
    unknown_worker,
)
from mainspring.runtime.tool_calls import ToolCall, ToolOutcome
from mainspring.toolboxes.queued import Entry, Project, Worker

KEPT_ANSWERS = 10_000
"""How many answers are remembered, so that the same one again gets the same answer."""
NOTHING: Mapping[str, RemoteTool] = MappingProxyType({})
Key = tuple[str, str]


class _Answered:
    """An answer that was taken; `recorded` is done when it is on disk."""

    __slots__ = ("digest", "recorded")

    def __init__(self, digest: str, recorded: asyncio.Future[None]) -> None:
        self.digest = digest
        self.recorded = recorded


class MemoryCallQueue:
    """A `CallQueue` in memory. What it held when the process ended is held again by the sessions' hosts."""

    def __init__(self, clock: Clock, patience: Patience | None = None) -> None:
        self._clock = clock
        self._patience = patience or Patience()
        self._projects: dict[str, Project] = {}
        self._answers: OrderedDict[Key, dict[int, _Answered]] = OrderedDict()
        self._pulse: asyncio.Task[None] | None = None
        self._resting = False

    async def open(self) -> None:
        """There is nothing to wait for."""

    # ---- the workers' side ----------------------------------------------------------------------------------

    async def announce(self, project_id: str, announcement: Announcement, /) -> Welcome:
        """A worker is there (again)."""
        drop = self._project(project_id).announce(announcement)
        self._beat()
        return self._patience.welcome(tuple(drop))

    async def pull(self, project_id: str, worker_id: str, pull: Pull, /) -> Pulled:
        """Calls for a worker, as soon as there are some."""
        project, worker = self._worker(project_id, worker_id)
        if pull.number != worker.number:
            worker.begin(pull.number)
        elif worker.batch:
            return worker.pulled()
        project.deal(worker, pull.most)
        if worker.batch or worker.drop or self._resting or pull.wait <= 0:
            return worker.pulled()
        await self._wait(project, worker, pull)
        return worker.pulled() if worker.number == pull.number else Pulled()

    async def _wait(self, project: Project, worker: Worker, pull: Pull) -> None:
        worker.wake()  # a pull of the same number: the worker has given the other one up
        waiting = project.wait(worker, pull.most)
        timer = asyncio.ensure_future(self._clock.sleep(min(pull.wait, self._patience.poll)))
        try:
            await asyncio.wait((waiting, timer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            project.wait_no_more(worker, waiting)

    async def heartbeat(self, project_id: str, worker_id: str, beat: Heartbeat, /) -> Beat:
        """A worker lives; what arrived there and runs there no more was lost with its answer."""
        project, worker = self._worker(project_id, worker_id)
        running = frozenset(beat.running)
        for entry in worker.forgotten(running, beat.received):
            project.lose(entry, FORGOTTEN.format(label=worker.label))
        worker.drop &= running
        return Beat(drop=tuple(worker.drop))

    async def answer(self, project_id: str, worker_id: str, answer: CallAnswer, /) -> AnswerTaken | None:
        """Takes an answer, once; returns when it is on disk."""
        project, _ = self._worker(project_id, worker_id)
        key = (project_id, answer.call_id)
        digest = answer_digest(answer)
        before = self._answers.get(key, {})
        known = before.get(answer.attempt)
        entry = project.entries.get(answer.call_id)
        if known is None and entry is not None:
            if answer.error is not None and answer.attempt < entry.call.attempt:
                return AnswerTaken(call_id=answer.call_id)
            known = self._accept(project, entry, answer, digest)
        if known is None and before:
            known = list(before.values())[-1]
        if known is None:
            return None
        if known.digest != digest:
            return contradicted(answer.call_id)
        return await self._recorded(answer.call_id, known)

    def _accept(self, project: Project, entry: Entry, answer: CallAnswer, digest: str) -> _Answered:
        key = (project.id, answer.call_id)
        known = _Answered(digest, asyncio.get_running_loop().create_future())
        attempts = self._answers.setdefault(key, {})
        attempts[answer.attempt] = attempts[entry.call.attempt] = known
        self._answers.move_to_end(key)
        while len(self._answers) > KEPT_ANSWERS and self._is_old(next(iter(self._answers.values()))):
            self._answers.popitem(last=False)
        project.finish(entry, outcome_of(answer))
        return known

    @staticmethod
    def _is_old(attempts: dict[int, _Answered]) -> bool:
        return all(known.recorded.done() for known in attempts.values())

    @staticmethod
    async def _recorded(call_id: str, known: _Answered) -> AnswerTaken:
        await asyncio.wait((known.recorded,))
        if known.recorded.cancelled():
            message = "The answer could not be recorded; give it again."
            return AnswerTaken(call_id=call_id, status=503, code="NOT_RECORDED", error=message)
        return AnswerTaken(call_id=call_id)

    async def leave(self, project_id: str, worker_id: str, leave: Leave, /) -> None:
        """A worker goes: what it still runs is lost, what it never received goes to others."""
        project, worker = self._worker(project_id, worker_id)
        project.leave(worker, leave.received)

    async def workers(self, project_id: str, /) -> WorkerList:
        """Who is connected."""
        project = self._projects.get(project_id)
        if project is None:
            return WorkerList(workers=())
        late = self._clock.now() - self._clock.monotonic()
        return project.view(late)

    async def tools_of(self, project_id: str, worker_id: str, /) -> frozenset[str]:
        """The names a worker announced."""
        return self._worker(project_id, worker_id)[1].tools

    # ---- the box's side -------------------------------------------------------------------------------------

    def offers(self, project_id: str, /) -> Mapping[str, RemoteTool]:
        """The tools that workers of the project run, or did a moment ago."""
        project = self._projects.get(project_id)
        if project is None and not self._patience.expected:
            return NOTHING
        return (project or self._project(project_id)).offered()

    async def give(self, call: ToolCall, /) -> ToolOutcome:
        """Runs a call on a worker; cancelling takes it back."""
        project = self._project(call.project_id)
        entry = project.give(call)
        self._beat()
        try:
            return await entry.outcome
        finally:
            project.withdraw(entry)

    def settled(self, call: ToolCall, /, *, durable: bool) -> None:
        """The outcome of a call was recorded, or could not be: whoever answered may be told."""
        known = self._answers.get((call.project_id, call.call_id), {}).get(call.attempt)
        if known is None or known.recorded.done():
            return
        if durable:
            known.recorded.set_result(None)
            return
        known.recorded.cancel()
        del self._answers[call.project_id, call.call_id]

    def rest(self) -> None:
        """The process is about to end: open pulls are answered, with nothing."""
        self._resting = True
        for project in self._projects.values():
            project.wake_all()

    async def close(self) -> None:
        """Nobody pulls or waits any more."""
        self.rest()
        if self._pulse is not None:
            self._pulse.cancel()
            self._pulse = None
        for attempts in self._answers.values():
            for known in attempts.values():
                known.recorded.cancel()

    # ---- time -----------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        if self._pulse is None and not self._resting:
            self._pulse = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        """Looks for who was not heard of, as long as there is anybody or anything to look after."""
        while any(project.lives for project in self._projects.values()):
            await self._clock.sleep(self._patience.lease / 6)
            for project in self._projects.values():
                project.check()
        self._pulse = None

    def _project(self, project_id: str) -> Project:
        project = self._projects.get(project_id)
        if project is None:
            project = self._projects[project_id] = Project(project_id, self._clock, self._patience)
        return project

    def _worker(self, project_id: str, worker_id: str) -> tuple[Project, Worker]:
        project = self._projects.get(project_id)
        worker = None if project is None else project.workers.get(worker_id)
        if project is None or worker is None:
            raise unknown_worker(worker_id)
        worker.seen = self._clock.monotonic()
        return project, worker
