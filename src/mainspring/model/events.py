"""Owns the events of a journal: recorded facts and streamed deltas, under the names that clients know.

Encoding: one JSON object an event, `type` first, camelCase members, absent never null. Events in `PUBLIC` are what a
native client may see, byte for byte as stored; the others are private facts that a wire may project (`wires/`).
`worker_id` is set on everything that happens inside a worker called by the session's agent.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from mainspring.model.errors import ErrorSource, ErrorType, Failure, ProviderInfo, ToolInfo
from mainspring.model.generation import Usage
from mainspring.model.messages import Message, Sender
from mainspring.model.parts import FileReference, Part
from mainspring.model.program import Display
from mainspring.model.values import Json, Value

StreamFinish = Literal["stop", "tool-calls", "client-tool-calls", "length", "content-filter", "error", "other"]
TodoStatus = Literal["pending", "in_progress", "completed", "cancelled"]


class EventFields(Value, frozen=True, kw_only=True, tag_field="type"):
    """What every event has: nothing but its type; the cursor and the time belong to its row."""


# ---- what clients see ---------------------------------------------------------------------------------------


class Start(EventFields, frozen=True, kw_only=True, tag="start"):
    """An execution begins; `last_message_id` is the last stored message before it."""

    execution_id: str
    message_id: str
    last_message_id: str | None = None
    session_id: str | None = None


class Finish(EventFields, frozen=True, kw_only=True, tag="finish"):
    """The execution ended, and why; the last event of an execution unless `error` was."""

    finish_reason: StreamFinish
    execution_id: str


class ErrorEvent(EventFields, frozen=True, kw_only=True, tag="error"):
    """The execution ended with a failure; nothing of the execution follows."""

    error_type: ErrorType
    message: str
    retryable: bool
    source: ErrorSource
    retry_after: float | None = None
    code: str | None = None
    provider: ProviderInfo | None = None
    tool: ToolInfo | None = None


class TextStarted(EventFields, frozen=True, kw_only=True, tag="text-start"):
    """A text part opens; with `response_type` its text is JSON of that type."""

    id: str
    response_type: str | None = None
    worker_id: str | None = None


class TextDelta(EventFields, frozen=True, kw_only=True, tag="text-delta"):
    """More text."""

    id: str
    delta: str
    worker_id: str | None = None


class TextEnded(EventFields, frozen=True, kw_only=True, tag="text-end"):
    """A text part closes."""

    id: str
    worker_id: str | None = None


class ReasoningStarted(EventFields, frozen=True, kw_only=True, tag="reasoning-start"):
    """A reasoning part opens."""

    id: str
    worker_id: str | None = None


class ReasoningDelta(EventFields, frozen=True, kw_only=True, tag="reasoning-delta"):
    """More reasoning."""

    id: str
    delta: str
    worker_id: str | None = None


class ReasoningEnded(EventFields, frozen=True, kw_only=True, tag="reasoning-end"):
    """A reasoning part closes."""

    id: str
    worker_id: str | None = None


class ToolInputStarted(EventFields, frozen=True, kw_only=True, tag="tool-input-start"):
    """The model begins to write a tool call."""

    tool_call_id: str
    tool_name: str
    title: str | None = None
    display: Display | None = None
    worker_id: str | None = None


class ToolInputDelta(EventFields, frozen=True, kw_only=True, tag="tool-input-delta"):
    """More of the arguments' JSON text."""

    tool_call_id: str
    input_text_delta: str
    worker_id: str | None = None


class ToolInputEnded(EventFields, frozen=True, kw_only=True, tag="tool-input-end"):
    """The arguments' text is complete."""

    tool_call_id: str
    worker_id: str | None = None


class ToolInputAvailable(EventFields, frozen=True, kw_only=True, tag="tool-input-available"):
    """The parsed arguments of a call."""

    tool_call_id: str
    tool_name: str
    input: Json
    worker_id: str | None = None


class PendingToolCall(Value, frozen=True, kw_only=True):
    """A call the caller's side has to run; `args` is an object."""

    tool_call_id: str
    tool_name: str
    args: dict[str, Json]
    source: Literal["llm", "block"]
    output_variable: str | None = None
    block_index: int | None = None
    thread: str | None = None
    worker_id: str | None = None


class ToolRequest(EventFields, frozen=True, kw_only=True, tag="tool-request"):
    """Every open call of the execution, asked of the caller; the execution waits for the results."""

    tool_calls: tuple[PendingToolCall, ...]
    execution_id: str


class Source(EventFields, frozen=True, kw_only=True, tag="source"):
    """The model cited an address."""

    source_type: Literal["url"]
    id: str
    url: str
    title: str | None = None
    worker_id: str | None = None


class FileAvailable(EventFields, frozen=True, kw_only=True, tag="file-available"):
    """A file was made."""

    id: str
    media_type: str
    url: str
    filename: str | None = None
    size: int | None = None
    tool_call_id: str | None = None
    worker_id: str | None = None


class BlockStart(EventFields, frozen=True, kw_only=True, tag="block-start"):
    """A block begins; `block_type` is the protocol's name of its kind."""

    block_id: str
    block_name: str
    block_type: str
    display: Display
    description: str | None = None
    output_to_chat: bool | None = None
    thread: str | None = None
    worker_id: str | None = None


