"""Owns what is measured: server processes on one core, Mainspring and the relay, behind the same few verbs."""

import asyncio
import atexit
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.connection import Connection, Reply

TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
EXECUTION = re.compile(rb'"executionId":"([^"]+)"')
CALL = re.compile(rb'"toolCallId":"([^"]+)"')
START = 30.0
QUIET = {"MAINSPRING_LOG_LEVEL": "warning"}
EAGER = {"MAINSPRING_DELTA_RETENTION": "0s", "MAINSPRING_SWEEP_INTERVAL": "100ms"}
WARMING = 20
PRUNING = 8.0
"""Seconds a pruning run gets."""

AGENT = """\
triggers:
  user-message:
    input:
      USER_MESSAGE: {type: string}
tools:
  look:
    description: Looks
    display: stream
    parameters:
      at: {type: string, description: Where}
agent:
  model: openai/MODEL
  system: system
  tools: [look]
  agentic: true
handlers:
  user-message:
    Add message:
      block: add-message
      role: user
      prompt: user-message
      input: [USER_MESSAGE]
    Respond:
      block: next-message
"""


def pin(core: int) -> None:
    """Keeps the calling process on the core of that index, where the system can."""
    if len(CORES) > 1:
        os.sched_setaffinity(0, {CORES[core % len(CORES)]})


