"""Owns what must hold in every journal, checked event by event as it is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import msgspec

from mainspring.engine.evolve import evolve
from mainspring.model.events import Event, decode_event
from mainspring.model.facts import (
    BlockBegan,
    BlockDone,
    ExecutionEnded,
    FrameClosed,
    FrameOpened,
    GenerationSettled,
    GenerationStarted,
    ToolCalled,
    ToolSettled,
    Triggered,
)
from mainspring.model.parts import ReasoningPart, TextPart
from mainspring.model.rows import DELTAS, FACT, Row
from mainspring.model.session import State
from mainspring.model.stream_events import (
    AttemptSuperseded,
    BlockEnd,
    BlockStart,
    ErrorEvent,
    Finish,
    ReasoningDelta,
    ReasoningEnded,
    ReasoningStarted,
    TextDelta,
    TextEnded,
    TextStarted,
    ToolInputDelta,
    ToolInputEnded,
    ToolInputStarted,
    ToolRequest,
    WorkerInputDelta,
    WorkerInputReady,
    WorkerInputStart,
    WorkerResult,
    WorkerStart,
)

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(State | None).decode


class Violation(AssertionError):
    """Something that must always hold does not."""


def must(condition: object, what: str) -> None:
    """`what` holds, or the simulation has found something."""
    if not condition:
        raise Violation(what)


def same_state(one: State | None, other: State | None) -> bool:
    """Whether two states are the same, as they would be stored."""
    return one == other or _decode(_encode(one)) == _decode(_encode(other))


class Part:
    """One streamed part: whether it is open, and what it has said."""

    __slots__ = ("kind", "open", "said", "superseded")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.open = True
        self.superseded = False
        self.said: list[str] = []


class JournalRules:
    """The journal of one session as committed so far: `rows`, and the `state` that their fold gives."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.state: State | None = None
        self.cursor = 0
        self.parts: dict[str, Part] = {}
        self.posted: dict[str, set[str]] = {}
        """By call id, the results (as `told` writes them) that were ever posted for it."""
        self.settled: dict[str, str] = {}
        """By call id, the one result."""
        self._called: set[str] = set()
        self._blocks: set[str] = set()
        self._shown_blocks: set[str] = set()
        self._frames: set[str] = set()
        self._workers: dict[str, str] = {}
        self._ended: list[str] = []
        self.executions: list[str] = []

    def feed(self, rows: Iterable[Row]) -> None:
        """Checks what was committed after the last time; raises `Violation`."""
        for row in rows:
            must(row.first == self.cursor + 1, f"cursor {row.first} follows {self.cursor}")
            must(row.kind in (FACT, DELTAS), f"a row of kind {row.kind} was committed")
            self.cursor = row.last
            self.rows.append(row)
            lines = row.data.split(b"\n") if row.kind == DELTAS else [row.data]
            must(len(lines) == row.last - row.first + 1, f"row {row.first} counts its events wrong")
            for line in lines:
                self._event(decode_event(line))

    def _event(self, event: Event) -> None:
        rule = self._RULES.get(type(event))
        if rule is not None:
            rule(self, event)
        self.state = evolve(self.state, event)

    # ---- executions

    def _triggered(self, event: Triggered) -> None:
        must(
            self.state is not None and self.state.execution is None,
            f"{event.execution_id} began while another one was open",
        )
        self._ended = []
        self.executions.append(event.execution_id)

    def _last(self, event: Finish | ErrorEvent) -> None:
        must(not self._ended, "an execution was finished twice")
        self._ended.append(type(event).__name__)

    def _execution_ended(self, event: ExecutionEnded) -> None:
        must(self._ended, f"{event.execution_id} ended without finish or error")
        left = [part_id for part_id, part in self.parts.items() if part.open]
        must(not left, f"{event.execution_id} ended with open parts {left}")
        must(not self._blocks, f"{event.execution_id} ended in blocks {self._blocks}")
        must(not self._shown_blocks, f"{event.execution_id} ended with open blocks {self._shown_blocks}")
        must(not self._frames, f"{event.execution_id} ended with open frames {self._frames}")
        must(not self._workers, f"{event.execution_id} ended with open workers {self._workers}")
        unsettled = self._called - self.settled.keys()
        must(not unsettled, f"{event.execution_id} ended with calls without a result: {unsettled}")

    # ---- blocks and frames

    def _block_began(self, event: BlockBegan) -> None:
        key = f"{event.frame}/{event.index}"
        must(key not in self._blocks, f"block {key} began twice")
        self._blocks.add(key)

    def _block_done(self, event: BlockDone) -> None:
        key = f"{event.frame}/{event.index}"
        must(key in self._blocks, f"block {key} is done and had not begun")
        self._blocks.discard(key)

    def _block_start(self, event: BlockStart) -> None:
        must(event.block_id not in self._shown_blocks, f"block {event.block_id} started twice")
        self._shown_blocks.add(event.block_id)

    def _block_end(self, event: BlockEnd) -> None:
        must(event.block_id in self._shown_blocks, f"block {event.block_id} ended and was not open")
        self._shown_blocks.discard(event.block_id)

    def _frame_opened(self, event: FrameOpened) -> None:
        must(event.frame not in self._frames, f"frame {event.frame} opened twice")
        self._frames.add(event.frame)

    def _frame_closed(self, event: FrameClosed) -> None:
        must(event.frame in self._frames, f"frame {event.frame} closed and was not open")
        self._frames.discard(event.frame)

    # ---- streamed parts

    def _opened(self, event: TextStarted | ReasoningStarted | ToolInputStarted) -> None:
        part_id = event.tool_call_id if isinstance(event, ToolInputStarted) else event.id
        must(part_id not in self.parts, f"part {part_id} began twice")
        self.parts[part_id] = Part(type(event).__name__)

    def _said(self, event: TextDelta | ReasoningDelta | ToolInputDelta) -> None:
        if isinstance(event, ToolInputDelta):
            part_id, text = event.tool_call_id, event.input_text_delta
        else:
            part_id, text = event.id, event.delta
        part = self.parts.get(part_id)
        must(part is not None and part.open, f"a delta outside its part: {event}")
        if part is not None:
            part.said.append(text)

    def _closed(self, event: TextEnded | ReasoningEnded | ToolInputEnded) -> None:
        part_id = event.tool_call_id if isinstance(event, ToolInputEnded) else event.id
        part = self.parts.get(part_id)
        must(part is not None and part.open, f"part {part_id} ended and was not open")
        if part is not None:
            part.open = False

    def _superseded(self, event: AttemptSuperseded) -> None:
        for part_id in event.parts:
            self._workers.pop(part_id, None)
            part = self.parts.get(part_id)
            if part is not None:
                must(not part.open, f"part {part_id} was superseded and is still open")
                part.superseded = True
        forgotten = [key for key in self._of_attempt(event.generation_id) if key not in event.parts]
        must(not forgotten, f"{event.generation_id} was superseded without its parts {forgotten}")

    def _of_attempt(self, generation_id: str) -> list[str]:
        """The text and reasoning parts of a model call that no other fact has spoken of yet."""
        place = generation_id.removeprefix("gen_") + "_"
        stems = ("txt_" + place, "rsn_" + place)
        return [key for key, part in self.parts.items() if key.startswith(stems) and not part.superseded]

    # ---- model calls

    def _settled(self, event: GenerationSettled) -> None:
        said = dict(zip(event.part_ids, event.message.parts, strict=True))
        for part_id, part in said.items():
            streamed = self.parts.get(part_id)
            if streamed is None or not isinstance(part, (TextPart, ReasoningPart)):
                continue
            # An answer that did not fit its type is kept for the model alone.
            hidden = event.message.response_type is not None and not event.message.visible
            must(hidden or not streamed.superseded, f"{event.generation_id} kept {part_id} of a cut attempt")
            must(
                "".join(streamed.said) == part.text, f"{part_id} streamed {streamed.said}, kept {part.text!r}"
            )
        for part_id in self._of_attempt(event.generation_id):
            lost = part_id not in said and "".join(self.parts[part_id].said)
            must(not lost, f"{event.generation_id} shows {part_id} and did not keep it: {lost!r}")

    def _generation_started(self, event: GenerationStarted) -> None:
        execution = None if self.state is None else self.state.execution
        scope = None if self.state is None else self.state.scopes.get(event.frame)
        must(execution is not None and scope is not None, f"{event.generation_id} began outside an execution")
        pending = [] if execution is None else [call for call in execution.calls.values() if not call.settled]
        stuck = [call.id for call in pending if (call.frame, call.thread) == (event.frame, event.thread)]
        must(not stuck, f"{event.generation_id} began before the results of {stuck}")

    # ---- calls and workers

    def _tool_called(self, event: ToolCalled) -> None:
        must(event.call_id not in self._called, f"call {event.call_id} was made twice")
        self._called.add(event.call_id)

    def _tool_settled(self, event: ToolSettled) -> None:
        must(event.call_id in self._called, f"call {event.call_id} has a result and was not made")
        must(event.call_id not in self.settled, f"call {event.call_id} has two results")
        self.settled[event.call_id] = told(event.output, event.error)
        if event.ran == "caller":
            given = self.posted.get(event.call_id, set())
            must(
                self.settled[event.call_id] in given, f"call {event.call_id} has a result that nobody posted"
            )

    def _requested(self, event: ToolRequest) -> None:
        for call in event.tool_calls:
            must(
                call.tool_call_id not in self.settled,
                f"call {call.tool_call_id} is asked for after its result",
            )

    def _worker_input(self, event: WorkerInputStart) -> None:
        must(event.worker_id not in self._workers, f"the input of worker {event.worker_id} began twice")
        self._workers[event.worker_id] = "input"

    def _worker_said(self, event: WorkerInputDelta) -> None:
        must(self._workers.get(event.worker_id) == "input", f"input of {event.worker_id} outside its part")

    def _worker_ready(self, event: WorkerInputReady) -> None:
        must(self._workers.get(event.worker_id) == "input", f"worker {event.worker_id} has its input twice")
        self._workers[event.worker_id] = "ready"

    def _worker_began(self, event: WorkerStart) -> None:
        must(self._workers.get(event.worker_id) in (None, "ready"), f"worker {event.worker_id} began twice")
        self._workers[event.worker_id] = "running"

    def _worker_ended(self, event: WorkerResult) -> None:
        must(event.worker_id in self._workers, f"worker {event.worker_id} ended and was not open")
        self._workers.pop(event.worker_id, None)

    _RULES: ClassVar[dict[type, Callable[[JournalRules, Any], None]]] = {
        Triggered: _triggered,
        Finish: _last,
        ErrorEvent: _last,
        ExecutionEnded: _execution_ended,
        BlockBegan: _block_began,
        BlockDone: _block_done,
        BlockStart: _block_start,
        BlockEnd: _block_end,
        FrameOpened: _frame_opened,
        FrameClosed: _frame_closed,
        TextStarted: _opened,
        ReasoningStarted: _opened,
        ToolInputStarted: _opened,
        TextDelta: _said,
        ReasoningDelta: _said,
        ToolInputDelta: _said,
        TextEnded: _closed,
        ReasoningEnded: _closed,
        ToolInputEnded: _closed,
        AttemptSuperseded: _superseded,
        GenerationSettled: _settled,
        GenerationStarted: _generation_started,
        ToolCalled: _tool_called,
        ToolSettled: _tool_settled,
        ToolRequest: _requested,
        WorkerInputStart: _worker_input,
        WorkerInputDelta: _worker_said,
        WorkerInputReady: _worker_ready,
        WorkerStart: _worker_began,
        WorkerResult: _worker_ended,
    }


def told(output: object, error: str | None) -> str:
    """A tool result as one text, to compare."""
    return _encode((output, error)).decode()
