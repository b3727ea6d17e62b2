"""Owns the measure of readers: what one more costs, of many that follow one session while it streams."""

import asyncio
from pathlib import Path

from benchmarks.connection import Connection
from benchmarks.measures import Size, sessions
from benchmarks.report import Section
from benchmarks.subjects import Mainspring

READERS = 50


async def streamed(subject: Mainspring, connections: list[Connection], model: str) -> float:
    """CPU seconds of the server for a turn that this many others follow; each of them gets every delta."""
    (session,) = await sessions(subject, model, 1)
    caller = await Connection.open(subject.url)
    following = [
        asyncio.ensure_future(
            reader.until_finish(f"/api/agent-sessions/{session}/events?after=0", subject.key)
        )
        for reader in connections
    ]
    await asyncio.sleep(0.2)
    used = subject.cpu()
    reply = await subject.turn(caller, session)
    counts = await asyncio.gather(*following)
    used = subject.cpu() - used
    assert set(counts) <= {reply.deltas}, (reply.deltas, counts)
    caller.close()
    return used


async def readers(section: Section, folder: Path, model_url: str, size: Size) -> None:
    """The same turn with one reader, and with fifty more, several at a time so that ticks of CPU time suffice."""
    subject = Mainspring("readers", folder, model_url)
    subject.prepare()
    await subject.start()
    await subject.warm()
    model, turns = f"bench-paced-{size.deltas}", 4
    for _ in range(size.rounds):
        alone = crowded = 0.0
        for _ in range(turns):
            alone += await streamed(subject, [], model)
            connections = [await Connection.open(subject.url) for _ in range(READERS)]
            crowded += await streamed(subject, connections, model)
            for connection in connections:
                connection.close()
        each = 1e6 / turns / size.deltas
        section.note(
            "one more reader: CPU us per delta", theirs=alone * each, ours=(crowded - alone) * each / READERS
        )
    subject.stop()
