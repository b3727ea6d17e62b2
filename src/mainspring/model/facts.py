"""Owns the private facts: what a journal records beside the public events, for the fold and the projections."""

from __future__ import annotations

from typing import Literal, TypeAlias

from mainspring.model.errors import Failure
from mainspring.model.generation import Usage
from mainspring.model.messages import Message, Sender
from mainspring.model.parts import FileReference
from mainspring.model.program import Display
from mainspring.model.stream_events import EventFields
from mainspring.model.values import Json


class SessionCreated(EventFields, frozen=True, kw_only=True, tag="session-created"):
    """The first event of every journal. `variables`, `resources`: the defaults applied."""

    session_id: str
    project_id: str
    agent_id: str
    version: str
    format: Literal["interactive", "worker"]
    input: dict[str, Json]
    variables: dict[str, Json]
    resources: dict[str, Json]
    at: float


class SessionRestored(EventFields, frozen=True, kw_only=True, tag="session-restored"):
    """An expired session lives again, from what the consumer stored: UIMessages and the model's view of them."""

    version: str
    input: dict[str, Json]
    variables: dict[str, Json]
    resources: dict[str, Json]
    ui_messages: tuple[dict[str, Json], ...]
    messages: tuple[Message, ...]
    at: float


class SessionExpired(EventFields, frozen=True, kw_only=True, tag="session-expired"):
    """The session's content is over: by inactivity, or cleared by its owner."""

    cause: Literal["inactivity", "cleared"]
    at: float


class VersionChanged(EventFields, frozen=True, kw_only=True, tag="version-changed"):
    """The session goes on under another version of its agent."""

    version: str


class Triggered(EventFields, frozen=True, kw_only=True, tag="triggered"):
    """A trigger was accepted. `token` is the random part of every id derived in this execution."""

    execution_id: str
    token: str
    trigger: str
    input: dict[str, Json]
    at: float
    sender: Sender | None = None
    key: str | None = None


class RolledBack(EventFields, frozen=True, kw_only=True, tag="rolled-back"):
    """The main thread was cut after a message; None: emptied."""

    after_message_id: str | None = None


class ToolSchemasGiven(EventFields, frozen=True, kw_only=True, tag="tool-schemas-given"):
    """The tools that the caller's SDK offers for this execution (`dynamicToolSchemas`)."""

    tools: tuple[dict[str, Json], ...]


class BlockBegan(EventFields, frozen=True, kw_only=True, tag="block-began"):
    """The program counter of a frame stands on a block; every block has it, also the hidden ones."""

    frame: str
    index: int
    block_id: str


class BlockDone(EventFields, frozen=True, kw_only=True, tag="block-done"):
    """The block at the program counter is over; the counter moves on."""

    frame: str
    index: int


class ThreadStarted(EventFields, frozen=True, kw_only=True, tag="thread-started"):
    """A thread begins, empty, or (`keep`) goes on under another setting.

    `settings` are complete: model, tools, temperature ... with dynamic members resolved, so that the thread
    outlives the handler that began it.
    """

    frame: str
    thread: str
    system: str | None = None
    settings: dict[str, Json] = {}
    keep: bool = False


class MessageAdded(EventFields, frozen=True, kw_only=True, tag="message-added"):
    """A message joins a thread."""

    frame: str
    thread: str
    message: Message


class VariableSet(EventFields, frozen=True, kw_only=True, tag="variable-set"):
    """A variable has a new value."""

    frame: str
    name: str
    value: Json


class GenerationStarted(EventFields, frozen=True, kw_only=True, tag="generation-started"):
    """A model call is asked for: the effect `complete` is outstanding until it settles."""

    generation_id: str
    frame: str
    thread: str
    step: int
    model: str
    attempt: int = 1


class GenerationSettled(EventFields, frozen=True, kw_only=True, tag="generation-settled"):
    """A model call ended with an answer: `message` joins the thread. `part_ids` are the ids of its streamed parts.

    `interrupted`: cut by a stop or a failure, what had come is kept.
    """

    generation_id: str
    frame: str
    thread: str
    message: Message
    part_ids: tuple[str, ...]
    finish_reason: str
    usage: Usage
    model: str
    raw_reason: str | None = None
    response_id: str | None = None
    interrupted: bool = False
    context_tokens: int | None = None
    """What the thread with this answer counts, where `usage` counts more: attempts that came to nothing."""


class GenerationFailed(EventFields, frozen=True, kw_only=True, tag="generation-failed"):
    """A model call ended without an answer."""

    generation_id: str
    frame: str
    failure: Failure
    usage: Usage | None = None


class CompactionStarted(EventFields, frozen=True, kw_only=True, tag="compaction-started"):
    """A summary of a thread's messages up to `covers` is asked for, of worker frame `worker`, before a model call.

    `step`, `attempt`: that call; `failure`: what it failed with. `tokens`: about the size of the thread.
    """

    frame: str
    thread: str
    worker: str
    step: int
    attempt: int
    covers: int
    tokens: int
    result_tokens: int | None = None
    failure: Failure | None = None


