"""Owns turns as a store sees them, the same rows for a bare loop and for ours: how many a second, how long each.

One turn: it is accepted, the model streams and asks for a tool, the result comes, the model streams again, it is over:
ten appends, a hundred deltas, nineteen facts. Each append is awaited before the next, as readers see nothing sooner.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from benchmarks.measures import at
from mainspring.model.rows import Row
from mainspring.runtime.ports import SessionPatch
from mainspring.testing.samples import deltas, fact

CPU = Callable[[], float]


@dataclass(frozen=True)
class Step:
    """One append of a turn, whose first cursor is `rows[0].first`, counted from the turn's first."""

    rows: tuple[Row, ...]
    patch: SessionPatch | None = None
    claim: bool = False


class Turns(Protocol):
    """A database to write turns to."""

    async def begin(self, session: str) -> None:
        """Makes a session, whose journal ends at cursor 1."""
        ...

    def append(self, session: str, step: Step) -> Awaitable[None]:
        """Done when the step is on disk."""
        ...


@dataclass(frozen=True)
class Wrote:
    """What the turns came to: a second, seconds each at the median and at 99 %, CPU seconds each."""

    rate: float
    median: float
    slow: float
    cpu: float


def steps(number: int) -> list[Step]:
    """The appends of a session's turn `number`, from 0."""
    told: list[Step] = []
    cursor = 2 + number * 119

    def add(facts: int, texts: int = 0, *, claim: bool = False, **patch: object) -> None:
        nonlocal cursor
        rows = [
            fact(cursor + place, f'{{"type":"fact","n":{place},"text":"{"x" * 160}"}}'.encode())
            for place in range(facts)
        ]
        if texts:
            rows.append(
                deltas(cursor + facts, *(f" word{place}" for place in range(texts)), part="txt_2_0_1_3_0")
            )
        cursor += facts + texts
        changed = SessionPatch(updated_at=1000.0, **patch) if patch else None  # type: ignore[arg-type]  # its members
        told.append(Step(tuple(rows), changed, claim))

    add(6, claim=True, active_execution=f"exe_{number}", status="active")
    add(1, 5)
    add(5, waiting=True)
    add(2, waiting=False)
    for _ in range(5):
        add(0, 19)
    add(5, active_execution="")
    return told


async def write(turns: Turns, cpu: CPU, *, name: str, count: int, at_once: int) -> Wrote:
    """Writes `count` turns, `at_once` sessions at a time; `name` tells this run's sessions from others."""
    times: list[float] = []
    each = max(2, count // at_once)
    names = [f"{name}_{number}" for number in range(at_once)]
    for session in names:
        await turns.begin(session)
    prepared = [steps(number) for number in range(each)]

    async def work(session: str) -> None:
        for turn in prepared:
            began = time.monotonic()
            for step in turn:
                await turns.append(session, step)
            times.append(time.monotonic() - began)

    used, began = cpu(), time.monotonic()
    await asyncio.gather(*map(work, names))
    wall, used = time.monotonic() - began, cpu() - used
    times.sort()
    return Wrote(len(times) / wall, statistics.median(times), at(times, 0.99), used / len(times))
