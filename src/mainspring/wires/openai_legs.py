"""Owns what OpenAI's two wires have in common: reading one leg of a turn as the items that were said, asked and run.

A leg is what one request is answered with: from the trigger, or from what the caller or people answered, up to the
next request to them or the end of the turn. A call is shown once it is settled who runs it: as the caller's when it is
asked of the caller, else together with its result. So what a client finds to run is its to run.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from mainspring.model.facts import ExecutionEnded, GenerationFailed, GenerationSettled, ToolSettled
from mainspring.model.generation import Usage
from mainspring.model.rows import STUB, Row
from mainspring.model.stream_events import (
    AttemptSuperseded,
    BlockEnd,
    BlockStart,
    ErrorEvent,
    Finish,
    ReasoningEnded,
    ReasoningStarted,
    Source,
    TextEnded,
    TextStarted,
    ToolApprovalRequest,
    ToolApprovalResponse,
    ToolInputAvailable,
    ToolRequest,
    WorkerInputReady,
    WorkerInputStart,
    WorkerResult,
    WorkerStart,
)
from mainspring.model.values import Json, encode_json
from mainspring.wires.native_events import CANCELLED
from mainspring.wires.openai_items import SESSION_MARK, Asked, Item, Ran, Said, Wanted, as_output
from mainspring.wires.turns import MAIN, WORKER_KEY, Handlers, Turn, TurnReader, reader_of

Outcome: TypeAlias = Literal["open", "asked", "paused", "finished", "failed", "stopped"]
"""How far a leg is: `asked`: it ended with calls for the caller; `paused`: with questions to people alone."""

_DELTA: Final = b',"delta":'
_PREFIXES: Final = (b'{"type":"text-delta","id":', b'{"type":"reasoning-delta","id":')


class _Stub(msgspec.Struct):
    part: str


_WorkerEvent: TypeAlias = WorkerInputStart | WorkerStart | WorkerInputReady | WorkerResult
_worker: Final[msgspec.json.Decoder[_WorkerEvent]] = msgspec.json.Decoder(_WorkerEvent)
_stub: Final = reader_of(_Stub)
_text_started: Final = reader_of(TextStarted)
_text_ended: Final = reader_of(TextEnded)
_reasoning_started: Final = reader_of(ReasoningStarted)
_reasoning_ended: Final = reader_of(ReasoningEnded)
_tool_available: Final = reader_of(ToolInputAvailable)
_tool_request: Final = reader_of(ToolRequest)
_tool_settled: Final = reader_of(ToolSettled)
_approval_asked: Final = reader_of(ToolApprovalRequest)
_approval_answered: Final = reader_of(ToolApprovalResponse)
_block_start: Final = reader_of(BlockStart)
_block_end: Final = reader_of(BlockEnd)
_superseded: Final = reader_of(AttemptSuperseded)
_source: Final = reader_of(Source)
_settled: Final = reader_of(GenerationSettled)
_failed: Final = reader_of(GenerationFailed)
_error: Final = reader_of(ErrorEvent)
_finish: Final = reader_of(Finish)
_ended: Final = reader_of(ExecutionEnded)


class LegReader(TurnReader):
    """Reads one leg. `items` are what it said so far; those that an attempt said that was cut are `void`."""

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn)
        self.items: list[Item] = []
        self.created_at = 0
        """Unix seconds."""
        self.completed_at: int | None = None
        self.outcome: Outcome = "open"
        self.reason = "stop"
        self.failure: ErrorEvent | None = None
        self.usage = Usage()
        self._at = 0.0
        self._span = 0
        """How many events the row that is being read stands for."""
        self._opening = False
        self._muted = False
        self._aside = False
        self._open: dict[bytes, Said] = {}
        """The texts and thoughts that go on, by their ids as JSON."""
        self._held: dict[str, ToolInputAvailable] = {}
        self._approvals: dict[str, str] = {}
        """By call: the last request to a person about it, as the client knows it."""
        self._workers: dict[str, tuple[str, Json]] = {}
        """The names and inputs of the workers that run."""

    # ---- rows

    def open(self) -> bytes:
        """Nothing: every leg begins with a row, which dates it."""
        return b""

    def _opened(self, message_id: str) -> bytes:
        return b"" if self._quiet else self._begin()

    def _caught_up(self) -> bytes:
        self._opening = True
        return b""

    def _begin(self) -> bytes:
        self.created_at = int(self._at)
        return self._began()

    def _row(self, row: Row) -> bytes:
        self._at = row.at
        self._span = row.last - row.first + 1
        before = b""
        if self._opening:
            self._opening = False
            before = self._begin()
        if row.kind == STUB:
            said = self._open.get(encode_json(_stub(row.data).part))
            return before if said is None else before + self._said_more(said, ())
        return before + super()._row(row)

    # ---- texts and thoughts

    def _deltas(self, data: bytes) -> bytes:
        prefix = _PREFIXES[data.startswith(_PREFIXES[1])]
        if WORKER_KEY in data or not data.startswith(prefix):
            return b""
        end = data.index(_DELTA, len(prefix))
        said = self._open.get(data[len(prefix) : end])
        if said is None:
            return b""
        begin = end + len(_DELTA) + 1
        pieces = [line[begin:-2] for line in data.split(b"\n")]
        said.pieces += pieces
        return self._said_more(said, pieces)

    def _text_start(self, data: bytes) -> bytes:
        event = _text_started(data)
        hidden = self._quiet or self._muted or event.worker_id is not None
        return b"" if hidden else self._start(event.id, thought=False)

    def _reasoning_start(self, data: bytes) -> bytes:
        event = _reasoning_started(data)
        hidden = self._quiet or event.worker_id is not None
        return b"" if hidden else self._start(event.id, thought=True)

    def _start(self, part_id: str, *, thought: bool) -> bytes:
        said = Said(part_id, len(self.items), thought=thought, aside=self._aside)
        self.items.append(said)
        self._open[encode_json(part_id)] = said
        return self._said_begins(said)

    def _text_end(self, data: bytes) -> bytes:
        return self._end(_text_ended(data).id)

    def _reasoning_end(self, data: bytes) -> bytes:
        return self._end(_reasoning_ended(data).id)

    def _end(self, part_id: str) -> bytes:
        said = self._open.pop(encode_json(part_id), None)
        return b"" if said is None else self._said_ends(said)

    def _cite(self, data: bytes) -> bytes:
        event = _source(data)
        if self._quiet or event.worker_id is not None:
            return b""
        for item in reversed(self.items):
            if isinstance(item, Said) and not item.thought:
                item.sources.append((len(item.text), event))
                return self._cited(item)
        return b""

    # ---- blocks

    def _block(self, data: bytes) -> bytes:
        event = _block_start(data)
        if event.worker_id is None:
            self._aside = event.thread not in (None, MAIN)
            self._muted = event.output_to_chat is False and not self._aside
        return b""

    def _block_over(self, data: bytes) -> bytes:
        if _block_end(data).worker_id is None:
            self._aside = self._muted = False
        return b""

    # ---- calls

    def _tool_input(self, data: bytes) -> bytes:
        event = _tool_available(data)
        if event.worker_id is None:
            self._held[event.tool_call_id] = event
        return b""

    def _request(self, data: bytes) -> bytes:
        calls = _tool_request(data).tool_calls
        for call in calls:
            self._held.pop(call.tool_call_id, None)
        if self._quiet:
            return b""
        out: list[bytes] = []
        for call in calls:
            call_id = self._with_session(call.tool_call_id)
            arguments = encode_json(call.args).decode()
            asked = Asked(call_id, len(self.items), name=call.tool_name, arguments=arguments)
            self.items.append(asked)
            out.append(self._asked(asked))
        return b"".join(out) + self._over("asked")

    def _with_session(self, ours: str) -> str:
        return f"{ours}{SESSION_MARK}{self._turn.session_id}"

    def _approval(self, data: bytes) -> bytes:
        event = _approval_asked(data)
        approval_id = self._approvals[event.tool_call_id] = self._with_session(event.approval_id)
        if self._quiet:
            return b""
        wanted = Wanted(approval_id, len(self.items), name=event.tool_name, args=event.input)
        self.items.append(wanted)
        return self._wanted(wanted)

    def _approved(self, data: bytes) -> bytes:
        event = _approval_answered(data)
        held = self._held.get(event.tool_call_id)
        if held is not None and event.input is not None:
            self._held[event.tool_call_id] = replace(held, input=event.input)
        return b""

    def _paused(self, _data: bytes) -> bytes:
        return self._over("paused") if self._waits_for_people() else b""

    def _tool_settled(self, data: bytes) -> bytes:
        event = _tool_settled(data)
        held = self._held.pop(event.call_id, None)
        if held is None or self._quiet:
            return b""
        ran = Ran(event.call_id, len(self.items), name=held.tool_name, args=held.input)
        ran.approval = self._approvals.get(event.call_id)
        error = event.error or (CANCELLED if event.cancelled else None)
        return self._close(ran, event.output, error)

    def _close(self, ran: Ran, output: Json, error: str | None) -> bytes:
        ran.error = error
        if error is None:
            ran.output = as_output(output)
        self.items.append(ran)
        return self._ran(ran)

    def _worker(self, data: bytes) -> bytes:
        event = _worker.decode(data)
        name, given = self._workers.get(event.worker_id, ("", {}))
        if isinstance(event, WorkerInputReady):
            self._workers[event.worker_id] = (name, event.input)
            return b""
        if not isinstance(event, WorkerResult):
            known = event.input if isinstance(event, WorkerStart) and event.input is not None else given
            self._workers[event.worker_id] = (event.worker_slug, known)
            return b""
        if self._workers.pop(event.worker_id, None) is None or self._quiet:
            return b""
        ran = Ran(event.worker_id, len(self.items), name=name, args=given)
        error = event.error or (CANCELLED if event.cancelled else None)
        return self._close(ran, event.output, error)

    def _reset(self, data: bytes) -> bytes:
        event = _superseded(data)
        for part_id in event.parts:
            self._held.pop(part_id, None)
            self._workers.pop(part_id, None)
        for item in self.items:
            item.void = item.void or item.id in event.parts
        return b""

    # ---- ends

    def _settled(self, data: bytes) -> bytes:
        return self._used(_settled(data).usage)

    def _call_failed(self, data: bytes) -> bytes:
        return self._used(_failed(data).usage)

    def _used(self, usage: Usage | None) -> bytes:
        if usage is not None and not self._quiet:
            self.usage = total(self.usage, usage)
        return b""

    def _failed(self, data: bytes) -> bytes:
        self.failure = _error(data)
        return self._over("failed")

    def _finished(self, data: bytes) -> bytes:
        self.reason = _finish(data).finish_reason
        return b""

    def _all_over(self, data: bytes) -> bytes:
        stopped = _ended(data).outcome in ("stopped", "superseded")
        return self._over("stopped" if stopped else "finished")

    def _over(self, outcome: Outcome) -> bytes:
        self.done = True
        self.outcome = outcome
        self.completed_at = int(self._at)
        return self._ends()

    # ---- what each wire makes of it

    @abstractmethod
    def _began(self) -> bytes: ...

    @abstractmethod
    def _said_begins(self, said: Said) -> bytes: ...

    @abstractmethod
    def _said_more(self, said: Said, pieces: Sequence[bytes]) -> bytes: ...

    @abstractmethod
    def _said_ends(self, said: Said) -> bytes: ...

    @abstractmethod
    def _cited(self, said: Said) -> bytes: ...

    @abstractmethod
    def _asked(self, asked: Asked) -> bytes: ...

    @abstractmethod
    def _wanted(self, wanted: Wanted) -> bytes: ...

    @abstractmethod
    def _ran(self, ran: Ran) -> bytes: ...

    @abstractmethod
    def _ends(self) -> bytes: ...

    _HANDLERS: ClassVar[Handlers] = {
        b"text-start": _text_start,
        b"text-end": _text_end,
        b"reasoning-start": _reasoning_start,
        b"reasoning-end": _reasoning_end,
        b"source": _cite,
        b"block-start": _block,
        b"block-end": _block_over,
        b"tool-input-available": _tool_input,
        b"tool-request": _request,
        b"tool-approval-request": _approval,
        b"tool-approval-response": _approved,
        b"paused": _paused,
        b"tool-settled": _tool_settled,
        b"worker-input-start": _worker,
        b"worker-start": _worker,
        b"worker-input-ready": _worker,
        b"worker-result": _worker,
        b"attempt-superseded": _reset,
        b"generation-settled": _settled,
        b"generation-failed": _call_failed,
        b"error": _failed,
        b"finish": _finished,
        b"execution-ended": _all_over,
    }


def total(one: Usage, other: Usage) -> Usage:
    """What two model calls used together."""
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cached_input_tokens=one.cached_input_tokens + other.cached_input_tokens,
        cached_write_tokens=one.cached_write_tokens + other.cached_write_tokens,
        reasoning_output_tokens=one.reasoning_output_tokens + other.reasoning_output_tokens,
    )
