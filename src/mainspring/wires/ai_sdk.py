"""Owns the wire of the AI SDK: a turn as the UI message stream (version 1) that `useChat` of `ai` 7 reads.

Only chunk types that the SDK declares: an unknown one ends its stream. What it has no words for goes into `data-*`
parts: blocks, workers, todo lists, resources, objects, and a failure with its class.
"""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from mainspring.model.errors import Failure
from mainspring.model.events import failure_event
from mainspring.model.facts import ExecutionEnded, GenerationStarted, ToolSettled
from mainspring.model.program import Display
from mainspring.model.stream_events import (
    AttemptSuperseded,
    BlockEnd,
    BlockStart,
    ErrorEvent,
    Finish,
    PendingToolCall,
    ReasoningStarted,
    TextDelta,
    TextEnded,
    TextStarted,
    ToolInputAvailable,
    ToolInputStarted,
    ToolRequest,
)
from mainspring.wires.ai_sdk_approvals import People
from mainspring.wires.ai_sdk_parts import Chunk, Workers, beside
from mainspring.wires.native_events import CANCELLED, DONE, frame, frame_deltas
from mainspring.wires.turns import MAIN, WORKER_KEY, Handlers, Turn, TurnReader, reader_of, sse

HEADERS: Final = ((b"x-vercel-ai-ui-message-stream", b"v1"),)

_TEXT_DELTA: Final = b'{"type":"text-delta"'
_TOOL_DELTA: Final = b'{"type":"tool-input-delta"'
_TYPE: Final = b'{"type":"error",'
_OWN: Final = "octavus_"
"""How the names of the tools begin that Mainspring answers itself."""


class _Delta(msgspec.Struct, rename="camel"):
    tool_call_id: str


_text_started: Final = reader_of(TextStarted)
_text_delta: Final = reader_of(TextDelta)
_text_ended: Final = reader_of(TextEnded)
_reasoning_started: Final = reader_of(ReasoningStarted)
_tool_started: Final = reader_of(ToolInputStarted)
_tool_delta: Final = reader_of(_Delta)
_tool_available: Final = reader_of(ToolInputAvailable)
_tool_request: Final = reader_of(ToolRequest)
_tool_settled: Final = reader_of(ToolSettled)
_block_start: Final = reader_of(BlockStart)
_block_end: Final = reader_of(BlockEnd)
_superseded: Final = reader_of(AttemptSuperseded)
_generation: Final = reader_of(GenerationStarted)
_error: Final = reader_of(ErrorEvent)
_finish: Final = reader_of(Finish)
_ended: Final = reader_of(ExecutionEnded)