class CompactionFailed(EventFields, frozen=True, kw_only=True, tag="compaction-failed"):
    """There is no summary: the thread goes on as it was."""

    frame: str
    thread: str
    error: str


class ThreadCompacted(EventFields, frozen=True, kw_only=True, tag="thread-compacted"):
    """From now on a thread's model reads `message` instead of the first `covers` messages (see `Digest`).

    `error`: why there is no summary of them.
    """

    frame: str
    thread: str
    covers: int
    message: Message | None = None
    summary: str = ""
    result_tokens: int | None = None
    error: str | None = None


class ToolCalled(EventFields, frozen=True, kw_only=True, tag="tool-called"):
    """The ledger entry of a call, before it is run: the effect `call-tool` is outstanding until it settles."""

    call_id: str
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
    """The id of the worker frame that answers the call, when a worker does."""
    runs: Literal["caller", "box"] = "caller"
    """Who runs it: the caller's side, or a tool box of this server."""
    asked_as: str | None = None
    """The tool's name for who runs it, where that differs (a worker's tool is one of its caller's)."""
    idempotent: bool = False


class ToolAttempted(EventFields, frozen=True, kw_only=True, tag="tool-attempted"):
    """A tool box is asked to run a call: the effect `call-tool` is outstanding until the attempt ends.

    `deadline`: Unix seconds. `probe`: the box is only asked what became of the attempt before.
    """

    call_id: str
    attempt: int
    deadline: float | None = None
    probe: bool = False


class ToolAttemptFailed(EventFields, frozen=True, kw_only=True, tag="tool-attempt-failed"):
    """An attempt ended without the call's result; the next one begins at `retry_at` (None: a person is asked first).

    `unknown`: nobody knows whether it ran. `probe`: the next one only asks the tool box what became of it.
    """

    call_id: str
    attempt: int
    error: str
    retry_at: float | None = None
    unknown: bool = False
    probe: bool = False


class ToolDeadlineSet(EventFields, frozen=True, kw_only=True, tag="tool-deadline-set"):
    """The time a call that the caller's side runs is given up: it was asked for the first time."""

    call_id: str
    deadline: float


class Paused(EventFields, frozen=True, kw_only=True, tag="paused"):
    """Only answers to open approval requests move the execution on: a reader of the answer has all there is."""

    execution_id: str


class ToolSettled(EventFields, frozen=True, kw_only=True, tag="tool-settled"):
    """A call has its one result. `ran`: where (`caller`, `box`, `builtin`, `worker`, `synthetic`: nowhere)."""

    call_id: str
    tool: str
    ran: Literal["caller", "box", "builtin", "worker", "synthetic"]
    output: Json = None
    error: str | None = None
    cancelled: bool = False
    files: tuple[FileReference, ...] = ()
    display: Display = "description"
    worker_id: str | None = None
    refused: bool = False
    """The call was not understood (an unknown tool, wrong arguments), and never run."""


class ServerActivated(EventFields, frozen=True, kw_only=True, tag="server-activated"):
    """A model has activated an MCP server: its tools may be called in the threads of the frame that list it."""

    frame: str
    server: str


class RoundClosed(EventFields, frozen=True, kw_only=True, tag="round-closed"):
    """All calls of a generation are settled: their results, in call order, join the thread as one `tool` message."""

    frame: str
    thread: str
    generation_id: str
    message_id: str
    at: float


class FrameOpened(EventFields, frozen=True, kw_only=True, tag="frame-opened"):
    """A worker's frame begins (the root frame begins with `triggered`)."""

    frame: str
    version: str
    input: dict[str, Json]
    variables: dict[str, Json]
    parent: str | None = None
    slug: str = ""
    call_id: str | None = None
    display: Display = "stream"
    tools: dict[str, str] = {}


class FrameClosed(EventFields, frozen=True, kw_only=True, tag="frame-closed"):
    """A worker's frame is over."""

    frame: str
    output: Json = None
    error: str | None = None
    cancelled: bool = False


class Resumed(EventFields, frozen=True, kw_only=True, tag="resumed"):
    """A host took an execution over after another's end; `count` is how often without progress."""

    execution_id: str
    attempt: str
    count: int


class ExecutionEnded(EventFields, frozen=True, kw_only=True, tag="execution-ended"):
    """The execution is over: the session is free. Follows the public `finish` or `error`."""

    execution_id: str
    outcome: Literal["finished", "failed", "stopped", "superseded"]
    usage: Usage
    at: float


PrivateEvent: TypeAlias = (
    SessionCreated
    | SessionRestored
    | SessionExpired
    | VersionChanged
    | Triggered
    | RolledBack
    | ToolSchemasGiven
    | BlockBegan
    | BlockDone
    | ThreadStarted
    | MessageAdded
    | VariableSet
    | GenerationStarted
    | GenerationSettled
    | GenerationFailed
    | CompactionStarted
    | CompactionFailed
    | ThreadCompacted
    | ToolCalled
    | ToolAttempted
    | ToolAttemptFailed
    | ToolDeadlineSet
    | Paused
    | ToolSettled
    | ServerActivated
    | RoundClosed
    | FrameOpened
    | FrameClosed
    | Resumed
    | ExecutionEnded
)
