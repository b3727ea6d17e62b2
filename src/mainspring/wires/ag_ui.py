"""Owns the AG-UI wire (1.0): a turn as the events of one run, which its client's verifier accepts.

The ids of thread and run are the client's. A run ends when the turn does, or when the caller's tools or people are
asked: then the results come as `tool` messages of the next run, the answers as its `resume`. Workers are subagents;
one that waits is suspended, and started anew in the next run.
"""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from mainspring.model.errors import Failure
from mainspring.model.events import failure_event
from mainspring.model.facts import ExecutionEnded, GenerationStarted, ToolSettled
from mainspring.model.stream_events import (
    AttemptSuperseded,
    BlockEnd,
    BlockStart,
    Finish,
    PendingToolCall,
    ReasoningEnded,
    ReasoningStarted,
    TextDelta,
    TextEnded,
    TextStarted,
    ToolInputAvailable,
    ToolInputStarted,
    ToolRequest,
)
from mainspring.model.values import Json
from mainspring.wires.ag_ui_activities import Subagents, activity, as_text, event, run_error, run_finished
from mainspring.wires.ag_ui_interrupts import Interrupts
from mainspring.wires.ag_ui_runs import Run, start_run
from mainspring.wires.native_events import CANCELLED
from mainspring.wires.turns import MAIN, WORKER_KEY, Handlers, Turn, TurnReader, reader_of

_PREFIXES: Final = (
    (b'{"type":"text-delta","id":', b'{"type":"TEXT_MESSAGE_CONTENT","messageId":'),
    (b'{"type":"reasoning-delta","id":', b'{"type":"REASONING_MESSAGE_CONTENT","messageId":'),
    (b'{"type":"tool-input-delta",', b'{"type":"TOOL_CALL_ARGS",'),
)
_ARGUMENTS: Final = (b'"inputTextDelta":', b'"delta":')
_WORKER: Final = (WORKER_KEY, b'"subagentRunId":')
_TEXT_DELTA: Final = b'{"type":"text-delta"'
_TOOL_DELTA: Final = b'{"type":"tool-input-delta"'


class _CallId(msgspec.Struct, rename="camel"):
    tool_call_id: str


_text_started: Final = reader_of(TextStarted)
_text_delta: Final = reader_of(TextDelta)
_text_ended: Final = reader_of(TextEnded)
_reasoning_started: Final = reader_of(ReasoningStarted)
_reasoning_ended: Final = reader_of(ReasoningEnded)
_tool_started: Final = reader_of(ToolInputStarted)
_call_id: Final = reader_of(_CallId)
_tool_available: Final = reader_of(ToolInputAvailable)
_tool_request: Final = reader_of(ToolRequest)
_tool_settled: Final = reader_of(ToolSettled)
_block_start: Final = reader_of(BlockStart)
_block_end: Final = reader_of(BlockEnd)
_superseded: Final = reader_of(AttemptSuperseded)
_generation: Final = reader_of(GenerationStarted)
_finish: Final = reader_of(Finish)
_ended: Final = reader_of(ExecutionEnded)


