"""Owns the measures of connected workers: whole turns whose tool runs there, and calls alone."""

import asyncio
import json
import subprocess
from pathlib import Path

from benchmarks.connection import Connection, Reply
from benchmarks.measures import Size, b_turn, crowd, sessions
from benchmarks.report import Section
from benchmarks.subjects import Mainspring, Relay, Subject, spawn

CALLS = 10
"""Calls of the queue for each turn of the other measure."""
CROWD = 16
PATIENCE = 10.0


async def worker_turn(subject: Subject, connection: Connection, session: str) -> Reply:
    """One answer: the call, its result from elsewhere, 50 deltas."""
    reply = await subject.turn(connection, session)
    assert reply.deltas == 50, (subject.name, reply.body[-500:])
    return reply


async def connected(subject: Mainspring) -> "subprocess.Popen[str]":
    """A worker's process, once the server offers its tool: the first whole turn shows it."""
    worker = spawn(["-m", "benchmarks.tool_worker", subject.url, subject.key], 1)
    connection = await Connection.open(subject.url)
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while loop.time() < end:
        (name,) = await sessions(subject, "bench-tool-50", 1)
        if (await subject.turn(connection, name)).deltas:
            break
        await asyncio.sleep(0.1)
    connection.close()
    return worker


async def workers(section: Section, folder: Path, model_url: str, size: Size) -> None:
    """B turns, 16 at once: on the relay and at our caller, then with a worker; then calls of the queue alone."""
    relay, ours = Relay("workers-relay", folder, model_url), Mainspring("workers", folder, model_url)
    ours.prepare()
    for subject in (relay, ours):
        await subject.start()
        await subject.warm()
    caller: list[float] = []
    for _ in range(size.rounds):
        theirs = await crowd(relay, b_turn, await sessions(relay, "bench-tool-50", size.turns), CROWD)
        own = await crowd(ours, b_turn, await sessions(ours, "bench-tool-50", size.turns), CROWD)
        caller.append(1000 * own.cpu / size.turns)
        worker = await connected(ours)
        ran = await crowd(ours, worker_turn, await sessions(ours, "bench-tool-50", size.turns), CROWD)
        worker.terminate()
        worker.communicate(timeout=PATIENCE)
        await asyncio.sleep(0.5)  # the worker says goodbye; the next round's callers run the tool themselves
        section.note(
            "tool at a connected worker: B turns/s, 16 at once",
            theirs=size.turns / theirs.wall,
            ours=size.turns / ran.wall,
        )
        section.note(
            "tool at a connected worker: CPU s per 1000 B",
            theirs=1000 * theirs.cpu / size.turns,
            ours=1000 * ran.cpu / size.turns,
        )
    section.say(f"with the tool at our caller: CPU s per 1000 B {sorted(caller)[len(caller) // 2]:.2f}")
    relay.stop()
    ours.stop()
    with spawn(["-m", "benchmarks.tool_calls", "--calls", str(CALLS * size.turns)], 0) as run:
        out, _ = await asyncio.to_thread(run.communicate)
    for measure, value in json.loads(out).items():
        section.note(measure, ours=value)
