"""Owns the parts of an AI SDK message that stand beside texts and calls: workers, todos, resources, sources, files."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from mainspring.model.stream_events import (
    FileAvailable,
    ResourceUpdate,
    Source,
    TodoUpdate,
    WorkerInputReady,
    WorkerInputStart,
    WorkerResult,
    WorkerStart,
)
from mainspring.model.values import Json
from mainspring.wires.turns import sse

Chunk: TypeAlias = dict[str, Json]

_Worker: TypeAlias = WorkerInputStart | WorkerStart | WorkerInputReady | WorkerResult
_worker: Final[msgspec.json.Decoder[_Worker]] = msgspec.json.Decoder(_Worker)
_Beside: TypeAlias = TodoUpdate | ResourceUpdate | Source | FileAvailable
_beside: Final[msgspec.json.Decoder[_Beside]] = msgspec.json.Decoder(_Beside)


class Workers:
    """The workers of a turn: one `data-worker` part each, replaced in place whenever more is known."""

    def __init__(self) -> None:
        self._shown: dict[str, Chunk] = {}

    def show(self, data: bytes) -> bytes:
        """An event about a worker, as the part that it changes."""
        event = _worker.decode(data)
        shown = self._shown.setdefault(event.worker_id, {"workerId": event.worker_id, "status": "running"})
        if isinstance(event, WorkerResult):
            failed = "error" if event.error is not None else "done"
            shown["status"] = "cancelled" if event.cancelled else failed
            known: Chunk = {"output": event.output, "error": event.error}
        elif isinstance(event, WorkerInputReady):
            known = {"input": event.input}
        else:
            known = {"workerSlug": event.worker_slug, "description": event.description}
            known["input"] = event.input if isinstance(event, WorkerStart) else None
        shown.update((name, value) for name, value in known.items() if value is not None)
        return sse({"type": "data-worker", "id": event.worker_id, "data": shown})

    def forget(self, worker_id: str) -> None:
        """Its part is no longer there."""
        self._shown.pop(worker_id, None)


def beside(data: bytes) -> bytes:
    """A todo list, a resource, a source or a file, as a part of its own."""
    event = _beside.decode(data)
    if isinstance(event, TodoUpdate):
        scope = "todo" if event.worker_id is None else f"todo_{event.worker_id}"
        return sse({"type": "data-todo", "id": scope, "data": {"todos": event.todos}})
    if isinstance(event, ResourceUpdate):
        shown = {"name": event.name, "value": event.value}
        return sse({"type": "data-resource", "id": event.name, "data": shown})
    if isinstance(event, Source):
        return _cited(event)
    known = {
        "id": event.id,
        "filename": event.filename,
        "size": event.size,
        "toolCallId": event.tool_call_id,
    }
    more = {name: value for name, value in known.items() if value is not None}
    chunk = {"type": "file", "url": event.url, "mediaType": event.media_type}
    return sse({**chunk, "providerMetadata": {"mainspring": more}})


def _cited(event: Source) -> bytes:
    if event.worker_id is not None:
        return b""
    chunk: Chunk = {"type": "source-url", "sourceId": event.id, "url": event.url}
    return sse(chunk if event.title is None else {**chunk, "title": event.title})
