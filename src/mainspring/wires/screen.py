"""Owns what one turn shows: the parts of its assistant message, made of the public events as a client makes them.

Parts are plain objects in the shape of version 4 (`octavus-http.md` §9.1), under the rules for reloading: what a
tool's display hides after a reload is left out. The text of a part comes from the fact that settles it; deltas are
only read for what is still open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeAlias, cast

import msgspec

from mainspring.model.events import Event
from mainspring.model.facts import GenerationSettled, GenerationStarted, ToolCalled, ToolSettled
from mainspring.model.json_text import bare_json
from mainspring.model.messages import Message
from mainspring.model.parts import FilePart, ToolCallPart
from mainspring.model.program import Display
from mainspring.model.stream_events import (
    AttemptSuperseded,
    BlockEnd,
    BlockStart,
    FileAvailable,
    ReasoningDelta,
    ReasoningEnded,
    ReasoningStarted,
    Source,
    TextDelta,
    TextEnded,
    TextStarted,
    TodoUpdate,
    ToolInputAvailable,
    ToolInputStarted,
    WorkerInputReady,
    WorkerInputStart,
    WorkerResult,
    WorkerStart,
)
from mainspring.model.values import Json
from mainspring.wires.native_events import tag_of

Shown: TypeAlias = dict[str, Json]
"""A part of a UI message."""

MAIN: Final = "main"
OPERATIONS: Final = frozenset(("set-resource", "serialize-thread", "generate-image"))
"""Block types that clients show as an operation."""

NOT_JSON: Final = "Failed to parse response as JSON"
_STEP: Final[Shown] = {"type": "step-start"}
_TEXT_DELTAS: Final = frozenset((b"text-delta", b"reasoning-delta"))
_said_decoder: Final[msgspec.json.Decoder[TextDelta | ReasoningDelta]] = msgspec.json.Decoder(
    TextDelta | ReasoningDelta
)


class Pane:
    """One list of parts: the turn's own, or a worker's. `thread` and `muted` are those of the block that is open."""

    __slots__ = ("muted", "parts", "step", "thread", "todo")

    def __init__(self) -> None:
        self.parts: list[Shown] = []
        self.thread: str | None = None
        self.muted = False
        self.step = False
        self.todo: Shown | None = None

    def add(self, part: Shown) -> Shown:
        """Shows a part, under the thread of the open block."""
        if self.thread is not None:
            part["thread"] = self.thread
        self.parts.append(part)
        return part

    def add_step(self, part: Shown) -> Shown:
        """Shows a part that a model call made: the first of each but the first call follows a boundary."""
        if self.step and self.parts:
            self.parts.append(_STEP)
        self.step = False
        return self.add(part)

    def drop(self, gone: set[int]) -> None:
        """Takes parts away, by identity, and the boundary that would stand at the end."""
        self.parts[:] = [part for part in self.parts if id(part) not in gone]
        if self.parts and self.parts[-1] is _STEP:
            self.parts.pop()
        self.step = True


class Screen:
    """The parts of one turn, event by event; `parts` is what its assistant message shows."""

    def __init__(self) -> None:
        self._main = Pane()
        self._panes: dict[str, Pane] = {}
        self._workers: dict[str, Shown] = {}
        self._texts: dict[str, Shown] = {}
        self._calls: dict[str, Shown] = {}
        self._displays: dict[str, Display] = {}
        self._operations: dict[str, Shown] = {}
        self._deltas: list[bytes] = []
        self._said: dict[str, list[str]] = {}
        self.parts = self._main.parts
        self.streamed: set[str] = set()
        """The ids of the text and reasoning parts that clients saw."""

    def see(self, event: Event) -> None:
        """Takes in one event; those that show nothing are passed over."""
        handler = self._HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def hear(self, deltas: bytes) -> None:
        """Takes in a row of deltas; it is decoded only if its part is still open in the end."""
        if tag_of(deltas) in _TEXT_DELTAS:
            self._deltas.append(deltas)

    def add_text(self, text: str) -> None:
        """Shows a text that no model streamed."""
        self._main.add({"type": "text", "text": text, "status": "done"})

    def resolve(self) -> None:
        """Gives the open texts what their deltas have said so far."""
        for row in self._deltas:
            for line in row.split(b"\n"):
                self._delta(_said_decoder.decode(line))
        self._deltas.clear()
        for part_id, part in self._texts.items():
            self._fill(part, "".join(self._said.get(part_id, ())), final=part["status"] == "done")

    def close(self) -> None:
        """The execution is over: whatever is open is done or cancelled; texts that never came are taken away."""
        self.resolve()
        empty = {id(part) for part in self._texts.values() if part.get("text") == ""}
        for pane in (self._main, *self._panes.values()):
            pane.parts[:] = [part for part in pane.parts if id(part) not in empty]
            for part in pane.parts:
                _close(part)

    def _pane(self, worker_id: str | None) -> Pane:
        return self._main if worker_id is None else self._panes.setdefault(worker_id, Pane())

    # ---- blocks

    def _block_started(self, event: BlockStart) -> None:
        pane = self._pane(event.worker_id)
        pane.thread = None if event.thread == MAIN else event.thread
        pane.muted = event.output_to_chat is False and pane.thread is None
        if event.block_type in OPERATIONS and event.display != "hidden":
            self._operations[event.block_id] = pane.add(
                {
                    "type": "operation",
                    "operationId": event.block_id,
                    "name": event.description or event.block_name,
                    "operationType": event.block_type,
                    "status": "running",
                }
            )

    def _block_ended(self, event: BlockEnd) -> None:
        pane = self._pane(event.worker_id)
        pane.thread = None
        pane.muted = False
        operation = self._operations.pop(event.block_id, None)
        if operation is not None:
            operation["status"] = "done"

    # ---- text and reasoning

    def _text_started(self, event: TextStarted) -> None:
        pane = self._pane(event.worker_id)
        if pane.muted:
            return
        if event.response_type is None:
            part: Shown = {"type": "text", "text": "", "status": "streaming"}
        else:
            part = {"type": "object", "id": event.id, "typeName": event.response_type, "status": "streaming"}
        self._texts[event.id] = pane.add_step(part)
        self.streamed.add(event.id)

    def _reasoning_started(self, event: ReasoningStarted) -> None:
        part: Shown = {"type": "reasoning", "text": "", "status": "streaming"}
        self._texts[event.id] = self._pane(event.worker_id).add_step(part)
        self.streamed.add(event.id)

    def _delta(self, event: TextDelta | ReasoningDelta) -> None:
        self._said.setdefault(event.id, []).append(event.delta)

    def _text_ended(self, event: TextEnded | ReasoningEnded) -> None:
        part = self._texts.get(event.id)
        if part is not None:
            part["status"] = "done"

    def _generation_started(self, event: GenerationStarted) -> None:
        pane = self._main if event.frame == MAIN else self._panes.get(event.frame)
        if pane is not None:
            pane.step = True

    def _generation_settled(self, event: GenerationSettled) -> None:
        for said, part_id in zip(event.message.parts, event.part_ids, strict=False):
            part = self._texts.pop(part_id, None)
            if part is not None and not isinstance(said, ToolCallPart):
                part["status"] = "done"
                self._fill(part, getattr(said, "text", ""), final=True)

    def _fill(self, part: Shown, text: str, *, final: bool) -> None:
        if part["type"] != "object":
            part["text"] = text
            return
        try:
            part["object"] = msgspec.json.decode(bare_json(text))
        except (msgspec.DecodeError, RecursionError):
            if final:
                part["status"] = "error"
                part["error"] = NOT_JSON

    def _superseded(self, event: AttemptSuperseded) -> None:
        gone: set[int] = set()
        for part_id in event.parts:
            for known in (self._texts, self._calls, self._workers):
                part = known.pop(part_id, None)
                if part is not None:
                    gone.add(id(part))
        self._pane(event.worker_id).drop(gone)

    # ---- tool calls

    def _call(self, call_id: str, name: str, pane: Pane) -> Shown:
        part = self._calls.get(call_id)
        if part is None:
            part = pane.add_step(
                {
                    "type": "tool-call",
                    "toolCallId": call_id,
                    "toolName": name,
                    "args": {},
                    "status": "pending",
                }
            )
            self._calls[call_id] = part
        return part

    def _input_started(self, event: ToolInputStarted) -> None:
        part = self._call(event.tool_call_id, event.tool_name, self._pane(event.worker_id))
        if event.title is not None:
            part["displayName"] = event.title
        if event.display is not None:
            self._displays[event.tool_call_id] = event.display
            part["display"] = event.display

    def _called(self, event: ToolCalled) -> None:
        self._displays.setdefault(event.call_id, event.display)

    def _input_available(self, event: ToolInputAvailable) -> None:
        part = self._call(event.tool_call_id, event.tool_name, self._pane(event.worker_id))
        part["status"] = "running"
        if self._displays.get(event.tool_call_id) != "title":
            part["args"] = event.input

    def _settled(self, event: ToolSettled) -> None:
        part = self._calls.get(event.call_id)
        if part is None:
            return
        if event.cancelled:
            part["status"] = "cancelled"
        elif event.error is not None:
            part["status"] = "error"
            part["error"] = event.error
        else:
            part["status"] = "done"
            if self._displays.get(event.call_id, event.display) == "stream":
                part["result"] = event.output

    # ---- sources, files, todos

    def _source(self, event: Source) -> None:
        part: Shown = {"type": "source", "sourceType": event.source_type, "id": event.id, "url": event.url}
        if event.title is not None:
            part["title"] = event.title
        self._pane(event.worker_id).add(part)

    def _file(self, event: FileAvailable) -> None:
        part = {**_members(event), "type": "file"}
        part.pop("workerId", None)
        self._pane(event.worker_id).add(part)

    def _todos(self, event: TodoUpdate) -> None:
        pane = self._pane(event.worker_id)
        if pane.todo is None:
            pane.todo = pane.add({"type": "todo", "todos": [], "status": "streaming"})
        pane.todo["todos"] = [_members(todo) for todo in event.todos]

    # ---- workers

    def _worker(self, event: WorkerStart | WorkerInputStart) -> Shown:
        part = self._workers.get(event.worker_id)
        if part is None:
            part = {
                "type": "worker",
                "workerId": event.worker_id,
                "workerSlug": event.worker_slug,
                "parts": self._pane(event.worker_id).parts,
                "status": "running",
            }
            self._workers[event.worker_id] = self._main.add_step(part)
        if event.description is not None:
            part["description"] = event.description
        return part

    def _worker_started(self, event: WorkerStart) -> None:
        part = self._worker(event)
        if event.input is not None:
            part["input"] = event.input

    def _worker_input(self, event: WorkerInputReady) -> None:
        part = self._workers.get(event.worker_id)
        if part is not None:
            part["input"] = event.input

    def _worker_ended(self, event: WorkerResult) -> None:
        part = self._workers.get(event.worker_id)
        if part is None:
            return
        if event.error is not None:
            part["error"] = event.error
        if event.output is not None:
            part["output"] = event.output
        failed = "error" if event.error is not None else "done"
        part["status"] = "cancelled" if event.cancelled else failed

    _HANDLERS: ClassVar[dict[type, Callable[[Screen, Any], object]]] = {
        BlockStart: _block_started,
        BlockEnd: _block_ended,
        TextStarted: _text_started,
        ReasoningStarted: _reasoning_started,
        TextDelta: _delta,
        ReasoningDelta: _delta,
        TextEnded: _text_ended,
        ReasoningEnded: _text_ended,
        GenerationStarted: _generation_started,
        GenerationSettled: _generation_settled,
        AttemptSuperseded: _superseded,
        ToolInputStarted: _input_started,
        ToolCalled: _called,
        ToolInputAvailable: _input_available,
        ToolSettled: _settled,
        Source: _source,
        FileAvailable: _file,
        TodoUpdate: _todos,
        WorkerStart: _worker_started,
        WorkerInputStart: _worker,
        WorkerInputReady: _worker_input,
        WorkerResult: _worker_ended,
    }


def user_parts(message: Message) -> list[Shown]:
    """What an added message shows: its files, then its text, or what the protocol shows in place of the text."""
    parts = [{"type": "file", **_members(part.file)} for part in message.parts if isinstance(part, FilePart)]
    content = message.ui_content if message.has_ui_content else message.text
    if isinstance(content, dict):
        shown = cast("dict[str, Json]", content)
        named = shown.get("type")
        parts.append(
            {
                "type": "object",
                "id": f"{message.id}_content",
                "typeName": named if isinstance(named, str) else "object",
                "object": shown,
                "status": "done",
            }
        )
    elif content not in (None, ""):
        text = content if isinstance(content, str) else msgspec.json.encode(content).decode()
        parts.append({"type": "text", "text": text, "status": "done"})
    return parts


def _members(value: msgspec.Struct) -> Shown:
    return cast("Shown", msgspec.to_builtins(value))


_AFTER_ALL: Final = {"pending": "cancelled", "running": "cancelled", "streaming": "done"}


def _close(part: Shown) -> None:
    status = part.get("status")
    if status in _AFTER_ALL:
        part["status"] = _AFTER_ALL[status]