class BlockEnd(EventFields, frozen=True, kw_only=True, tag="block-end"):
    """A block is over."""

    block_id: str
    summary: str | None = None
    worker_id: str | None = None


class ResourceUpdate(EventFields, frozen=True, kw_only=True, tag="resource-update"):
    """A resource was written: the event and the fact."""

    name: str
    value: Json


class TodoItem(Value, frozen=True, kw_only=True):
    """One entry of a todo list."""

    id: str
    content: str
    status: TodoStatus


class TodoUpdate(EventFields, frozen=True, kw_only=True, tag="todo-update"):
    """The whole todo list after a change: the event and the fact."""

    todos: tuple[TodoItem, ...]
    worker_id: str | None = None


class WorkerStart(EventFields, frozen=True, kw_only=True, tag="worker-start"):
    """A worker begins: the event and the fact."""

    worker_id: str
    worker_slug: str
    description: str | None = None
    input: dict[str, Json] | None = None


class WorkerResult(EventFields, frozen=True, kw_only=True, tag="worker-result"):
    """A worker ended, with `output` or `error`."""

    worker_id: str
    output: Json = None
    error: str | None = None
    cancelled: bool = False


class WorkerInputStart(EventFields, frozen=True, kw_only=True, tag="worker-input-start"):
    """The model begins to write a worker's input."""

    worker_id: str
    worker_slug: str
    description: str | None = None


class WorkerInputDelta(EventFields, frozen=True, kw_only=True, tag="worker-input-delta"):
    """More of a worker's input, as JSON text."""

    worker_id: str
    delta: str


class WorkerInputReady(EventFields, frozen=True, kw_only=True, tag="worker-input-ready"):
    """A worker's parsed input."""

    worker_id: str
    input: dict[str, Json]


class AttemptSuperseded(EventFields, frozen=True, kw_only=True, tag="attempt-superseded"):
    """A model call was cut and is made anew: forget the parts named."""

    generation_id: str
    attempt: int
    parts: tuple[str, ...] = ()
    worker_id: str | None = None


# ---- private facts ------------------------------------------------------------------------------------------


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
    """A thread begins, empty; `settings` are its dynamic members resolved (model, temperature, ...)."""

    frame: str
    thread: str
    system: str | None = None
    settings: dict[str, Json] = {}
    block: int | None = None


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


class GenerationFailed(EventFields, frozen=True, kw_only=True, tag="generation-failed"):
    """A model call ended without an answer."""

    generation_id: str
    frame: str
    failure: Failure
    usage: Usage | None = None


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


class ToolSettled(EventFields, frozen=True, kw_only=True, tag="tool-settled"):
    """A call has its one result. `ran`: where (`caller`, `builtin`, `worker`, `synthetic`)."""

    call_id: str
    tool: str
    ran: Literal["caller", "builtin", "worker", "synthetic"]
    output: Json = None
    error: str | None = None
    cancelled: bool = False
    files: tuple[FileReference, ...] = ()
    display: Display = "description"
    worker_id: str | None = None


class RoundClosed(EventFields, frozen=True, kw_only=True, tag="round-closed"):
    """All calls of a generation are settled: their results join the thread as one `tool` message."""

    frame: str
    thread: str
    generation_id: str
    message: Message


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


PublicEvent: TypeAlias = (
    Start
    | Finish
    | ErrorEvent
    | TextStarted
    | TextDelta
    | TextEnded
    | ReasoningStarted
    | ReasoningDelta
    | ReasoningEnded
    | ToolInputStarted
    | ToolInputDelta
    | ToolInputEnded
    | ToolInputAvailable
    | ToolRequest
    | Source
    | FileAvailable
    | BlockStart
    | BlockEnd
    | ResourceUpdate
    | TodoUpdate
    | WorkerStart
    | WorkerResult
    | WorkerInputStart
    | WorkerInputDelta
    | WorkerInputReady
    | AttemptSuperseded
)
PrivateEvent: TypeAlias = (
    SessionCreated
    | SessionRestored
    | SessionExpired
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
    | ToolCalled
    | ToolSettled
    | RoundClosed
    | FrameOpened
    | FrameClosed
    | Resumed
    | ExecutionEnded
)
Event: TypeAlias = PublicEvent | PrivateEvent
DeltaEvent: TypeAlias = TextDelta | ReasoningDelta | ToolInputDelta | WorkerInputDelta

_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
encode_event = msgspec.json.Encoder().encode


def decode_event(data: bytes | memoryview) -> Event:
    """The event of its JSON bytes; raises `msgspec.ValidationError` for anything else."""
    return _decoder.decode(data)


def failure_event(failure: Failure) -> ErrorEvent:
    """The `error` event that reports a failure."""
    return ErrorEvent(
        error_type=failure.error_type,
        message=failure.message,
        retryable=failure.retryable,
        source=failure.source,
        retry_after=failure.retry_after,
        code=failure.code,
        provider=failure.provider,
        tool=failure.tool,
    )
