"""Owns the measure of connected workers: calls a second, what one costs the server, how soon a handler begins.

`python -m benchmarks.tool_calls`: the server on one core, one worker with the SDK on another, the real routes between.
Calls are given to the queue as a session's host gives them; whole turns with such tools are in `benchmarks.workers`.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop

from benchmarks.subjects import pin
from mainspring.assembly import Mainspring, assemble, http_app, real_world
from mainspring.client import AsyncClient
from mainspring.runtime.tool_calls import ToolCall
from mainspring.runtime.toolboxes import BoxedCall
from mainspring.server.serving import Listening, serve
from mainspring.settings import Settings

ALONE = 200


async def one(mainspring: Mainspring, name: str) -> float:
    """A call; the seconds until its handler began."""
    call = ToolCall(
        call_id=name,
        attempt=1,
        tool="look",
        args={"where": "here"},
        project_id="default",
        session_id="ses_1",
        execution_id="exe_1",
        agent="helper",
    )
    boxed = BoxedCall(mainspring.boxes, call)
    began = time.time()
    outcome = await boxed.run(probe=False)
    boxed.settled(durable=True)
    assert outcome.error is None, outcome
    return float(outcome.output) - began


async def measure(mainspring: Mainspring, calls: int, at_once: int) -> dict[str, float]:
    """The figures."""
    # The first call waits for the worker.
    alone = statistics.median([await one(mainspring, f"alone_{number}") for number in range(ALONE)])
    room = asyncio.Semaphore(at_once)

    async def crowded(number: int) -> None:
        async with room:
            await one(mainspring, f"call_{number}")

    cpu, began = time.process_time(), time.monotonic()
    await asyncio.gather(*(crowded(number) for number in range(calls)))
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    return {
        f"connected worker: calls/s, {at_once} at once": calls / wall,
        "connected worker: CPU us of the server a call": 1e6 * cpu / calls,
        "connected worker: request to handler, ms": 1000 * alone,
    }


async def host(pipe: Connection, calls: int, at_once: int) -> None:
    """The server process."""
    pin(0)
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(Settings(), port=0, database=str(Path(folder) / "bench.db"))
        mainspring = assemble(settings, real_world(settings, {}))
        await mainspring.open()
        key, _ = await mainspring.keys.create("default", name="bench", scopes=("tools",))
        listening = Listening(
            host="127.0.0.1", port=0, grace=0.1, told=lambda _, port: pipe.send((port, key))
        )
        serving = asyncio.ensure_future(serve(http_app(mainspring), listening))
        try:
            pipe.send(await measure(mainspring, calls, at_once))
        finally:
            await mainspring.calls.close()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await mainspring.close()


def server(pipe: Connection, calls: int, at_once: int) -> None:
    """The entry point of the server process."""
    uvloop.run(host(pipe, calls, at_once))


async def look(where: str) -> float:
    """When it began."""
    return time.time()


async def work(pipe: Connection, at_once: int) -> dict[str, float]:
    """A worker until the figures are there."""
    port, key = pipe.recv()
    async with AsyncClient(f"http://127.0.0.1:{port}", key) as client:
        serving = asyncio.ensure_future(client.tools.serve([look], concurrency=at_once))
        told: dict[str, float] = await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    return told


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tool_calls", description="Measures connected workers.")
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=200)
    options = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=server, args=(theirs, options.calls, options.at_once))
    process.start()
    pin(1)
    sys.stdout.write(json.dumps(uvloop.run(work(ours, options.at_once)), indent=2) + "\n")
    process.join()


if __name__ == "__main__":
    main()