class AiSdkWriter(TurnReader):
    """Writes an answer: a turn from its `start`, or what follows the tool outputs that the client gave.

    A call is the client's to run only once the caller was asked for it: until then its `tool-input-available` is
    held, so that `onToolCall` never runs a tool that Mainspring answers or refuses itself.
    """

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn)
        self._in_step = False
        self._reason = "stop"
        self._thread: str | None = None
        self._muted = False
        self._aside: dict[str, list[str] | None] = {}
        """Texts that do not stream as text: the pieces of an object, or None for what is not shown."""
        self._type_names: dict[str, str] = {}
        self._held: dict[str, ToolInputAvailable] = {}
        self._streamed: set[str] = set()
        self._announced: set[str] = set()
        self._asked: set[str] = set()
        self._blocks: dict[str, Chunk] = {}
        self._workers = Workers()
        self._people = People()

    def _opened(self, message_id: str) -> bytes:
        turn = self._turn
        known = {"sessionId": turn.session_id, "executionId": turn.execution_id}
        return sse({"type": "start", "messageId": message_id, "messageMetadata": known})

    # ---- text

    def _deltas(self, data: bytes) -> bytes:
        if WORKER_KEY in data:
            return b""
        if self._aside and data.startswith(_TEXT_DELTA):
            lines = [_text_delta(line) for line in data.split(b"\n")]
            if lines[0].id in self._aside:
                return self._object_deltas(lines)
        elif data.startswith(_TOOL_DELTA):
            self._streamed.add(_tool_delta(data.split(b"\n", 1)[0]).tool_call_id)
        return frame_deltas(data)

    def _object_deltas(self, lines: list[TextDelta]) -> bytes:
        pieces = self._aside[lines[0].id]
        if pieces is None:
            return b""
        said = "".join(line.delta for line in lines)
        pieces.append(said)
        data = {"id": lines[0].id, "delta": said}
        return sse({"type": "data-object-delta", "data": data, "transient": True})

    def _text_start(self, data: bytes) -> bytes:
        event = _text_started(data)
        if event.worker_id is not None:
            return b""
        if self._muted:
            self._aside[event.id] = None
            return b""
        if event.response_type is not None:
            self._aside[event.id] = []
            self._type_names[event.id] = event.response_type
            return self._object(event.id, {"status": "streaming"})
        return sse({"type": "text-start", "id": event.id, **self._of_thread()})

    def _text_end(self, data: bytes) -> bytes:
        event = _text_ended(data)
        if event.worker_id is not None:
            return b""
        if event.id not in self._aside:
            return frame(data)
        pieces = self._aside.pop(event.id)
        if pieces is None:
            return b""
        text = "".join(pieces)
        try:
            return self._object(event.id, {"value": msgspec.json.decode(text), "status": "done"})
        except (msgspec.DecodeError, RecursionError):
            return self._object(event.id, {"text": text, "status": "error"})

    def _object(self, part_id: str, data: Chunk) -> bytes:
        named = {"typeName": self._type_names[part_id], **data}
        return sse({"type": "data-object", "id": part_id, "data": named})

    def _of_thread(self) -> Chunk:
        """Texts beside the main thread say so."""
        return {} if self._thread is None else {"providerMetadata": {"mainspring": {"thread": self._thread}}}

    def _reasoning_start(self, data: bytes) -> bytes:
        event = _reasoning_started(data)
        if event.worker_id is not None:
            return b""
        return sse({"type": "reasoning-start", "id": event.id, **self._of_thread()})

    def _own(self, data: bytes) -> bytes:
        """An event that reads the same on both wires."""
        return b"" if WORKER_KEY in data else frame(data)

    # ---- steps and blocks

    def _step(self, data: bytes) -> bytes:
        if _generation(data).frame != MAIN:
            return b""
        before = self._end_step()
        self._in_step = True
        return before + sse({"type": "start-step"})

    def _end_step(self) -> bytes:
        if not self._in_step:
            return b""
        self._in_step = False
        return sse({"type": "finish-step"})

    def _reset(self, data: bytes) -> bytes:
        event = _superseded(data)
        if event.worker_id is not None:
            return b""
        self._held.clear()
        self._aside.clear()
        for part_id in event.parts:
            self._announced.discard(part_id)
            self._workers.forget(part_id)
        return sse({"type": "reset-step"})

    def _block(self, data: bytes) -> bytes:
        event = _block_start(data)
        if event.worker_id is not None:
            return b""
        self._thread = None if event.thread == MAIN else event.thread
        self._muted = event.output_to_chat is False and self._thread is None
        if event.display == "hidden":
            return b""
        shown = {"name": event.block_name, "type": event.block_type, "display": event.display}
        if event.description is not None:
            shown["description"] = event.description
        if self._thread is not None:
            shown["thread"] = self._thread
        self._blocks[event.block_id] = shown
        return sse({"type": "data-block", "id": event.block_id, "data": {**shown, "status": "running"}})

    def _block_over(self, data: bytes) -> bytes:
        event = _block_end(data)
        if event.worker_id is not None:
            return b""
        self._thread, self._muted = None, False
        begun = self._blocks.pop(event.block_id, None)
        if begun is None:
            return b""
        shown = {**begun, "status": "done"}
        if event.summary is not None:
            shown["summary"] = event.summary
        return sse({"type": "data-block", "id": event.block_id, "data": shown})

    # ---- tool calls

    def _tool_start(self, data: bytes) -> bytes:
        event = _tool_started(data)
        if event.worker_id is not None:
            return b""
        self._announced.add(event.tool_call_id)
        chunk = self._call("tool-input-start", event.tool_call_id, event.tool_name)
        if event.title is not None:
            chunk["title"] = event.title
        return sse({**chunk, **_shown_as(event.display)})

    def _call(self, kind: str, call_id: str, name: str) -> Chunk:
        chunk: Chunk = {"type": kind, "toolCallId": call_id, "toolName": name}
        if name.startswith(_OWN):
            chunk["providerExecuted"] = True
        return chunk

    def _tool_input(self, data: bytes) -> bytes:
        event = _tool_available(data)
        if event.worker_id is None:
            self._held[event.tool_call_id] = event
        return b""

    def _tool_argument(self, data: bytes) -> bytes:
        """A delta stored as a fact: the whole arguments of a call that no model wrote."""
        return self._deltas(data)

    def _request(self, data: bytes) -> bytes:
        calls = _tool_request(data).tool_calls
        past = self._quiet or any(call.tool_call_id in self._turn.settled for call in calls)
        out = b"".join(self._ask(call) for call in calls if call.tool_call_id not in self._asked)
        if past:
            return out
        self.done = True
        return out + self._end_step() + sse({"type": "finish", "finishReason": "tool-calls"}) + DONE

    def _approval_asked(self, data: bytes) -> bytes:
        call_id, out = self._people.ask(data, announced=self._announced)
        self._held.pop(call_id, None)
        self._announced.add(call_id)
        return out

    def _approval_answered(self, data: bytes) -> bytes:
        return self._people.answer(data)

    def _paused(self, _data: bytes) -> bytes:
        if not self._waits_for_people():
            return b""
        self.done = True
        return self._end_step() + sse({"type": "finish", "finishReason": "tool-calls"}) + DONE

    def _ask(self, call: PendingToolCall) -> bytes:
        call_id = call.tool_call_id
        self._asked.add(call_id)
        self._held.pop(call_id, None)
        if call_id in self._turn.settled:
            return b"" if call_id in self._people.names else self._recall(call)
        display: Display | None = None if call_id in self._announced else "hidden"
        self._announced.add(call_id)
        chunk = self._call("tool-input-available", call_id, call.tool_name)
        if call_id in self._people.names:
            # So far it was nobody's to run; the client keeps what it was told until it is told otherwise.
            chunk["providerExecuted"] = False
        return sse({**chunk, "input": call.args, **_shown_as(display)})

    def _recall(self, call: PendingToolCall) -> bytes:
        """A call that has its result already: its input comes as a delta, for which no client runs a tool."""
        call_id = call.tool_call_id
        out = b""
        if call_id not in self._announced:
            self._announced.add(call_id)
            out = sse({**self._call("tool-input-start", call_id, call.tool_name), **_shown_as("hidden")})
        if call_id not in self._streamed:
            text = msgspec.json.encode(call.args).decode()
            out += sse({"type": "tool-input-delta", "toolCallId": call_id, "inputTextDelta": text})
        return out

    def _settled(self, data: bytes) -> bytes:
        event = _tool_settled(data)
        call_id = event.call_id
        held = self._held.pop(call_id, None)
        asked = call_id in self._asked
        if event.ran == "caller" and self._turn.continuation:
            # The client made it itself.
            return b""
        if call_id in self._people.denied:
            return sse({"type": "tool-output-denied", "toolCallId": call_id})
        if held is None and not asked and call_id not in self._people.names:
            return b""
        error = event.error or (CANCELLED if event.cancelled else None)
        if held is not None:
            chunk = {**self._call("", call_id, held.tool_name), "input": held.input, "providerExecuted": True}
            if event.ran == "synthetic":
                return sse({**chunk, "type": "tool-input-error", "errorText": error or CANCELLED})
            out = sse({**chunk, "type": "tool-input-available"})
        else:
            out = b""
        done = {"toolCallId": call_id, **({} if asked else {"providerExecuted": True})}
        if error is not None:
            return out + sse({"type": "tool-output-error", **done, "errorText": error})
        return out + sse({"type": "tool-output-available", **done, "output": event.output})

    # ---- what stands beside

    def _worker(self, data: bytes) -> bytes:
        return self._workers.show(data)

    def _beside(self, data: bytes) -> bytes:
        return beside(data)

    # ---- ends

    def _failed(self, data: bytes) -> bytes:
        self.done = True
        return self._end_step() + told(b"{" + data.removeprefix(_TYPE))

    def _finished(self, data: bytes) -> bytes:
        self._reason = _finish(data).finish_reason
        return b""

    def _over(self, data: bytes) -> bytes:
        self.done = True
        event = _ended(data)
        used = {"inputTokens": event.usage.input_tokens, "outputTokens": event.usage.output_tokens}
        last: Chunk = {"type": "finish", "finishReason": self._reason, "messageMetadata": {"usage": used}}
        out = self._end_step()
        if event.outcome in ("stopped", "superseded"):
            out += sse({"type": "abort", "reason": event.outcome})
            last["finishReason"] = "interrupted"
        return out + sse(last) + DONE

    _HANDLERS: ClassVar[Handlers] = {
        b"generation-started": _step,
        b"text-start": _text_start,
        b"text-end": _text_end,
        b"reasoning-start": _reasoning_start,
        b"reasoning-end": _own,
        b"tool-input-start": _tool_start,
        b"tool-input-delta": _tool_argument,
        b"tool-input-available": _tool_input,
        b"tool-request": _request,
        b"tool-approval-request": _approval_asked,
        b"tool-approval-response": _approval_answered,
        b"paused": _paused,
        b"tool-settled": _settled,
        b"attempt-superseded": _reset,
        b"block-start": _block,
        b"block-end": _block_over,
        b"worker-input-start": _worker,
        b"worker-start": _worker,
        b"worker-input-ready": _worker,
        b"worker-result": _worker,
        b"todo-update": _beside,
        b"resource-update": _beside,
        b"source": _beside,
        b"file-available": _beside,
        b"error": _failed,
        b"finish": _finished,
        b"execution-ended": _over,
    }


def _shown_as(display: Display | None) -> Chunk:
    return {} if display is None else {"toolMetadata": {"display": display}}


def told(failure: bytes) -> bytes:
    """The end of a stream that failed. The SDK keeps nothing but a text of an error: it is the failure as JSON."""
    data = msgspec.Raw(failure)
    return (
        sse({"type": "data-error", "data": data, "transient": True})
        + sse({"type": "error", "errorText": failure.decode()})
        + DONE
    )


def farewell(failure: Failure) -> bytes:
    """What a reader is told when its stream ends before the turn does."""
    return told(b"{" + msgspec.json.encode(failure_event(failure)).removeprefix(_TYPE))
