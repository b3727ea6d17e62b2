"""Owns who of this process waits for what hints tell of connected workers: pulls, callers, and who keeps the offers."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from mainspring.storage.postgres.hints import EVERYTHING, Hint
from mainspring.storage.postgres.text import read


class Puller:
    """A pull that is held open. `displaced`: the worker pulls again, under the same number or the next.

    `tools`: None until it has looked for the first time.
    """

    __slots__ = ("displaced", "project_id", "tools", "woken", "worker_id")

    def __init__(self, project_id: str, worker_id: str) -> None:
        self.project_id = project_id
        self.worker_id = worker_id
        self.tools: frozenset[str] | None = None
        self.woken = asyncio.Event()
        self.displaced = False

    def runs(self, tool: str) -> bool:
        """Whether it may be for calls of this tool."""
        return self.tools is None or tool in self.tools

    def shares(self, other: Puller) -> bool:
        """Whether both may be for the same calls."""
        return self.tools is None or other.tools is None or not self.tools.isdisjoint(other.tools)


class Waiting:
    """The pulls that are open here, the longest waiting first, and what else a hint may be about."""

    def __init__(self, host_id: str) -> None:
        self._host_id = host_id
        self._pullers: OrderedDict[tuple[str, str], Puller] = OrderedDict()
        self.outcomes = asyncio.Event()
        self.offers = asyncio.Event()
        self.resting = False

    def enter(self, project_id: str, worker_id: str) -> Puller:
        """A pull begins to wait; the one before of this worker is given up."""
        before = self._pullers.pop((project_id, worker_id), None)
        if before is not None:
            before.displaced = True
            before.woken.set()
        puller = self._pullers[project_id, worker_id] = Puller(project_id, worker_id)
        return puller

    def leave(self, puller: Puller) -> None:
        """It waits no more."""
        key = (puller.project_id, puller.worker_id)
        if self._pullers.get(key) is puller:
            del self._pullers[key]

    def sharers(self, puller: Puller) -> int:
        """How many of those that wait here may run some of the same tools; itself among them."""
        return 1 + sum(
            one is not puller and one.project_id == puller.project_id and one.shares(puller)
            for one in self._pullers.values()
        )

    def rest(self) -> None:
        """Every pull is answered now, and from now on."""
        self.resting = True
        self._wake_all()

    def hear(self, hint: Hint) -> None:
        """Wakes those whom a hint is for; a call wakes one."""
        if hint.tools:
            self.offers.set()
        if self._host_id in map(read, hint.outcomes) or hint == EVERYTHING:
            self.outcomes.set()
        if hint == EVERYTHING:
            self._wake_all()
            return
        for project_id, tool in hint.calls:
            self._wake_one(read(project_id), read(tool))
        for project_id, worker_id in hint.workers:
            puller = self._pullers.get((read(project_id), read(worker_id)))
            if puller is not None:
                puller.woken.set()

    def pass_on(self, puller: Puller) -> None:
        """Whoever was woken and went without looking leaves that to the next."""
        if puller.woken.is_set():
            for tool in puller.tools or ():
                self._wake_one(puller.project_id, tool)

    def _wake_all(self) -> None:
        for puller in self._pullers.values():
            puller.woken.set()

    def _wake_one(self, project_id: str, tool: str) -> None:
        for puller in self._pullers.values():
            if puller.project_id == project_id and puller.runs(tool) and not puller.woken.is_set():
                puller.woken.set()
                return
