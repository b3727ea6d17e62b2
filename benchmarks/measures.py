"""Owns the measures: each runs one kind of load against one subject and says what it cost."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from benchmarks.connection import Connection, Reply
from benchmarks.subjects import Subject

Figures = dict[str, float]
Turn = Callable[[Subject, Connection, str], Awaitable[Reply]]


@dataclass(frozen=True)
class Size:
    """How much load a run puts on."""

    alone: int
    turns: int
    paced: int
    crowd: int
    history: int
    deltas: int
    opened: int
    rounds: int

    def times(self, rounds: int) -> "Size":
        """The same load, measured that often."""
        return replace(self, rounds=rounds)


FULL = Size(alone=60, turns=800, paced=100, crowd=300, history=1000, deltas=200, opened=10_000, rounds=3)
QUICK = Size(alone=20, turns=120, paced=30, crowd=60, history=200, deltas=100, opened=1000, rounds=1)


def at(ordered: list[float], share: float) -> float:
    """The value below which `share` of the ordered values lie."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def a_turn(subject: Subject, connection: Connection, session: str) -> Reply:
    """Text of 200 deltas."""
    reply = await subject.turn(connection, session)
    assert reply.deltas == 200, (subject.name, reply.deltas)
    return reply


async def b_turn(subject: Subject, connection: Connection, session: str) -> Reply:
    """A tool call, its result, 50 deltas."""
    reply = await subject.tool_turn(connection, session)
    assert reply.deltas == 50, (subject.name, reply.deltas)
    return reply


async def sessions(subject: Subject, model: str, count: int) -> list[str]:
    """New sessions."""
    connection = await Connection.open(subject.url)
    made = [await subject.session(connection, model) for _ in range(count)]
    connection.close()
    return made


@dataclass(frozen=True)
class Ran:
    """What a crowd of turns came to: seconds, and CPU seconds of the subject."""

    wall: float
    cpu: float
    replies: list[Reply]

    def times(self) -> list[float]:
        """How long each turn took, in order."""
        return sorted(reply.took for reply in self.replies)


async def crowd(subject: Subject, turn: Turn, names: list[str], at_once: int) -> Ran:
    """Runs a turn in each session, `at_once` at a time."""
    waiting = list(names)
    replies: list[Reply] = []
    connections = await asyncio.gather(*(Connection.open(subject.url) for _ in range(at_once)))

    async def work(connection: Connection) -> None:
        while waiting:
            replies.append(await turn(subject, connection, waiting.pop()))

    cpu, began = subject.cpu(), time.monotonic()
    await asyncio.gather(*(work(connection) for connection in connections))
    wall = time.monotonic() - began
    await asyncio.sleep(0.1)  # what the server still tidies up belongs to the turns
    cpu = subject.cpu() - cpu
    for connection in connections:
        connection.close()
    return Ran(wall, cpu, replies)


async def first_delta(subject: Subject, size: Size) -> Figures:
    """The time to the first delta of a paced answer, less what the model itself takes."""
    direct = await Connection.open(subject.model_url)
    model = "bench-paced-3"  # paced: no end comes right behind that would carry the first delta along
    asked = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    bare: list[float] = []
    through: list[float] = []
    connection = await Connection.open(subject.url)
    for name in await sessions(subject, model, size.alone):
        reply = await direct.request("POST", "/v1/chat/completions", asked)
        bare.append(reply.first_byte)
        through.append((await subject.turn(connection, name)).first_delta)
    direct.close()
    connection.close()
    return {"added time to first delta, ms": 1000 * (statistics.median(through) - statistics.median(bare))}


async def a_turns(subject: Subject, size: Size) -> Figures:
    """A turns, 16 at once."""
    names = await sessions(subject, "bench-200", size.turns)
    ran = await crowd(subject, a_turn, names, 16)
    return {
        "A turns/s, 16 at once": size.turns / ran.wall,
        "CPU s per 1000 A": 1000 * ran.cpu / size.turns,
        "CPU us per delta, burst": 1e6 * ran.cpu / size.turns / 200,
    }


async def b_turns(subject: Subject, size: Size) -> Figures:
    """B turns, 16 at once."""
    names = await sessions(subject, "bench-tool-50", size.turns)
    ran = await crowd(subject, b_turn, names, 16)
    return {"B turns/s, 16 at once": size.turns / ran.wall, "CPU s per 1000 B": 1000 * ran.cpu / size.turns}


async def spread(subject: Subject, size: Size) -> Figures:
    """A turns, 64 at once: how evenly they are served."""
    times = (await crowd(subject, a_turn, await sessions(subject, "bench-200", size.turns), 64)).times()
    return {"A turn p99/p50, 64 at once": at(times, 0.99) / at(times, 0.5)}


async def paced(subject: Subject, size: Size) -> Figures:
    """Streams at 50 deltas a second: the price of a delta that comes alone."""
    model = f"bench-paced-{size.deltas}"
    names = await sessions(subject, model, size.paced)
    ran = await crowd(subject, Subject.turn, names, size.paced)
    return {"CPU us per delta, paced": 1e6 * ran.cpu / (size.paced * size.deltas)}


async def many(subject: Subject, size: Size) -> Figures:
    """Many paced streams: how late the deltas are, and what it takes in memory."""
    names = await sessions(subject, f"bench-paced-{size.deltas}", size.crowd)
    peak = 0.0
    done = asyncio.Event()

    async def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, subject.memory())
            await asyncio.sleep(0.2)

    watching = asyncio.ensure_future(watch())
    ran = await crowd(subject, Subject.turn, names, size.crowd)
    done.set()
    await watching
    lags = sorted(lag for reply in ran.replies for lag in reply.lags)
    expected = size.crowd * size.deltas
    return {
        "many paced streams: turn time, s": statistics.median(ran.times()),
        "many paced streams: lag p99, ms": 1000 * at(lags, 0.99),
        "many paced streams: deltas lost": expected - sum(reply.deltas for reply in ran.replies),
        "memory with many streams, MB": peak,
    }


async def disk(subject: Subject, size: Size) -> Figures:
    """What a B turn leaves on disk; the subject is stopped and started for it."""
    subject.stop()
    await subject.prune()  # what earlier measures left must not go during this one
    before = subject.stored()
    await subject.start()
    names = await sessions(subject, "bench-tool-50", size.turns)
    await crowd(subject, b_turn, names, 16)
    subject.stop()
    figures = {"disk per B turn, kB": (subject.stored() - before) / size.turns / 1000}
    if await subject.prune():
        figures["disk per B turn, pruned, kB"] = (subject.stored() - before) / size.turns / 1000
    await subject.start()
    return figures


MEASURES = {
    "time to first delta": first_delta,
    "A turns": a_turns,
    "B turns": b_turns,
    "64 at once": spread,
    "paced streams": paced,
    "many paced streams": many,
    "disk": disk,
}
