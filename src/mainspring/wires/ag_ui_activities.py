"""Owns the AG-UI events beside texts and calls: runs, subagents with their steps, activities, state, custom events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from mainspring.model.generation import Usage
from mainspring.model.stream_events import (
    ErrorEvent,
    FileAvailable,
    ResourceUpdate,
    Source,
    TodoUpdate,
    ToolApprovalRequest,
    ToolApprovalResponse,
    WorkerInputReady,
    WorkerInputStart,
    WorkerResult,
    WorkerStart,
)
from mainspring.model.values import Json
from mainspring.wires.turns import reader_of, sse

_error: Final = reader_of(ErrorEvent)
_Beside: TypeAlias = (
    WorkerInputStart
    | WorkerStart
    | WorkerInputReady
    | WorkerResult
    | TodoUpdate
    | ResourceUpdate
    | Source
    | FileAvailable
    | ToolApprovalRequest
    | ToolApprovalResponse
)
_CUSTOM = {
    "source": "source",
    "file-available": "file",
    "tool-approval-request": "approval-request",
    "tool-approval-response": "approval-response",
}
_beside: Final[msgspec.json.Decoder[_Beside]] = msgspec.json.Decoder(_Beside)


def event(kind: str, worker: str | None, known: dict[str, Json] | None = None, /, **members: Json) -> bytes:
    """One event: of a worker if it has one; `known` goes to its metadata."""
    whole: dict[str, Json] = {"type": kind, **members}
    if worker is not None:
        whole["subagentRunId"] = worker
    if known:
        whole["metadata"] = known
    return sse(whole)


def activity(message_id: str, kind: str, content: dict[str, Json], worker: str | None) -> bytes:
    """An activity as it is now."""
    return event("ACTIVITY_SNAPSHOT", worker, messageId=message_id, activityType=kind, content=content)


def as_text(value: Json) -> str:
    """The content of a tool message: text as it is, any other value as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def run_error(data: bytes) -> bytes:
    """The end of a run that failed."""
    failed = _error(data)
    known = msgspec.to_builtins(failed)
    rest = {name: known[name] for name in known if name not in ("type", "message")}
    return event("RUN_ERROR", None, rest, message=failed.message, code=failed.error_type)


def run_finished(
    thread_id: str,
    run_id: str,
    *,
    outcome: dict[str, Json],
    usage: Usage | None = None,
    reason: str = "stop",
) -> bytes:
    """The end of a run that did not fail."""
    more: dict[str, Json] = {} if usage is None else {"usage": [_used(usage)]}
    known: dict[str, Json] = {} if reason == "stop" else {"finishReason": reason}
    return event("RUN_FINISHED", None, known, threadId=thread_id, runId=run_id, outcome=outcome, **more)


def _used(usage: Usage) -> dict[str, Json]:
    return {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.input_tokens + usage.output_tokens,
        "reasoningTokens": usage.reasoning_output_tokens,
        "cachedInputTokens": usage.cached_input_tokens,
        "cacheWriteInputTokens": usage.cached_write_tokens,
    }


def _suspended(interrupts: list[str] | None) -> dict[str, Json]:
    return {"type": "suspended"} if interrupts is None else {"type": "suspended", "interruptIds": interrupts}


class Subagents:
    """The workers of a run that are open, and the open step of each, and of the agent itself (None)."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, Json]] = {}
        self._suspended: dict[str, dict[str, Json]] = {}
        self._steps: dict[str | None, str] = {}
        self._count = 0

    def step(self, worker: str | None) -> bytes:
        """A model call begins: the step before it is over. A worker that is not shown has none."""
        if worker is not None and worker not in self._open:
            return b""
        self._count += 1
        before = self._end_step(worker)
        name = self._steps[worker] = f"model-call#{self._count}"
        return before + event("STEP_STARTED", worker, stepName=name)

    def _end_step(self, worker: str | None) -> bytes:
        name = self._steps.pop(worker, None)
        return b"" if name is None else event("STEP_FINISHED", worker, stepName=name)

    def suspend(self, interrupts: Mapping[str, list[str]] | None = None) -> bytes:
        """The run ends: every step is over, and workers that are open wait for the next run, some for people."""
        asked = interrupts or {}
        self._suspended, self._open = self._open, {}
        out = [self._end_step(worker) for worker in reversed([*self._steps])]
        out += [
            event("SUBAGENT_FINISHED", worker, outcome=_suspended(asked.get(worker)))
            for worker in reversed([*self._suspended])
        ]
        return b"".join(out)

    def resume(self) -> bytes:
        """The next run begins: the workers that waited go on."""
        self._open, self._suspended = {**self._suspended, **self._open}, {}
        return b"".join(
            event("SUBAGENT_STARTED", worker, **members) for worker, members in self._open.items()
        )

    def beside(self, data: bytes, execution_id: str) -> bytes:
        """A worker, a todo list, a resource, a source, a file, an approval."""
        found = _beside.decode(data)
        if isinstance(found, WorkerInputStart | WorkerStart):
            return self._start(found)
        if isinstance(found, WorkerResult):
            return self._finish(found)
        if isinstance(found, WorkerInputReady):
            return event("CUSTOM", found.worker_id, name="worker-input", value=found.input)
        if isinstance(found, ResourceUpdate):
            path = "/" + found.name.replace("~", "~0").replace("/", "~1")
            patch = [{"op": "add", "path": path, "value": found.value}]
            return event("STATE_DELTA", None, delta=patch)
        if isinstance(found, TodoUpdate):
            list_id = f"todo_{found.worker_id or execution_id}"
            return activity(list_id, "TODO", {"todos": found.todos}, found.worker_id)
        value = msgspec.to_builtins(found)
        name = _CUSTOM[value.pop("type")]
        value.pop("workerId", None)
        return event("CUSTOM", found.worker_id, name=name, value=value)

    def _start(self, found: WorkerInputStart | WorkerStart) -> bytes:
        if found.worker_id in self._open:
            return b""
        members: dict[str, Json] = {"name": found.worker_slug}
        if found.description is not None:
            members["description"] = found.description
        self._open[found.worker_id] = members
        given = found.input if isinstance(found, WorkerStart) else None
        known = {} if given is None else {"input": given}
        return event("SUBAGENT_STARTED", found.worker_id, known, **members)

    def _finish(self, found: WorkerResult) -> bytes:
        worker = found.worker_id
        if self._open.pop(worker, None) is None:
            return b""
        out = self._end_step(worker)
        if found.error is not None:
            code = "cancelled" if found.cancelled else "worker_error"
            return out + event("SUBAGENT_ERROR", worker, message=found.error, code=code)
        more = {} if found.output is None else {"result": found.output}
        return out + event("SUBAGENT_FINISHED", worker, outcome={"type": "success"}, **more)
