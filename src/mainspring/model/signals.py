"""Owns signals (what happens to an execution) and effects (what it asks for); neither is ever stored."""

from __future__ import annotations

from typing import TypeAlias

from mainspring.model.errors import Failure
from mainspring.model.events import Event
from mainspring.model.generation import FinishReason, Usage
from mainspring.model.messages import Sender
from mainspring.model.parts import FileReference, ReasoningPart, TextPart
from mainspring.model.session import State
from mainspring.model.values import Json, Value


class TriggerSignal(Value, frozen=True, kw_only=True):
    """Somebody triggers the agent. `rollback`: cut the main thread after `rollback_after` first. `at`: Unix seconds."""

    execution_id: str
    token: str
    at: float
    trigger: str
    input: dict[str, Json] = {}
    sender: Sender | None = None
    rollback: bool = False
    rollback_after: str | None = None
    tool_schemas: tuple[dict[str, Json], ...] = ()
    key: str | None = None
    version: str | None = None
    """Go on under this version of the agent; None: the session's own."""


class ToolResult(Value, frozen=True, kw_only=True):
    """What the caller's side answers to a call."""

    tool_call_id: str
    tool_name: str | None = None
    result: Json = None
    error: str | None = None
    files: tuple[FileReference, ...] = ()


class ApprovalAnswer(Value, frozen=True, kw_only=True):
    """What somebody answers to an approval request. `args`: run it with these instead; `by`: who said so."""

    approval_id: str
    allow: bool
    message: str | None = None
    args: dict[str, Json] | None = None
    by: str | None = None


class ResultsSignal(Value, frozen=True, kw_only=True):
    """Tool results, or answers to approval requests, arrived. `tool_schemas` None: those brought before stay."""

    execution_id: str
    results: tuple[ToolResult, ...] = ()
    at: float
    approvals: tuple[ApprovalAnswer, ...] = ()
    tool_schemas: tuple[dict[str, Json], ...] | None = None


class ApprovalSignal(Value, frozen=True, kw_only=True):
    """Answers to approval requests, from whoever may give them; tool requests are not repeated for them."""

    approvals: tuple[ApprovalAnswer, ...]
    at: float


class AttemptSignal(Value, frozen=True, kw_only=True):
    """An attempt of a tool call that a tool box runs ended: with `output` (and `files`), or with `error`.

    `error` is in words for the model. `retryable`: the same call may be made again without harm (of a probe: it did
    not run). `unknown`: nobody knows whether it ran. `retry_after`: the seconds that the tool asks for before that.
    """

    call_id: str
    attempt: int
    at: float
    output: Json = None
    error: str | None = None
    files: tuple[FileReference, ...] = ()
    retryable: bool = False
    unknown: bool = False
    retry_after: float | None = None


class TickSignal(Value, frozen=True, kw_only=True):
    """Time has passed: deadlines and retries up to `at` are due (`wake_at` says when the next one is)."""

    at: float


class CallWritten(Value, frozen=True, kw_only=True):
    """A tool call as the model wrote it: `arguments` is its raw JSON text; `call_id` is ours."""

    call_id: str
    name: str
    arguments: str
    metadata: dict[str, Json] | None = None


AnswerPart: TypeAlias = TextPart | ReasoningPart | CallWritten
"""A piece of an answer, in the order they began."""


class AnswerSignal(Value, frozen=True, kw_only=True):
    """A model call ended with an answer. `part_ids`: the ids its parts streamed under, one a part."""

    generation_id: str
    attempt: int
    parts: tuple[AnswerPart, ...]
    part_ids: tuple[str, ...]
    reason: FinishReason
    usage: Usage
    model: str
    at: float
    raw_reason: str | None = None
    response_id: str | None = None
    context_tokens: int | None = None


class FailedSignal(Value, frozen=True, kw_only=True):
    """A model call failed. `parts` is what had been shown before it did; every part was closed.

    `again`: it is made again at once, and `streamed`, the ids of everything that was shown of it, does not count.
    """

    generation_id: str
    attempt: int
    failure: Failure
    at: float
    parts: tuple[TextPart | ReasoningPart, ...] = ()
    part_ids: tuple[str, ...] = ()
    usage: Usage | None = None
    again: bool = False
    streamed: tuple[str, ...] = ()


class StopSignal(Value, frozen=True, kw_only=True):
    """Stop the running execution. `partial`: what each cut model call had said, by generation id."""

    at: float
    partial: dict[str, tuple[TextPart | ReasoningPart, ...]] = {}
    part_ids: dict[str, tuple[str, ...]] = {}


class ResumeSignal(Value, frozen=True, kw_only=True):
    """A host found the execution open after a crash; `attempt` is its claim.

    `open_parts`: by generation id, what it had streamed: (part id, kind `text`/`reasoning`/`tool`/`worker`, closed).
    `alive`: calls whose attempt runs outside the process that ended: it goes on until its tool box says otherwise.
    `handed_over`: the one before gave it up cleanly, which says nothing about the execution.
    """

    attempt: str
    at: float
    open_parts: dict[str, tuple[tuple[str, str, bool], ...]] = {}
    alive: tuple[str, ...] = ()
    handed_over: bool = False


class ExpireSignal(Value, frozen=True, kw_only=True):
    """The session's time is over, or its owner clears it."""

    at: float
    cleared: bool = False


Signal: TypeAlias = (
    TriggerSignal
    | ResultsSignal
    | AnswerSignal
    | FailedSignal
    | ApprovalSignal
    | AttemptSignal
    | TickSignal
    | StopSignal
    | ResumeSignal
    | ExpireSignal
)


class Complete(Value, frozen=True, kw_only=True):
    """Make a model call. Its id and attempt make a second performance recognisable."""

    generation_id: str
    attempt: int
    frame: str
    thread: str


class CallTool(Value, frozen=True, kw_only=True):
    """Have a tool box run a call. `call_id` is the idempotency key of all attempts; `tool` as the box knows it.

    `deadline`: Unix seconds after which nobody waits for this attempt any more; a tick settles it, who performs it may
    give up. `probe`: do not run it, ask the box what became of the attempt before.
    """

    call_id: str
    attempt: int
    tool: str
    args: dict[str, Json]
    deadline: float | None = None
    idempotent: bool = False
    probe: bool = False


Effect: TypeAlias = Complete | CallTool


class Decision(Value, frozen=True, kw_only=True):
    """What `decide` answers: events to append; effects follow from `outstanding` of the state after them."""

    events: tuple[Event, ...]
    state: State
    """The state after them: what `fold` gives, so that nobody folds twice."""
