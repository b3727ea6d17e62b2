"""Owns the public events: what a native client sees, byte for byte as stored (`octavus-http.md` §4).

Encoding: one JSON object an event, `type` first, camelCase members, absent never null. `worker_id` is set on
everything that happens inside a worker called by the session's agent.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from mainspring.model.errors import ErrorClass, ErrorSource, ErrorType, ProviderInfo, ToolInfo
from mainspring.model.program import Display
from mainspring.model.values import Json, Value

StreamFinish = Literal[
    "stop", "tool-calls", "client-tool-calls", "length", "content-filter", "error", "other"
]
TodoStatus = Literal["pending", "in_progress", "completed", "cancelled"]


class EventFields(Value, frozen=True, kw_only=True, tag_field="type"):
    """What every event has: nothing but its type; the cursor and the time belong to its row."""


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
    """The execution ended with a failure; nothing of the execution follows. `error_class` is finer than the type."""

    error_type: ErrorType
    message: str
    retryable: bool
    source: ErrorSource
    retry_after: float | None = None
    code: str | None = None
    provider: ProviderInfo | None = None
    tool: ToolInfo | None = None
    error_class: ErrorClass | None = None


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


class ToolApprovalRequest(EventFields, frozen=True, kw_only=True, tag="tool-approval-request"):
    """A call waits, un-run, for a person. `input`: the arguments; `expires_at`: Unix seconds, then it is denied.

    `kind`: may it run (`approval`), or shall it run again as nobody knows whether it did (`unknown-outcome`).
    """

    approval_id: str
    tool_call_id: str
    tool_name: str
    input: dict[str, Json]
    execution_id: str
    kind: Literal["approval", "unknown-outcome"] = "approval"
    reason: str | None = None
    expires_at: float | None = None
    worker_id: str | None = None


class ToolApprovalResponse(EventFields, frozen=True, kw_only=True, tag="tool-approval-response"):
    """An approval request is answered, or closed. `input`: the arguments it runs with, if somebody changed them.

    `cause`: who denied it if no person did: its time (`expired`), a new message (`superseded`), a stop (`stopped`).
    """

    approval_id: str
    tool_call_id: str
    approved: bool
    reason: str | None = None
    input: dict[str, Json] | None = None
    by: str | None = None
    cause: Literal["expired", "superseded", "stopped", "answered"] | None = None
    worker_id: str | None = None


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


class RetryScheduled(EventFields, frozen=True, kw_only=True, tag="retry-scheduled"):
    """A model call failed before anything of it was shown, and is made again after `delay` seconds by `model`.

    `attempt`: which one that will be, from 2. `error_class` and `message` say what went wrong.
    """

    generation_id: str
    attempt: int
    delay: float
    model: str
    error_class: ErrorClass
    message: str
    worker_id: str | None = None


class ContextCompacted(EventFields, frozen=True, kw_only=True, tag="context-compacted"):
    """A thread became too long for its model, which gets less of it from now on; what people see stays as it is.

    `messages`: how many it no longer gets word for word. `trigger`: the threshold was passed (`proactive`), or the
    provider refused (`reactive`). `layers`: what was done. `tokens_before`, `tokens_after`: about its size.
    """

    thread: str | None = None
    trigger: Literal["proactive", "reactive"]
    layers: tuple[Literal["summary", "dropped", "results"], ...]
    messages: int
    tokens_before: int
    tokens_after: int
    worker_id: str | None = None


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
    | ToolApprovalRequest
    | ToolApprovalResponse
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
    | RetryScheduled
    | ContextCompacted
)
