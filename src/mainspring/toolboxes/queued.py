"""Owns the calls and the connected workers of one project: who gets which call, and who was lost."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mainspring.model.tool_work import (
    Announcement,
    Pulled,
    RemoteTool,
    WorkerList,
    WorkerView,
)
from mainspring.runtime.ports import Clock
from mainspring.runtime.remote_calls import (
    LEFT,
    LOST,
    NOBODY_CAME,
    UNCLAIMED,
    Patience,
    pulled_call,
)
from mainspring.runtime.tool_calls import ToolCall, ToolOutcome


@dataclass(slots=True, eq=False)
class Entry:
    """A call. `ready` waits for any worker, `held` is a worker's, `unclaimed` may run on one that was not heard of."""

    call: ToolCall
    outcome: asyncio.Future[ToolOutcome]
    since: float
    order: int
    state: Literal["ready", "held", "unclaimed", "over"] = "ready"
    worker: Worker | None = None
    batch: int = 0


@dataclass(slots=True, eq=False)
class Worker:
    """A connected worker. `number`: its last pull; `batch`: the calls of that; `claims`: what it says it runs."""

    id: str
    label: str
    tools: frozenset[str]
    seen: float
    number: int = 0
    batch: list[Entry] = field(default_factory=list[Entry])
    held: dict[str, Entry] = field(default_factory=dict[str, Entry])
    claims: set[str] = field(default_factory=set[str])
    drop: set[str] = field(default_factory=set[str])
    waiting: asyncio.Future[None] | None = None
    most: int = 0

    def begin(self, number: int) -> None:
        """The next pull: the calls of the one before have arrived."""
        self.number = number
        self.batch = []
        self.wake()

    def wake(self) -> None:
        """Answers the pull that is open."""
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)

    def pulled(self) -> Pulled:
        """What the last pull brought, and still counts."""
        calls = tuple(pulled_call(entry.call) for entry in self.batch if entry.worker is self)
        return Pulled(calls=calls, drop=tuple(self.drop))

    def forgotten(self, running: frozenset[str], received: int) -> list[Entry]:
        """Calls that arrived here, but are not among those that run."""
        return [
            entry
            for call_id, entry in self.held.items()
            if call_id not in running and entry.batch <= received
        ]