class AgUiWriter(TurnReader):
    """Writes a run: a turn from its beginning, or what follows the results that the client gave."""

    def __init__(self, turn: Turn, run: Run) -> None:
        super().__init__(turn)
        self._run = run
        self._reason = "stop"
        self._muted = False
        self._thread: str | None = None
        self._aside: dict[str, list[str] | None] = {}
        """Texts that are not shown (None), and the pieces of those that are objects."""
        self._types: dict[str, str] = {}
        self._blocks: set[str] = set()
        self._calls: dict[str, Json] = {}
        """The calls whose arguments are not closed yet, each with what is known of them."""
        self._streamed: set[str] = set()
        self._announced: set[str] = set()
        self._asked: set[str] = set()
        self._parents: dict[str | None, str] = {}
        self._agents = Subagents()
        self._interrupts = Interrupts()

    def _opened(self, message_id: str) -> bytes:
        return start_run(self._run, session_id=self._turn.session_id, execution_id=self._turn.execution_id)

    def _caught_up(self) -> bytes:
        return self._agents.resume()

    # ---- text and reasoning

    def _deltas(self, data: bytes) -> bytes:
        if data.startswith(_TOOL_DELTA):
            self._streamed.add(_call_id(data.split(b"\n", 1)[0]).tool_call_id)
        elif self._aside and data.startswith(_TEXT_DELTA):
            lines = [_text_delta(line) for line in data.split(b"\n")]
            pieces = self._aside.get(lines[0].id, [])
            if pieces is None:
                return b""
            pieces.extend(line.delta for line in lines)
        return translated(data)

    def _text_start(self, data: bytes) -> bytes:
        started = _text_started(data)
        worker = started.worker_id
        if worker is None and self._muted:
            self._aside[started.id] = None
            return b""
        known: dict[str, Json] = {} if worker or self._thread is None else {"thread": self._thread}
        if started.response_type is not None:
            self._aside[started.id] = []
            self._types[started.id] = known["responseType"] = started.response_type
        self._parents[worker] = started.id
        return event("TEXT_MESSAGE_START", worker, known, messageId=started.id, role="assistant")

    def _text_end(self, data: bytes) -> bytes:
        ended = _text_ended(data)
        pieces = self._aside.pop(ended.id, [])
        if pieces is None:
            return b""
        out = event("TEXT_MESSAGE_END", ended.worker_id, messageId=ended.id)
        name = self._types.pop(ended.id, None)
        if name is None:
            return out
        try:
            value = msgspec.json.decode("".join(pieces))
        except (msgspec.DecodeError, RecursionError):
            return out
        shown = {"id": ended.id, "typeName": name, "value": value}
        return out + event("CUSTOM", ended.worker_id, name="object", value=shown)

    def _reasoning_start(self, data: bytes) -> bytes:
        started = _reasoning_started(data)
        worker, part_id = started.worker_id, started.id
        return event("REASONING_START", worker, messageId=part_id) + event(
            "REASONING_MESSAGE_START", worker, messageId=part_id, role="reasoning"
        )

    def _reasoning_end(self, data: bytes) -> bytes:
        ended = _reasoning_ended(data)
        worker, part_id = ended.worker_id, ended.id
        return event("REASONING_MESSAGE_END", worker, messageId=part_id) + event(
            "REASONING_END", worker, messageId=part_id
        )

    # ---- steps and blocks

    def _step(self, data: bytes) -> bytes:
        started = _generation(data)
        worker = None if started.frame == MAIN else started.frame
        self._parents[worker] = started.generation_id
        return self._agents.step(worker)

    def _block(self, data: bytes) -> bytes:
        begun = _block_start(data)
        if begun.worker_id is None:
            self._thread = None if begun.thread == MAIN else begun.thread
            self._muted = begun.output_to_chat is False and self._thread is None
        if begun.display == "hidden":
            return b""
        self._blocks.add(begun.block_id)
        known = {"description": begun.description, "thread": begun.thread}
        content = {"name": begun.block_name, "type": begun.block_type, "display": begun.display}
        content |= {name: value for name, value in known.items() if value is not None}
        return activity(begun.block_id, "BLOCK", {**content, "status": "running"}, begun.worker_id)

    def _block_over(self, data: bytes) -> bytes:
        over = _block_end(data)
        if over.worker_id is None:
            self._thread, self._muted = None, False
        if over.block_id not in self._blocks:
            return b""
        patch: list[Json] = [{"op": "replace", "path": "/status", "value": "done"}]
        if over.summary is not None:
            patch.append({"op": "add", "path": "/summary", "value": over.summary})
        return event(
            "ACTIVITY_DELTA", over.worker_id, messageId=over.block_id, activityType="BLOCK", patch=patch
        )

    # ---- tool calls

    def _tool_start(self, data: bytes) -> bytes:
        started = _tool_started(data)
        known = {"title": started.title, "display": started.display}
        shown: dict[str, Json] = {name: value for name, value in known.items() if value is not None}
        return self._open_call(started.tool_call_id, started.tool_name, started.worker_id, shown)

    def _open_call(self, call_id: str, name: str, worker: str | None, known: dict[str, Json]) -> bytes:
        self._announced.add(call_id)
        self._calls[call_id] = {}
        more = {"parentMessageId": self._parents[worker]} if worker in self._parents else {}
        return event("TOOL_CALL_START", worker, known, toolCallId=call_id, toolCallName=name, **more)

    def _tool_input(self, data: bytes) -> bytes:
        known = _tool_available(data)
        if known.tool_call_id in self._calls:
            self._calls[known.tool_call_id] = known.input
        return b""

    def _close_call(self, call_id: str, args: Json, worker: str | None) -> bytes:
        """The arguments are complete; those that did not stream come now."""
        del self._calls[call_id]
        end = event("TOOL_CALL_END", worker, toolCallId=call_id)
        if call_id in self._streamed:
            return end
        text = msgspec.json.encode(args).decode()
        return event("TOOL_CALL_ARGS", worker, toolCallId=call_id, delta=text) + end

    def _request(self, data: bytes) -> bytes:
        calls = _tool_request(data).tool_calls
        out = b"".join(self._ask(call) for call in calls if call.tool_call_id not in self._asked)
        past = any(call.tool_call_id in self._turn.settled for call in calls)
        if past and not self._quiet:
            return out
        self.done = not self._quiet
        pending = [call.tool_call_id for call in calls]
        return out + self._interrupted({"type": "success", "pendingToolCallIds": pending})

    def _paused(self, _data: bytes) -> bytes:
        if self._quiet:
            self._agents.suspend()
        if not self._waits_for_people():
            return b""
        self.done = True
        return self._interrupted({"type": "success"})

    def _interrupted(self, otherwise: dict[str, Json]) -> bytes:
        """The end of a run that others move on: people if any are asked, who come first on this wire."""
        out = self._agents.suspend(self._interrupts.by_worker())
        outcome = self._interrupts.outcome() or otherwise
        return out + run_finished(self._run.thread_id, self._run.run_id, outcome=outcome)

    def _approval_asked(self, data: bytes) -> bytes:
        asked = self._interrupts.open(data)
        call_id, worker = asked.tool_call_id, asked.worker_id
        out = b""
        if call_id not in self._announced:
            out = self._open_call(call_id, asked.tool_name, worker, {"display": "hidden"})
        out += self._close_call(call_id, asked.input, worker) if call_id in self._calls else b""
        return out + self._beside(data)

    def _approval_answered(self, data: bytes) -> bytes:
        self._interrupts.close(data)
        return self._beside(data)

    def _ask(self, call: PendingToolCall) -> bytes:
        call_id = call.tool_call_id
        self._asked.add(call_id)
        out = b""
        if call_id not in self._announced:
            out = self._open_call(call_id, call.tool_name, call.worker_id, {"display": "hidden"})
        return out + (self._close_call(call_id, call.args, call.worker_id) if call_id in self._calls else b"")

    def _settled(self, data: bytes) -> bytes:
        settled = _tool_settled(data)
        call_id, worker = settled.call_id, settled.worker_id
        if call_id not in self._announced:
            return b""
        out = self._close_call(call_id, self._calls[call_id], worker) if call_id in self._calls else b""
        if settled.ran == "caller" and self._turn.continuation:
            return out
        error = settled.error or (CANCELLED if settled.cancelled else None)
        return out + event(
            "TOOL_CALL_RESULT",
            worker,
            {} if error is None else {"error": error},
            messageId=f"{call_id}_result",
            toolCallId=call_id,
            content=as_text(settled.output) if error is None else error,
            role="tool",
        )

    def _reset(self, data: bytes) -> bytes:
        """What was said cannot be taken back here: the reader is told which parts are void."""
        cut = _superseded(data)
        out = b"".join(
            self._close_call(part_id, {}, cut.worker_id) for part_id in cut.parts if part_id in self._calls
        )
        self._announced.difference_update(cut.parts)
        self._parents[cut.worker_id] = cut.generation_id
        return out + event("CUSTOM", cut.worker_id, name="attempt-superseded", value={"parts": cut.parts})

    # ---- what stands beside

    def _beside(self, data: bytes) -> bytes:
        return self._agents.beside(data, self._turn.execution_id)

    # ---- ends

    def _failed(self, data: bytes) -> bytes:
        self.done = True
        return run_error(data)

    def _finished(self, data: bytes) -> bytes:
        self._reason = _finish(data).finish_reason
        return b""

    def _over(self, data: bytes) -> bytes:
        self.done = True
        ended = _ended(data)
        stopped = ended.outcome in ("stopped", "superseded")
        return self._agents.suspend() + run_finished(
            self._run.thread_id,
            self._run.run_id,
            outcome={"type": "cancelled" if stopped else "success"},
            usage=ended.usage,
            reason=self._reason,
        )

    _HANDLERS: ClassVar[Handlers] = {
        b"generation-started": _step,
        b"text-start": _text_start,
        b"text-end": _text_end,
        b"reasoning-start": _reasoning_start,
        b"reasoning-end": _reasoning_end,
        b"tool-input-start": _tool_start,
        b"tool-input-delta": _deltas,
        b"tool-input-available": _tool_input,
        b"tool-request": _request,
        b"tool-approval-request": _approval_asked,
        b"tool-approval-response": _approval_answered,
        b"paused": _paused,
        b"tool-settled": _settled,
        b"attempt-superseded": _reset,
        b"block-start": _block,
        b"block-end": _block_over,
        b"worker-input-start": _beside,
        b"worker-start": _beside,
        b"worker-input-ready": _beside,
        b"worker-result": _beside,
        b"todo-update": _beside,
        b"resource-update": _beside,
        b"source": _beside,
        b"file-available": _beside,
        b"error": _failed,
        b"finish": _finished,
        b"execution-ended": _over,
    }


def translated(data: bytes) -> bytes:
    """A row of deltas as events: names are exchanged in the bytes, no event is decoded.

    A quote inside a JSON string is escaped, so what is found can only be the members themselves.
    """
    for ours, theirs in _PREFIXES:
        if data.startswith(ours):
            data = data.replace(ours, theirs).replace(*_WORKER)
            if ours is _PREFIXES[-1][0]:
                data = data.replace(*_ARGUMENTS)
            return b"data: " + data.replace(b"\n", b"\n\ndata: ") + b"\n\n"
    # The progress of a worker's input: its whole comes in an event of its own.
    return b""


def farewell(failure: Failure) -> bytes:
    """What a reader is told when its stream ends before the turn does."""
    return run_error(msgspec.json.encode(failure_event(failure)))
