"""Owns the port between a server and its connected workers: calls wait in a queue, are pulled under a lease, answered.

A worker's side (`announce`, `pull`, `heartbeat`, `answer`, `leave`) is what the HTTP routes serve; the tool box's side
(`offers`, `give`, `settled`) is what a session's host performs calls through. A worker sees only its project.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

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
from mainspring.runtime.tool_calls import ToolCall, ToolOutcome


class CallQueue(Protocol):
    """Calls of every project, and the workers that run them. Unknown workers are `NotFound` (`WORKER_UNKNOWN`)."""

    async def open(self) -> None:
        """Before anything else, once the store is open; raises `StoreError`."""
        ...

    async def announce(self, project_id: str, announcement: Announcement, /) -> Welcome:
        """A worker is there (again); what it says it runs stays its own, unless somebody else has it."""
        ...

    async def pull(self, project_id: str, worker_id: str, pull: Pull, /) -> Pulled:
        """Calls for a worker, as soon as there are some; none after `pull.wait`."""
        ...

    async def heartbeat(self, project_id: str, worker_id: str, beat: Heartbeat, /) -> Beat:
        """A worker lives."""
        ...

    async def answer(self, project_id: str, worker_id: str, answer: CallAnswer, /) -> AnswerTaken | None:
        """Takes an answer, once; returns when it is on disk. None: the call is not (or no longer) in the queue."""
        ...

    async def leave(self, project_id: str, worker_id: str, leave: Leave, /) -> None:
        """A worker goes: what it still runs is lost, what it never received goes to others."""
        ...

    async def workers(self, project_id: str, /) -> WorkerList:
        """Who is connected."""
        ...

    async def tools_of(self, project_id: str, worker_id: str, /) -> frozenset[str]:
        """The names a worker announced."""
        ...

    def offers(self, project_id: str, /) -> Mapping[str, RemoteTool]:
        """The tools that workers of the project run, or did a moment ago."""
        ...

    async def give(self, call: ToolCall, /) -> ToolOutcome:
        """Runs a call on a worker; cancelling takes it back. A lost worker is an outcome that is `unknown`."""
        ...

    def settled(self, call: ToolCall, /, *, durable: bool) -> None:
        """The outcome of a call was recorded, or could not be: whoever answered may be told."""
        ...

    def rest(self) -> None:
        """The process is about to end: open pulls are answered, with nothing."""
        ...

    async def close(self) -> None:
        """Nobody pulls or waits any more."""
        ...
