"""Owns the execution log (`octavus-http.md` §15): what happened in a session, one entry a step."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final

import msgspec

from mainspring.model.errors import Failure
from mainspring.model.events import decode_event
from mainspring.model.facts import (
    BlockBegan,
    BlockDone,
    ExecutionEnded,
    FrameClosed,
    FrameOpened,
    GenerationFailed,
    GenerationSettled,
    GenerationStarted,
    MessageAdded,
    ThreadStarted,
    ToolCalled,
    ToolSettled,
    Triggered,
)
from mainspring.model.generation import Usage
from mainspring.model.parts import FilePart, ReasoningPart, ToolCallPart
from mainspring.model.rows import FACT, Row
from mainspring.model.stream_events import (
    BlockStart,
    ContextCompacted,
    ErrorEvent,
    EventFields,
    ResourceUpdate,
)
from mainspring.model.values import Json, encode_json
from mainspring.wires.native_events import tag_of
from mainspring.wires.screen import MAIN
from mainspring.wires.ui_messages import iso

MAX_ENTRIES: Final = 3000
MAX_VALUE: Final = 16_384
"""Bytes of JSON that one value of an entry may have; a longer one is replaced by its beginning."""
PREVIEW: Final = 2048

Entry = dict[str, Json]

_HEAVY: Final = (
    "triggerInput",
    "content",
    "toolArguments",
    "toolResult",
    "response",
    "toolCalls",
    "reasoningContent",
    "systemPrompt",
    "operationInput",
    "operationResult",
    "workerInput",
    "workerOutput",
)


def execution_log(rows: Iterable[Row], *, exclude_model_requests: bool = False) -> Entry:
    """`{entries, total, truncated}`: the newest `MAX_ENTRIES`, oldest of them first. Facts alone will do."""
    log = _Log(exclude_model_requests=exclude_model_requests)
    for row in rows:
        if row.kind == FACT:
            log.take(row)
    entries = [_trimmed(entry) for entry in log.entries]
    return {"entries": entries, "total": log.total, "truncated": log.total > len(entries)}


class _Log:
    """Walks the facts, remembering which block and which worker each frame is."""

    def __init__(self, *, exclude_model_requests: bool) -> None:
        self.entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self.total = 0
        self._requests = not exclude_model_requests
        self._blocks: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._slugs: dict[str, str] = {}
        self._calls: dict[str, str] = {}
        self._left: str | None = None
        self._row = Row(0, 0, FACT, b"", 0.0)
        self._part = 0

    def take(self, row: Row) -> None:
        if tag_of(row.data) not in _LOGGED:
            return
        self._row = row
        self._part = 0
        event = decode_event(row.data)
        self.HANDLERS[type(event)](self, event)

    def _add(self, kind: str, frame: str = MAIN, **members: Json) -> None:
        """An entry; its id is the cursor of the fact, with a number if the fact makes several."""
        cursor = self._row.last
        entry: Entry = {
            "id": f"{cursor}" if self._part == 0 else f"{cursor}-{self._part}",
            "timestamp": iso(self._row.at),
            "type": kind,
            "sequence": cursor,
        }
        block = self._names.get(self._blocks.get(frame, ""))
        if block is not None:
            entry["blockName"] = block
        if frame in self._slugs:
            entry["workerId"] = frame
            entry["workerSlug"] = self._slugs[frame]
        entry.update((name, value) for name, value in members.items() if value is not None)
        self._part += 1
        self.total += 1
        self.entries.append(entry)

    # ---- where things happen

    def _began(self, event: BlockBegan) -> None:
        self._blocks[event.frame] = event.block_id

    def _block(self, event: BlockStart) -> None:
        self._names[event.block_id] = event.block_name
        if event.block_type == "serialize-thread":
            self._add(
                "block-operation",
                event.worker_id or MAIN,
                operationType=event.block_type,
                operationDescription=event.description,
                thread=event.thread,
            )

    def _done(self, event: BlockDone) -> None:
        name = self._names.pop(self._blocks.pop(event.frame, ""), None)
        if event.frame not in self._slugs:
            self._left = name

    # ---- what happens

    def _triggered(self, event: Triggered) -> None:
        self._add("trigger", triggerName=event.trigger, triggerInput=event.input)

    def _message(self, event: MessageAdded) -> None:
        message = event.message
        files = [msgspec.to_builtins(part.file) for part in message.parts if isinstance(part, FilePart)]
        self._add(
            "message",
            event.frame,
            thread=event.thread,
            role=message.role,
            content=message.text,
            visible=message.visible,
            files=files or None,
        )

    def _thread(self, event: ThreadStarted) -> None:
        if not event.keep:
            self._add("thread-created", event.frame, thread=event.thread, systemPrompt=event.system)

    def _resource(self, event: ResourceUpdate) -> None:
        self._add(
            "block-operation",
            operationType="set-resource",
            operationInput={"resource": event.name},
            operationResult=event.value,
        )

    def _requested(self, event: GenerationStarted) -> None:
        if self._requests:
            provider, _, model = event.model.partition("/")
            request = {"requestType": "llm", "provider": provider, "model": model}
            self._add(
                "model-request", event.frame, thread=event.thread, model=event.model, modelRequest=request
            )

    def _answered(self, event: GenerationSettled) -> None:
        where = {"thread": event.thread, "model": event.model}
        message = event.message
        reasoning = "".join(part.text for part in message.parts if isinstance(part, ReasoningPart))
        if reasoning:
            self._add("reasoning", event.frame, **where, reasoningContent=reasoning)
        calls = [
            {"id": part.call_id, "name": part.tool, "arguments": part.args}
            for part in message.parts
            if isinstance(part, ToolCallPart)
        ]
        if calls:
            self._add("llm-tool-request", event.frame, **where, response=message.text, toolCalls=calls)
        else:
            self._add(
                "llm-response",
                event.frame,
                **where,
                response=message.text,
                responseType=message.response_type,
            )
        self._add("step-stats", event.frame, **where, stepStats=_stats(event.model, event.usage))

    def _failed(self, event: GenerationFailed) -> None:
        who = event.failure.provider
        if event.usage is not None and who is not None:
            model = f"{who.name}/{who.model or ''}"
            self._add("step-stats", event.frame, model=model, stepStats=_stats(model, event.usage))
        if event.frame in self._slugs:
            # The root's failure is told by the `error` event that follows.
            self._add("error", event.frame, error=_error(event.failure))

    def _compacted(self, event: ContextCompacted) -> None:
        self._add(
            "compaction",
            event.worker_id or MAIN,
            thread=event.thread or MAIN,
            compactionTrigger=event.trigger,
            layersApplied=list(event.layers),
            messages=event.messages,
            tokensBefore=event.tokens_before,
            tokensAfter=event.tokens_after,
        )

    def _called(self, event: ToolCalled) -> None:
        self._calls[event.call_id] = event.frame
        self._add(
            "tool-call",
            event.frame,
            thread=event.thread,
            toolName=event.tool,
            toolCallId=event.call_id,
            toolArguments=event.args,
        )

    def _settled(self, event: ToolSettled) -> None:
        result = event.output if event.error is None else {"error": event.error}
        frame = self._calls.pop(event.call_id, MAIN)
        self._add("tool-result", frame, toolName=event.tool, toolCallId=event.call_id, toolResult=result)

    def _opened(self, event: FrameOpened) -> None:
        self._slugs[event.frame] = event.slug
        self._add("worker-execution", event.frame, workerInput=event.input)

    def _closed(self, event: FrameClosed) -> None:
        output = event.output if event.error is None else {"error": event.error}
        self._add("worker-output", event.frame, workerOutput=output)
        self._slugs.pop(event.frame, None)

    def _error(self, event: ErrorEvent) -> None:
        self._add("error", error=_error(event))

    def _ended(self, event: ExecutionEnded) -> None:
        if event.outcome in ("stopped", "superseded"):
            self._add("abort", abortedAtBlock=self._left)

    HANDLERS: ClassVar[dict[type[EventFields], Callable[[_Log, Any], None]]] = {
        BlockBegan: _began,
        BlockStart: _block,
        BlockDone: _done,
        Triggered: _triggered,
        MessageAdded: _message,
        ThreadStarted: _thread,
        ResourceUpdate: _resource,
        GenerationStarted: _requested,
        GenerationSettled: _answered,
        GenerationFailed: _failed,
        ContextCompacted: _compacted,
        ToolCalled: _called,
        ToolSettled: _settled,
        FrameOpened: _opened,
        FrameClosed: _closed,
        ErrorEvent: _error,
        ExecutionEnded: _ended,
    }


_LOGGED: Final = frozenset(str(kind.__struct_config__.tag).encode() for kind in _Log.HANDLERS)


def _stats(asked: str, usage: Usage) -> Entry:
    provider, _, model = asked.partition("/")
    return {
        "requestType": "llm",
        "provider": provider,
        "model": model,
        "usage": {
            "inputTokens": usage.input_tokens,
            "cachedInputTokens": usage.cached_input_tokens,
            "cachedWriteTokens": usage.cached_write_tokens,
            "outputTokens": usage.output_tokens,
            "reasoningOutputTokens": usage.reasoning_output_tokens,
        },
    }


def _error(failure: Failure | ErrorEvent) -> Entry:
    members = msgspec.to_builtins(failure)
    error: Entry = {"type": members.pop("errorType")}
    return {**members, **error}


def _trimmed(entry: Entry) -> Entry:
    """An entry whose heavy values are cut to their beginning."""
    for name in _HEAVY:
        if name not in entry:
            continue
        encoded = encode_json(entry[name])
        if len(encoded) > MAX_VALUE:
            preview = encoded[:PREVIEW].decode(errors="ignore")
            entry[name] = {
                "__trimmed": True,
                "originalBytes": len(encoded),
                "keptBytes": len(preview.encode()),
                "preview": preview,
            }
            entry["trimmed"] = True
    return entry
