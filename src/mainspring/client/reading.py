"""Owns what a whole turn comes to: its events, gathered into an outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import msgspec

from mainspring.client.answers import Outcome
from mainspring.client.events import ClientToolRequest, Event, Tokens, UsageEvent
from mainspring.model.stream_events import (
    AttemptSuperseded,
    BlockEnd,
    BlockStart,
    Finish,
    PendingToolCall,
    StreamFinish,
    TextDelta,
    TextStarted,
    ToolApprovalRequest,
    WorkerResult,
)
from mainspring.model.values import Json

MAIN_THREAD = (None, "main")


class Reading:
    """Gathers the events of one turn. What workers and side threads say is not said to the user."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._typed: set[str] = set()
        self._muted = False
        self._reason: StreamFinish = "stop"
        self._asked: tuple[PendingToolCall, ...] = ()
        self._tokens = Tokens()
        self._workers: dict[str, WorkerResult] = {}

    def see(self, event: Event) -> None:
        """Takes in one event."""
        handler = self._HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def outcome(self, execution_id: str, approvals: Iterable[ToolApprovalRequest] = ()) -> Outcome:
        """What there is so far of an execution. A structured answer that is no JSON is left out."""
        worker = self._workers.get(execution_id)
        said = {part: "".join(pieces) for part, pieces in self._texts.items()}
        objects = (_parsed(text) for part, text in said.items() if part in self._typed)
        return Outcome(
            text="".join(text for part, text in said.items() if part not in self._typed),
            objects=tuple(value for value in objects if value is not msgspec.UNSET),
            finish_reason=self._reason,
            asked=self._asked,
            approvals=tuple(approvals),
            tokens=self._tokens,
            output=None if worker is None else worker.output,
            error=None if worker is None else worker.error,
            execution_id=execution_id,
        )

    def _block(self, event: BlockStart) -> None:
        if event.worker_id is None:
            self._muted = event.output_to_chat is False or event.thread not in MAIN_THREAD

    def _block_ended(self, event: BlockEnd) -> None:
        if event.worker_id is None:
            self._muted = False

    def _text(self, event: TextStarted) -> None:
        if event.worker_id is None and not self._muted:
            self._texts[event.id] = []
            if event.response_type is not None:
                self._typed.add(event.id)

    def _delta(self, event: TextDelta) -> None:
        pieces = self._texts.get(event.id)
        if pieces is not None:
            pieces.append(event.delta)

    def _superseded(self, event: AttemptSuperseded) -> None:
        for part in event.parts:
            self._texts.pop(part, None)

    def _result(self, event: WorkerResult) -> None:
        self._workers[event.worker_id] = event

    def _finished(self, event: Finish) -> None:
        self._reason = event.finish_reason

    def _asks(self, event: ClientToolRequest) -> None:
        self._asked = event.tool_calls

    def _used(self, event: UsageEvent) -> None:
        self._tokens = event.tokens

    _HANDLERS: ClassVar[dict[type, Callable[[Reading, Any], None]]] = {
        BlockStart: _block,
        BlockEnd: _block_ended,
        TextStarted: _text,
        TextDelta: _delta,
        AttemptSuperseded: _superseded,
        WorkerResult: _result,
        Finish: _finished,
        ClientToolRequest: _asks,
        UsageEvent: _used,
    }


def _parsed(text: str) -> Json:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return msgspec.UNSET
