"""Owns the port `Dispatch`: which host drives an execution, who takes over, and how hosts reach each other.

A *host* is one process, or one instance of the runtime in it; its id is new at each start, so a lease never outlives
who held it. Hosts share one store and are equal: any of them takes any request and finishes any execution.

What an engine of executions would call spawn, park, wake, schedule, complete are no calls of this port. A store derives
them from the append that makes them true, in the same transaction, so there is no moment at which one knows of it and
the other does not:

| append | what it means |
| --- | --- |
| `claim`, `patch.active_execution` = id | an execution begins; the session's owner drives it |
| `patch.waiting` = True | it parks: nothing is left that a host performs; whoever brings news may take it |
| `patch.waiting` = False | it is driven again, by the session's owner |
| `patch.wake_at` = time | somebody takes it up then, if nothing else has moved it before (0: no more) |
| `patch.active_execution` = "" | it is over; its timer is forgotten |

The **owner** is the host that took the session last (`EventLog.take`, `Dispatch.work`). It means something only while
an execution *runs*: open and not waiting. The **epoch** alone fences: it grows with each take, and an append under an
older one is refused. So a wrong belief about who lives costs work, never truth.
"""

from __future__ import annotations

from typing import Protocol

from mainspring.model.values import Value


class HostRecord(Value, frozen=True, kw_only=True):
    """A host, as it tells of itself. `name`: for people; `since`, `seen`: Unix seconds; `draining`: it takes no work.

    `running`: executions it drives; `readers`: streams it feeds. Both as of `seen`.
    """

    id: str
    name: str
    version: str
    since: float
    seen: float
    draining: bool = False
    running: int = 0
    readers: int = 0


class Hold(Value, frozen=True, kw_only=True):
    """What came of taking a session, under `epoch`.

    `driver` None: the asking host has it, and whoever had it is fenced. Else nothing was changed: that live host runs
    an execution in it. `handed_over`: nobody owned it, so what is open in it was given up cleanly, not by a crash.
    """

    epoch: int
    driver: str | None = None
    handed_over: bool = False


class Work(Value, frozen=True, kw_only=True):
    """An execution that was claimed for the asking host; the same as having taken its session (`Hold`).

    `due`: it waits, and its `wake_at` has passed; else it ran, and nobody drives it any more.
    """

    session_id: str
    epoch: int
    handed_over: bool = False
    due: bool = False


class Letter(Value, frozen=True, kw_only=True):
    """A command to a session that the live host `to` runs; `body` is opaque to the store.

    `id` is its sender's: the same letter sent again is one letter, as long as an answer is kept.
    """

    id: str
    to: str
    session_id: str
    body: bytes


class News(Value, frozen=True, kw_only=True):
    """What a host was told of since it last looked: hints, which may be late, lost, or for nothing.

    `work`: asking for `work` may be worth it; `letters`: asking for `letters` may be. `grown`: sessions that others may
    have appended to, with a cursor that is on disk.
    """

    work: bool = False
    letters: bool = False
    grown: tuple[tuple[str, int], ...] = ()


class Pace(Value, frozen=True, kw_only=True):
    """How often a host has to act without being told, in seconds.

    `beat`: it says that it lives (`join`); None: the store knows by itself. `look`: it looks for work and for what
    others appended, because hints get lost; None: nobody else writes, or no hint is ever lost.
    """

    beat: float | None = None
    look: float | None = None


class Dispatch(Protocol):
    """Who drives what. Every method raises `StoreError` when the database fails."""

    @property
    def pace(self) -> Pace:
        """How often to act without news; the same while the store is open."""
        ...

    async def join(self, host: HostRecord, /) -> None:
        """Enters a host among the living; again with the same id: it lives still, and this is what it says of itself.

        A host is *live* from here until `leave`, or until the store has found it dead: its connection is gone, or it
        gave no sign for the lease. A dead one may join again: what was claimed from it meanwhile stays claimed.
        """
        ...

    async def leave(self, host_id: str, /) -> None:
        """A clean end: the executions it ran have no owner from now on, and the others are told (`News.work`).

        Letters to it that are not answered come back to who sent them. An unknown host is no error.
        """
        ...

    async def hosts(self) -> list[HostRecord]:
        """The live ones, oldest first, as each told last."""
        ...

    async def work(self, host_id: str, now: float, limit: int, /) -> list[Work]:
        """Claims up to `limit` executions for a live host: each is given to one host alone, at a new epoch.

        Those that run in sessions whose owner is not live (or nobody), and those that wait with `wake_at` <= `now`
        (wall time). A claimed one is not given again while its new owner lives; one that was due is given again only if
        its `wake_at` still has passed, so whoever gets it moves or clears that. What the asking host owns and runs
        itself is no work for it.
        """
        ...

    async def send(self, letter: Letter, /) -> bytes | None:
        """Hands a letter to a host and waits for its answer; None: the host is not live, or ended without an answer.

        None does not say that nothing was done: a command has to bear being given twice. Cancelling takes it back if
        it was not handed out yet. The sender bounds how long it waits.
        """
        ...

    async def letters(self, host_id: str, /) -> list[Letter]:
        """Letters to a host, each handed out at least once, in the order they were sent."""
        ...

    async def answer(self, letter: Letter, body: bytes, /) -> None:
        """Answers a letter; kept at least until its sender has it. Again, or after the sender left, is no error."""
        ...

    async def changed(self, host_id: str, /) -> None:
        """Returns once there may be news for a host; at once if `news` has not given it yet. May be cancelled."""
        ...

    def news(self, host_id: str, /) -> News:
        """What gathered since the last call, from memory; `grown` may name sessions the host appended to itself."""
        ...