class Project:
    """The queue of one project. Nothing here waits; futures tell those who do."""

    def __init__(self, project_id: str, clock: Clock, patience: Patience) -> None:
        self.id = project_id
        self._clock = clock
        self._patience = patience
        self.entries: dict[str, Entry] = {}
        self.workers: dict[str, Worker] = {}
        self._ready: dict[str, deque[Entry]] = {}
        self._line: OrderedDict[str, Worker] = OrderedDict()
        self._dealing = False
        self._order = 0
        self._offered: dict[str, RemoteTool] = {
            name: RemoteTool(name=name) for name in sorted(patience.expected)
        }
        self._gone: dict[str, float] = {}

    @property
    def lives(self) -> bool:
        """Whether there is anybody or anything to look after."""
        return bool(self.workers or self.entries or self._gone)

    # ---- workers --------------------------------------------------------------------------------------------

    def announce(self, announcement: Announcement) -> list[str]:
        """Takes a worker in; which of the calls it runs somebody else has by now."""
        worker = self.workers.get(announcement.worker_id)
        if worker is None:
            worker = Worker(announcement.worker_id, "", frozenset(), 0.0)
            self.workers[worker.id] = worker
        worker.label = announcement.name or announcement.worker_id
        worker.tools = frozenset(tool.name for tool in announcement.tools)
        worker.seen = self._clock.monotonic()
        fresh = {tool.name: tool for tool in announcement.tools}
        if any(self._offered.get(name) != tool for name, tool in fresh.items()):
            self._offered = {**self._offered, **fresh}
        for name in fresh:
            self._gone.pop(name, None)
        self._note_gone()
        return [call.call_id for call in announcement.running if not self._claim(worker, call.call_id)]

    def _claim(self, worker: Worker, call_id: str) -> bool:
        """Leaves a call with the worker that says it runs it; False: another one has it."""
        entry = self.entries.get(call_id)
        if entry is None:
            worker.claims.add(call_id)
            return True
        if entry.state == "held":
            return entry.worker is worker
        self._hold(worker, entry)
        return True

    def leave(self, worker: Worker, received: int) -> None:
        """A worker goes; calls that never arrived there are for others."""
        self._remove(worker)
        for entry in list(worker.held.values()):
            if entry.batch > received:
                del worker.held[entry.call.call_id]
                self._queue(entry)
            else:
                self.lose(entry, LEFT.format(label=worker.label))

    def _remove(self, worker: Worker) -> None:
        del self.workers[worker.id]
        self._line.pop(worker.id, None)
        worker.begin(worker.number + 1)
        self._note_gone()

    def _note_gone(self) -> None:
        """Notes since when nobody runs a tool."""
        now = self._clock.monotonic()
        served = frozenset[str]().union(*(worker.tools for worker in self.workers.values()))
        for name in self._offered:
            if name not in served and name not in self._patience.expected:
                self._gone.setdefault(name, now)

    def offered(self) -> Mapping[str, RemoteTool]:
        """The tools that workers run, or did a moment ago; another object whenever they change."""
        return self._offered

    def view(self, wall: float) -> WorkerList:
        """Everybody, for people; `wall`: what turns monotonic time into Unix seconds."""
        workers = tuple(
            WorkerView(
                worker_id=worker.id,
                name=worker.label,
                tools=tuple(sorted(worker.tools)),
                running=len(worker.held),
                seen=round(worker.seen + wall, 3),
            )
            for worker in self.workers.values()
        )
        waiting = Counter(entry.call.tool for entry in self.entries.values() if entry.state == "ready")
        return WorkerList(workers=workers, waiting=dict(waiting))

    # ---- calls ----------------------------------------------------------------------------------------------

    def give(self, call: ToolCall) -> Entry:
        """A call for whoever comes first; one that was begun before waits for who runs it."""
        outcome: asyncio.Future[ToolOutcome] = asyncio.get_running_loop().create_future()
        self._order += 1
        entry = Entry(call, outcome, self._clock.monotonic(), self._order)
        self.entries[call.call_id] = entry
        claimant = next((one for one in self.workers.values() if call.call_id in one.claims), None)
        if claimant is not None:
            claimant.claims.discard(call.call_id)
            self._hold(claimant, entry)
        elif call.resumed:
            entry.state = "unclaimed"
        else:
            self._queue(entry)
        return entry

    def _queue(self, entry: Entry) -> None:
        entry.state, entry.worker, entry.batch = "ready", None, 0
        entry.since = self._clock.monotonic()
        self._ready.setdefault(entry.call.tool, deque()).append(entry)
        if self._line and not self._dealing:
            self._dealing = True
            asyncio.get_running_loop().call_soon(self._deal_round)

    def _hold(self, worker: Worker, entry: Entry) -> None:
        entry.state, entry.worker, entry.batch = "held", worker, 0
        worker.held[entry.call.call_id] = entry

    def finish(self, entry: Entry, outcome: ToolOutcome) -> None:
        """A call has its outcome; another worker that runs it may stop."""
        self._take_out(entry)
        if not entry.outcome.done():
            entry.outcome.set_result(outcome)

    def lose(self, entry: Entry, why: str) -> None:
        """Nobody knows what became of a call."""
        self.finish(entry, ToolOutcome(error=why, unknown=True))

    def withdraw(self, entry: Entry) -> None:
        """Nobody wants the outcome of a call any more."""
        worker = entry.worker
        if entry.state == "over":
            return
        self._take_out(entry)
        if worker is not None:
            worker.drop.add(entry.call.call_id)
            worker.wake()

    def _take_out(self, entry: Entry) -> None:
        call_id = entry.call.call_id
        if self.entries.get(call_id) is entry:
            del self.entries[call_id]
        if entry.worker is not None:
            entry.worker.held.pop(call_id, None)
        entry.state, entry.worker = "over", None

    # ---- dealing --------------------------------------------------------------------------------------------

    def deal(self, worker: Worker, most: int) -> None:
        """Gives a worker what is ready for it, the oldest first; others that wait have had theirs."""
        while len(worker.batch) < most and (entry := self._oldest(worker.tools)) is not None:
            self._assign(worker, entry)

    def wait(self, worker: Worker, most: int) -> asyncio.Future[None]:
        """Puts a worker in the line; done when there are calls for it."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        worker.waiting, worker.most = waiting, most
        self._line[worker.id] = worker
        return waiting

    def wait_no_more(self, worker: Worker, waiting: asyncio.Future[None]) -> None:
        """The pull ended, with calls or without."""
        if worker.waiting is waiting:
            worker.waiting = None
            if self._line.get(worker.id) is worker:
                del self._line[worker.id]

    def wake_all(self) -> None:
        """Every pull is answered now."""
        for worker in self.workers.values():
            worker.wake()

    def _deal_round(self) -> None:
        """Shares what is ready among those who wait, one call each in turn."""
        self._dealing = False
        line = deque(self._line.values())
        while line:
            worker = line.popleft()
            entry = self._oldest(worker.tools) if len(worker.batch) < worker.most else None
            if entry is None:
                continue
            self._assign(worker, entry)
            worker.wake()
            line.append(worker)

    def _oldest(self, tools: frozenset[str]) -> Entry | None:
        found: Entry | None = None
        for name in tools if len(tools) < len(self._ready) else tuple(self._ready):
            entry = self._first(name) if name in tools else None
            if entry is not None and (found is None or entry.order < found.order):
                found = entry
        return found

    def _first(self, tool: str) -> Entry | None:
        """The oldest call of a tool that is ready; those that were taken out since are dropped on the way."""
        entries = self._ready.get(tool)
        while entries:
            if entries[0].state == "ready":
                return entries[0]
            entries.popleft()
        self._ready.pop(tool, None)
        return None

    def _assign(self, worker: Worker, entry: Entry) -> None:
        self._ready[entry.call.tool].popleft()
        entry.state, entry.worker, entry.batch = "held", worker, worker.number
        worker.held[entry.call.call_id] = entry
        worker.batch.append(entry)

    # ---- time -----------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Ends what was waited for too long."""
        now = self._clock.monotonic()
        for worker in [one for one in self.workers.values() if one.seen + self._patience.lease <= now]:
            self._remove(worker)
            for entry in list(worker.held.values()):
                self.lose(entry, LOST.format(label=worker.label))
        for entry in [one for one in self.entries.values() if self._nobody_came(one, now)]:
            if entry.state == "unclaimed":
                self.lose(entry, UNCLAIMED)
            else:
                error = NOBODY_CAME.format(tool=entry.call.tool)
                self.finish(entry, ToolOutcome(error=error, retryable=True))
        self._forget([name for name, began in self._gone.items() if began + self._patience.grace <= now])

    def _forget(self, names: list[str]) -> None:
        """These tools are nobody's any more."""
        for name in names:
            del self._gone[name]
        if names:
            self._offered = {name: tool for name, tool in self._offered.items() if name not in names}

    def _nobody_came(self, entry: Entry, now: float) -> bool:
        if entry.state == "unclaimed":
            return entry.since + self._patience.lease <= now
        if entry.state != "ready" or entry.since + self._patience.grace > now:
            return False
        return not any(entry.call.tool in worker.tools for worker in self.workers.values())
