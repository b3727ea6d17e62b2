"""Owns a session's state: what a fold of its journal gives, plain data that another process can continue from."""

from __future__ import annotations

from typing import Literal

from mainspring.model.errors import Failure
from mainspring.model.generation import Usage
from mainspring.model.messages import Message, Sender
from mainspring.model.parts import FileReference
from mainspring.model.program import Display
from mainspring.model.stream_events import TodoItem
from mainspring.model.values import Json, Value


class Digest(Value, frozen=True, kw_only=True):
    """What a thread's model reads instead of its oldest messages, which stay in the journal and on the screen.

    `covers`: how many messages those are. `summary`: what the next summary goes on from. `result_tokens`: about how
    many tokens of a tool result the model still gets.
    """

    covers: int = 0
    message: Message | None = None
    summary: str = ""
    result_tokens: int | None = None


class Thread(Value, frozen=True, kw_only=True):
    """A line of talk with a model; `settings` are complete (model, tools, temperature ...), nothing dynamic is left."""

    name: str
    system: str | None = None
    settings: dict[str, Json] = {}
    messages: tuple[Message, ...] = ()
    digest: Digest | None = None
    tokens: int = 0
    """What the provider counted for the first `counted` messages, as the model got them; 0 messages: nothing yet."""
    counted: int = 0

    @property
    def view(self) -> tuple[Message, ...]:
        """The messages that the model gets."""
        digest = self.digest
        if digest is None or digest.message is None:
            return self.messages
        return (digest.message, *self.messages[digest.covers :])

    def names(
        self, member: Literal["tools", "workers", "references", "mcpServers", "onDemandMcpServers"]
    ) -> tuple[str, ...]:
        """One of the lists of names in the settings."""
        return tuple(self.settings.get(member) or ())


class Scope(Value, frozen=True, kw_only=True):
    """The names a frame sees, and its threads. The root scope of an interactive agent outlives its executions."""

    input: dict[str, Json] = {}
    variables: dict[str, Json] = {}
    threads: dict[str, Thread] = {}
    todos: tuple[TodoItem, ...] = ()
    servers: tuple[str, ...] = ()
    """MCP servers that a model has activated."""


class Generation(Value, frozen=True, kw_only=True):
    """A model call that is asked for or whose tool round is open."""

    id: str
    thread: str
    step: int
    model: str
    attempt: int = 1
    settled: bool = False
    call_ids: tuple[str, ...] = ()


class Approval(Value, frozen=True, kw_only=True):
    """An open question to a person about a call. `expires_at`: Unix seconds; None: it stays open.

    `kind`: may it run (`approval`), or what to do as nobody knows whether it ran (`unknown-outcome`).
    """

    id: str
    kind: Literal["approval", "unknown-outcome"] = "approval"
    expires_at: float | None = None
    reason: str | None = None


class Call(Value, frozen=True, kw_only=True):
    """The ledger entry of a tool call of the running execution.

    `asked_as`: its tool's name for who runs it. Of a call that a tool box runs: `attempt` counts from 1 (0: none yet),
    `running`: that attempt was asked for and has not ended; `tries`: how many were to run it, `probe`: the next (or
    running) one is not; `retry_at`: no attempt before that time. `deadline`: Unix seconds when it (of a box: its
    running attempt) is given up. `approvals`: how often a person was asked. `refused`: not understood, never run.
    """

    id: str
    frame: str
    tool: str
    args: dict[str, Json]
    source: Literal["llm", "block"]
    block_index: int
    thread: str | None = None
    output_variable: str | None = None
    generation_id: str | None = None
    display: Display = "description"
    worker: str | None = None
    requested: bool = False
    settled: bool = False
    output: Json = None
    error: str | None = None
    files: tuple[FileReference, ...] = ()
    digest: str = ""
    runs: Literal["caller", "box"] = "caller"
    asked_as: str | None = None
    attempt: int = 0
    tries: int = 0
    running: bool = False
    probe: bool = False
    idempotent: bool = False
    deadline: float | None = None
    retry_at: float | None = None
    approval: Approval | None = None
    approvals: int = 0
    refused: bool = False


class Compacting(Value, frozen=True, kw_only=True):
    """A summary that is being written before a model call: by worker frame `worker`, of messages up to `covers`.

    `step`, `attempt`: the call that waits for it, `failure`: what it failed with. `tokens`: the size of the thread.
    """

    worker: str
    thread: str
    step: int
    attempt: int
    covers: int
    tokens: int
    result_tokens: int | None = None
    failure: Failure | None = None


class Frame(Value, frozen=True, kw_only=True):
    """A running list of blocks: the handler of the trigger, or a worker's steps. `index`: the program counter.

    `refusals`: how many rounds in a row consisted of nothing but the same refused calls, `refusal`. Of the open block:
    `compactions`: how often its thread was shortened; `recovered`: the model call that got a second chance by it.
    """

    id: str
    version: str
    handler: str | None = None
    index: int = 0
    ordinal: int = 0
    block_id: str | None = None
    generation: Generation | None = None
    parent: str | None = None
    slug: str = ""
    call_id: str | None = None
    display: Display = "stream"
    tools: dict[str, str] = {}
    refusal: str = ""
    refusals: int = 0
    compacting: Compacting | None = None
    compactions: int = 0
    recovered: str = ""


class Execution(Value, frozen=True, kw_only=True):
    """What one trigger started."""

    id: str
    token: str
    turn: int
    trigger: str
    input: dict[str, Json]
    message_id: str
    root: str
    frames: dict[str, Frame]
    calls: dict[str, Call] = {}
    frames_opened: int = 0
    resumptions: int = 0
    finish_reason: str = "stop"
    usage: Usage = Usage()
    sender: Sender | None = None
    tool_schemas: tuple[dict[str, Json], ...] = ()


class State(Value, frozen=True, kw_only=True):
    """A session: `fold(journal)`. `scopes[root]` is the session's own; others belong to running workers."""

    session_id: str
    project_id: str
    agent_id: str
    version: str
    format: Literal["interactive", "worker"] = "interactive"
    status: Literal["active", "expired"] = "active"
    root: str = "main"
    resources: dict[str, Json] = {}
    scopes: dict[str, Scope] = {}
    execution: Execution | None = None
    turns: int = 0
    last_message_id: str | None = None
    last_execution_id: str | None = None
    last_outcome: str | None = None
    settled_digests: dict[str, str] = {}
    """Call id -> digest of the accepted result, of the last execution: a repeated POST gets the same answer.

    An approval request's id -> digest of the answer to it, likewise.
    """
    keys: dict[str, str] = {}
    """Idempotency key of a trigger -> the execution it started, of the newest triggers that had one."""
    created_at: float = 0.0
    updated_at: float = 0.0