def spawn(arguments: list[str], core: int, **environment: str) -> "subprocess.Popen[str]":
    """A Python process on a core, its stdout piped. A child begins on its parent's core, so that is where we go."""
    here = os.sched_getaffinity(0) if CORES else set[int]()
    pin(core)
    try:
        return subprocess.Popen(
            [sys.executable, *arguments],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
    finally:
        if here:
            os.sched_setaffinity(0, here)


def said_url(process: "subprocess.Popen[str]") -> str:
    """The address a process prints first."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"{process.args!r} did not start"
    return str(json.loads(line)["url"]).rstrip("/")


@dataclass
class Subject:
    """A server to measure. `folder` is its own; `model_url` the fake model's address."""

    name: str
    folder: Path
    model_url: str
    url: str = ""
    key: str = ""
    agents: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None
    core: int = 0
    address: str = ""
    """Of another database than its own file."""

    @property
    def database(self) -> Path:
        """Its SQLite file."""
        return self.folder / f"{self.name}.db"

    def command(self) -> tuple[list[str], dict[str, str]]:
        """The arguments after `python`, and the environment."""
        raise NotImplementedError

    def prepare(self) -> None:
        """What comes before the first start."""

    async def start(self) -> float:
        """Starts; the seconds until the first answer."""
        arguments, environment = self.command()
        began = time.monotonic()
        atexit.register(self.stop)  # whatever fails, nothing of this run outlives it
        self.process = spawn(arguments, self.core, **environment)
        self.url = await asyncio.to_thread(said_url, self.process)
        while True:
            try:
                connection = await Connection.open(self.url)
                await connection.request("GET", "/api/agents", key=self.key)
            except OSError:
                await asyncio.sleep(0.002)
            else:
                connection.close()
                return time.monotonic() - began

    async def warm(self) -> None:
        """A few turns that nobody counts: what is loaded on first use is loaded then."""
        connection = await Connection.open(self.url)
        for _ in range(WARMING):
            await self.turn(connection, await self.session(connection, "bench-10"))
        connection.close()

    def stop(self) -> None:
        """Ends it, if it runs."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        self.process = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self.process is not None
        return self.process.pid

    def cpu(self) -> float:
        """CPU seconds so far, all threads, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """Resident megabytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found is not None
        return int(found[1]) / 1000

    def stored(self) -> int:
        """Bytes in the database that hold something; ask when it is stopped."""
        import apsw

        connection = apsw.Connection(str(self.database))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        pages, free, size = (
            connection.pragma(name) for name in ("page_count", "freelist_count", "page_size")
        )
        connection.close()
        return (int(str(pages)) - int(str(free))) * int(str(size))

    async def prune(self) -> bool:
        """Drops the deltas of settled turns, if the subject ever does; it is stopped before and after."""
        return False

    async def publish(self, connection: Connection, model: str) -> None:
        """Makes an agent that asks `model`."""
        self.agents[model] = model

    async def session(self, connection: Connection, model: str) -> str:
        """A new session."""
        if model not in self.agents:
            await self.publish(connection, model)
        made = await connection.request(
            "POST", "/api/agent-sessions", {"agentId": self.agents[model]}, self.key
        )
        assert made.status == 201, made
        return str(made.json()["sessionId"])

    async def leg(self, connection: Connection, session: str, body: dict[str, Any]) -> Reply:
        """One answer of the server."""
        reply = await connection.request("POST", f"/api/agent-sessions/{session}/trigger", body, self.key)
        assert reply.status == 200, (self.name, reply.status, reply.body)
        assert b'"type":"error"' not in reply.body, (self.name, reply.body[-500:])
        return reply

    async def turn(self, connection: Connection, session: str) -> Reply:
        """A turn of text; its only leg."""
        body = {"triggerName": "user-message", "input": {"USER_MESSAGE": "What do you see?"}}
        return await self.leg(connection, session, body)

    async def tool_turn(self, connection: Connection, session: str) -> Reply:
        """A turn with a tool at the caller; its second leg, `took` being the whole turn's time."""
        first = await self.turn(connection, session)
        execution, call = EXECUTION.search(first.body), CALL.search(first.body)
        assert execution is not None, first.body
        assert call is not None, first.body
        result = {"toolCallId": call[1].decode(), "toolName": "look", "result": {"seen": "waves"}}
        second = await self.leg(
            connection, session, {"executionId": execution[1].decode(), "toolResults": [result]}
        )
        second.took += first.took
        return second


class Relay(Subject):
    """The reference."""

    def command(self) -> tuple[list[str], dict[str, str]]:
        """`python -m benchmarks.relay`."""
        return ["-m", "benchmarks.relay", str(self.database), self.model_url], {}


class Mainspring(Subject):
    """The product, as people start it."""

    eager: bool = False
    """Whether deltas are dropped as soon as they may."""

    def environment(self) -> dict[str, str]:
        """The address of the model, and quiet logs."""
        given = {"OPENAI_BASE_URL": self.model_url, "OPENAI_API_KEY": "sk-bench", **QUIET}
        return given | EAGER if self.eager else given

    async def prune(self) -> bool:
        """A run with no retention and a busy sweeper."""
        self.eager = True
        await self.start()
        await asyncio.sleep(PRUNING)
        self.stop()
        self.eager = False
        return True

    def command(self) -> tuple[list[str], dict[str, str]]:
        """`mainspring serve`."""
        options = [
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--database",
            self.address or str(self.database),
            "--json",
        ]
        return ["-m", "mainspring", "serve", *options], self.environment()

    def prepare(self) -> None:
        """Makes a key."""
        scopes = [part for scope in ("agents", "sessions", "tools") for part in ("--scope", scope)]
        options = ["--database", self.address or str(self.database), *scopes, "--json"]
        with spawn(["-m", "mainspring", "keys", "create", *options], 0, **self.environment()) as made:
            out, _ = made.communicate(timeout=START)
        self.key = str(json.loads(out)["key"])

    async def publish(self, connection: Connection, model: str) -> None:
        """Publishes an agent over the API."""
        prompts = [
            {"name": "system", "content": "Be brief."},
            {"name": "user-message", "content": "{{USER_MESSAGE}}"},
        ]
        settings = {"slug": model, "name": model, "format": "interactive"}
        body = {"settings": settings, "protocol": AGENT.replace("MODEL", model), "prompts": prompts}
        made = await connection.request("POST", "/api/agents", body, self.key)
        assert made.status == 201, made
        self.agents[model] = str(made.json()["agentId"])
