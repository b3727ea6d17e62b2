"""Owns playing tasks through the whole server: real processes, a model that replays, a person, and a killer.

The model is a pure function of what it is asked: it finds the task in the talk, counts the results that are there, and
asks for the next round. So it may be asked any number of times, by whichever attempt.
"""

import json
import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Protocol

from tests.e2e.agents import definition
from tests.e2e.http_client import BROKEN, Client
from tests.e2e.model_server import Asked, Call, ModelServer, Reply, said
from tests.e2e.server_process import ServerProcess
from tests.ledger.hands import TABLES, opened
from tests.ledger.shop_tasks import Task
from tests.ledger.workers import Workers

DONE = "Everything is done."
SEATS = 6
LONGEST = 240.0
_TASK = re.compile(r"Task (\S+)\.")
_HEAD = """\
triggers:
  user-message:
    input:
      USER_MESSAGE: {type: string}
"""
_TALK = """\
agent:
  model: openai/MODEL
  system: system
  agentic: true
  maxSteps: 60
  tools: [TOOLS]
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


class Domain(Protocol):
    """What is played: its tasks, its tools as a file for `mainspring tools serve`, and the YAML that declares them."""

    tasks: Sequence[Task]
    tools_file: Path
    tools_yaml: str
    database: Path
    python: str

    def tool_names(self) -> Sequence[str]:
        """The tools that the agent has."""
        ...


@dataclass
class Played:
    """What happened. `results`: (tool, error or None) of each call, by task."""

    seconds: float = 0.0
    server_kills: int = 0
    worker_kills: int = 0
    asked_people: int = 0
    results: dict[str, list[tuple[str, str | None]]] = field(
        default_factory=dict[str, list[tuple[str, str | None]]]
    )


class Stage:
    """The processes of a run. `servers`: one, or several on one database; workers dial each in turn."""

    def __init__(
        self,
        domain: Domain,
        models: ModelServer,
        servers: list[ServerProcess],
        *,
        workers: int = 2,
        linger: float = 0.0,
    ) -> None:
        self.domain = domain
        self.models = models
        self.servers = servers
        self.played = Played()
        self.over = threading.Event()
        for server in servers:
            server.environment |= {
                "MAINSPRING_STOP_ON_DISCONNECT": "false",
                "MAINSPRING_TOOL_WORKER_LEASE": "3s",
                "MAINSPRING_TOOL_WORKER_NAMES": ",".join(domain.tool_names()),
            }
        with opened(domain.database) as database:
            database.executescript(TABLES)
        servers[0].create_key("admin")
        self.key = servers[0].keys["admin",]
        for server in servers:
            server.start()
        talk = _TALK.replace("TOOLS", ", ".join(domain.tool_names()))
        body = definition("ledger", "ledger", _HEAD + domain.tools_yaml + talk)
        body["prompts"][0]["content"] = "You work in a shop."
        made = self.client().ask("POST", "/api/agents", body)
        assert made.status == 201, made
        self.agent = made.body["agentId"]
        self.by_id = {task.id: task for task in domain.tasks}
        models.rule("ledger", self.replay)
        self.workers = Workers(
            domain, [server.url for server in servers], self.key, count=workers, linger=linger
        )

    def client(self, number: int = 0) -> Client:
        """A client of one of the servers."""
        return Client(self.servers[number % len(self.servers)].url, self.key)

    # ---- the model ----------------------------------------------------------------------------------------------

    def replay(self, asked: Asked) -> Reply:
        """The next round of the task."""
        (text,) = [one["content"] for one in asked.messages if one["role"] == "user"]
        found = _TASK.search(text if isinstance(text, str) else json.dumps(text))
        assert found is not None, text
        results = sum(one["role"] == "tool" for one in asked.messages)
        for number, calls in enumerate(self.by_id[found[1]].rounds):
            if not results:
                return [
                    Call(name, args, f"call_{found[1]}_{number}_{place}")
                    for place, (name, args) in enumerate(calls)
                ]
            results -= len(calls)
        return said(DONE)

    # ---- the tasks ----------------------------------------------------------------------------------------------

    def play(self, killer: "Callable[[Stage], None] | None" = None) -> Played:
        """Plays every task to its end."""
        began = time.monotonic()
        hand = threading.Thread(target=killer, args=(self,)) if killer is not None else None
        if hand is not None:
            hand.start()
        try:
            with ThreadPoolExecutor(SEATS) as pool:
                list(pool.map(self.one, range(len(self.domain.tasks)), self.domain.tasks))
        finally:
            self.over.set()
            if hand is not None:
                hand.join()
        self.played.seconds = time.monotonic() - began
        return self.played

    def one(self, number: int, task: Task) -> None:
        """One task: begun once, whatever breaks, and looked after until the model says that it is done."""
        limit = time.monotonic() + LONGEST
        client = self.client(number)
        body = {"agentId": self.agent, "input": {}}
        made = self.at_last(limit, lambda: client.ask("POST", "/api/agent-sessions", body), 201)
        session = made.body["sessionId"]
        with opened(self.domain.database) as database:
            database.execute("INSERT INTO tasks VALUES (?, ?)", (session, task.id))
        database.close()
        self.at_last(limit, lambda: self.begin(client, session, task))
        while not self.finished(client, session, task):
            assert time.monotonic() < limit, (task.id, client.messages(session))
            self.decide(client, session)
            time.sleep(0.15)

    def begin(self, client: Client, session: str, task: Task) -> bool:
        """Triggers the task under a key of its own: again is the same."""
        client.trigger(session, f"Task {task.id}.", idempotencyKey=f"task-{task.id}").close()
        return True

    def finished(self, client: Client, session: str, task: Task) -> bool:
        """Whether the model has said its last; then what came of each call is kept."""
        try:
            messages = client.messages(session)
        except BROKEN:
            return False
        parts = [part for one in messages if one["role"] == "assistant" for part in one["parts"]]
        if not any(part["type"] == "text" and part["text"] == DONE for part in parts):
            return False
        self.played.results[task.id] = [
            (part["toolName"], part.get("error")) for part in parts if part["type"] == "tool-call"
        ]
        return True

    def at_last(self, limit: float, act: "Callable[[], Any]", status: int | None = None) -> Any:
        """What comes of it, as soon as a server is there."""
        while True:
            try:
                answer = act()
                if status is None or answer.status == status:
                    return answer
            except BROKEN:
                pass
            assert time.monotonic() < limit, "no server answered"
            time.sleep(0.1)

    # ---- the person ---------------------------------------------------------------------------------------------

    def decide(self, client: Client, session: str) -> None:
        """Allows what needs a person. Of a call with an unknown outcome the person looks whether it was done."""
        try:
            path = f"/api/agent-sessions/{session}/approvals"
            answer = client.ask("GET", path)
            for one in answer.body["approvals"] if answer.status == 200 else ():
                self.played.asked_people += 1
                if one["kind"] == "unknown-outcome" and (result := self.looked_up(one["toolCallId"])):
                    given = {
                        "toolCallId": one["toolCallId"],
                        "toolName": one["toolName"],
                        "result": json.loads(result),
                    }
                    client.resume(session, one["executionId"], [given]).close()
                else:
                    client.ask("POST", f"{path}/{one['approvalId']}", {"approved": True, "by": "ada"})
        except BROKEN:
            return

    def looked_up(self, call_id: str) -> str | None:
        """What a call did, if it was done."""
        database = opened(self.domain.database)
        try:
            found = database.execute("SELECT result FROM effects WHERE call_id = ?", (call_id,)).fetchone()
        finally:
            database.close()
        return None if found is None else str(found[0])

    def begun(self) -> int:
        """How many calls were begun so far, each time counted."""
        database = opened(self.domain.database)
        try:
            return int(database.execute("SELECT count(*) FROM runs").fetchone()[0])
        finally:
            database.close()

    # ---- the end ------------------------------------------------------------------------------------------------

    def end(self) -> None:
        """Ends all processes."""
        self.over.set()
        self.workers.end()
        for server in self.servers:
            if server.process is not None:
                server.kill()


def killing(seed: int, between: tuple[int, int] = (4, 16)) -> Callable[[Stage], None]:
    """Somebody who kills a server or a worker with SIGKILL and starts it again, each time so many calls were begun.

    Counting calls, not seconds: work goes on between two kills however slow the machine is.
    """

    def kill(stage: Stage) -> None:
        chance = Random(seed)
        while True:
            target = stage.begun() + chance.randint(*between)
            while stage.begun() < target:
                if stage.over.wait(0.05):
                    return
            stage.over.wait(chance.uniform(0, 0.3))
            if chance.random() < 0.5:
                stage.workers.replace(chance.randrange(len(stage.workers.processes)), signal.SIGKILL)
                stage.played.worker_kills += 1
            else:
                server = chance.choice(stage.servers)
                server.kill()
                stage.played.server_kills += 1
                stage.over.wait(chance.uniform(0, 0.5))
                server.start()

    return kill
