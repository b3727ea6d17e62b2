"""Owns the way from a model's chunks to journal events: ids, what is shown, and the answer at the end.

One recorder serves one attempt of one model call. The path of a delta is short on purpose: the bytes of its event are
put together from a prefix made once a part and the encoded text.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from mainspring.engine.generations import Presentation, worker_frame_id
from mainspring.engine.rounds import NAMED
from mainspring.model.events import Event
from mainspring.model.generation import (
    Finished,
    ModelChunk,
    PartEnd,
    ReasoningDelta,
    ReasoningStart,
    SourceFound,
    TextDelta,
    TextStart,
    ToolInputDelta,
    ToolInputStart,
)
from mainspring.model.parts import ReasoningPart, TextPart
from mainspring.model.program import Display
from mainspring.model.signals import AnswerPart, CallWritten
from mainspring.model.stream_events import (
    ReasoningEnded,
    ReasoningStarted,
    Source,
    TextEnded,
    TextStarted,
    ToolInputEnded,
    ToolInputStarted,
    WorkerInputReady,
    WorkerInputStart,
    WorkerResult,
)
from mainspring.model.values import Json

_encode = msgspec.json.Encoder().encode
_decode_object = msgspec.json.Decoder(dict[str, Json]).decode

CUT = "The worker's input was cut off."


class Sink(Protocol):
    """Where events go: a session's journal."""

    def add_event(self, event: Event, /) -> None:
        """Records an event in order; it becomes durable with the next flush."""
        ...

    def add_delta(self, part_id: str, data: bytes, /) -> None:
        """Records one encoded delta event of a part."""
        ...

    def hurry(self) -> None:
        """Somebody waits for what was just recorded: it is written with what arrived together with it."""
        ...


class _Part:
    """One part of the answer as it comes in."""

    __slots__ = ("closed", "id", "kind", "metadata", "name", "opened", "prefix", "shown", "suffix", "text")

    def __init__(self, kind: str, part_id: str, *, shown: bool) -> None:
        self.kind = kind
        self.id = part_id
        self.shown = shown
        self.opened = False
        self.closed = False
        self.text: list[str] = []
        self.name = ""
        self.metadata: dict[str, Json] | None = None
        self.prefix: bytes | None = None
        self.suffix = b"}"


class Recorder:
    """Feeds a session's journal with the events of one model call."""

    def __init__(self, presentation: Presentation, sink: Sink) -> None:
        self._show = presentation
        self._sink = sink
        self._parts: dict[int, _Part] = {}
        self._calls = 0
        self._sources = 0
        self.shown = False
        """Whether anything of the answer was recorded for people to see."""
        self.finished: Finished | None = None
        self.streamed: list[str] = []
        """The ids of the parts that were shown, in the order they began."""
        worker = presentation.worker_id
        self._suffix = b"}" if worker is None else b',"workerId":' + _encode(worker) + b"}"

    @property
    def place(self) -> str:
        """Which call it is, for logs."""
        return f"{self._show.program.slug} {self._show.key}"

    @property
    def worker_id(self) -> str | None:
        """The worker that the call belongs to; None: the agent itself."""
        return self._show.worker_id

    def restart(self) -> None:
        """Forgets an attempt of which nothing was shown: the next one begins from nothing."""
        self._parts = {}
        self._calls = 0
        self.finished = None

    def tell(self, event: Event) -> None:
        """Records something about the call, where the call itself is shown; somebody waits for it."""
        if self._show.tools_shown:
            self._sink.add_event(event)
            self._sink.hurry()

    def feed(self, chunks: list[ModelChunk]) -> None:
        """Records what arrived together."""
        for chunk in chunks:
            kind = type(chunk)
            if kind is TextDelta or kind is ReasoningDelta or kind is ToolInputDelta:
                self._delta(chunk.part, chunk.text)  # type: ignore[union-attr]
            else:
                self._boundary(chunk)

    def _delta(self, number: int, text: str) -> None:
        if not text:
            return
        part = self._parts[number]
        part.text.append(text)
        if not part.shown:
            return
        if not part.opened:
            self._open(part)
        if part.prefix is not None:
            self._sink.add_delta(part.id, part.prefix + _encode(text) + part.suffix)

    def _boundary(self, chunk: ModelChunk) -> None:
        if isinstance(chunk, TextStart):
            self._begin(chunk.part, "text", "txt")
        elif isinstance(chunk, ReasoningStart):
            self._begin(chunk.part, "reasoning", "rsn")
        elif isinstance(chunk, ToolInputStart):
            self._begin_call(chunk)
        elif isinstance(chunk, PartEnd):
            part = self._parts[chunk.part]
            part.metadata = chunk.metadata
            self._close(part)
        elif isinstance(chunk, SourceFound):
            self._source(chunk)
        elif isinstance(chunk, Finished):
            self.finished = chunk

    def _begin(self, number: int, kind: str, stem: str) -> None:
        part_id = f"{stem}_{self._show.key}_{number}"
        part = _Part(kind, part_id, shown=self._show.streams)
        event = b"text-delta" if kind == "text" else b"reasoning-delta"
        part.prefix = b'{"type":"' + event + b'","id":"' + part_id.encode() + b'","delta":'
        part.suffix = self._suffix
        self._parts[number] = part

    def _begin_call(self, chunk: ToolInputStart) -> None:
        self._calls += 1
        call_id = f"{self._show.call_key}_{self._calls}"
        workers = self._show.program.workers
        part = _Part("tool", call_id, shown=False)
        part.name = chunk.name
        self._parts[chunk.part] = part
        if not self._show.tools_shown:
            return
        if chunk.name in workers:
            self._begin_worker(part, display=workers[chunk.name].display)
            return
        tool = self._show.tool(chunk.name)
        display: Display = "name" if chunk.name.startswith(NAMED) else "hidden"
        part.shown = display != "hidden" if tool is None else tool.display != "hidden"
        if not part.shown:
            return
        if tool is not None:
            display = tool.display
        if display in ("description", "stream"):
            quoted = _encode(call_id)
            part.prefix = b'{"type":"tool-input-delta","toolCallId":' + quoted + b',"inputTextDelta":'
            part.suffix = self._suffix
        self._open(part)

    def _begin_worker(self, part: _Part, *, display: Display) -> None:
        if display != "stream":
            return
        worker_id = worker_frame_id(part.id)
        part.kind = "worker"
        part.shown = True
        part.prefix = b'{"type":"worker-input-delta","workerId":' + _encode(worker_id) + b',"delta":'
        self._open(part)

    def _open(self, part: _Part) -> None:
        part.opened = True
        self.streamed.append(worker_frame_id(part.id) if part.kind == "worker" else part.id)
        if not self.shown:
            self.shown = True
            self._sink.hurry()
        worker_id = self._show.worker_id
        event: Event
        if part.kind == "text":
            event = TextStarted(id=part.id, response_type=self._show.response_type, worker_id=worker_id)
        elif part.kind == "reasoning":
            event = ReasoningStarted(id=part.id, worker_id=worker_id)
        elif part.kind == "worker":
            event = WorkerInputStart(
                worker_id=worker_frame_id(part.id),
                worker_slug=part.name,
                description=self._show.program.workers[part.name].description,
            )
        else:
            event = self._tool_started(part)
        self._sink.add_event(event)

    def _tool_started(self, part: _Part) -> ToolInputStarted:
        tool = self._show.tool(part.name)
        display: Display = "name" if tool is None else tool.display
        title = None
        if tool is not None and display != "name":
            title = tool.title if display == "title" else tool.description
        return ToolInputStarted(
            tool_call_id=part.id,
            tool_name=part.name,
            title=title,
            display=display,
            worker_id=self._show.worker_id,
        )

    def _close(self, part: _Part) -> None:
        if part.closed:
            return
        part.closed = True
        if not part.opened:
            return
        worker_id = self._show.worker_id
        if part.kind == "text":
            self._sink.add_event(TextEnded(id=part.id, worker_id=worker_id))
        elif part.kind == "reasoning":
            self._sink.add_event(ReasoningEnded(id=part.id, worker_id=worker_id))
        elif part.kind == "tool":
            self._sink.add_event(ToolInputEnded(tool_call_id=part.id, worker_id=worker_id))
        else:
            self._worker_ready(part)

    def _worker_ready(self, part: _Part) -> None:
        try:
            given = _decode_object("".join(part.text) or "{}")
        except (msgspec.DecodeError, RecursionError):
            return
        self._sink.add_event(WorkerInputReady(worker_id=worker_frame_id(part.id), input=given))

    def _source(self, chunk: SourceFound) -> None:
        if self._show.streams:
            self.shown = True
            self._sources += 1
            self._sink.add_event(
                Source(
                    source_type="url",
                    id=f"src_{self._show.key}_{self._sources}",
                    url=chunk.url,
                    title=chunk.title,
                    worker_id=self._show.worker_id,
                )
            )

    def close(self, *, cut: bool = False) -> None:
        """Closes every part that is still open: on every path, before the call is settled.

        `cut`: the answer is not whole, so its workers never begin, even those whose input is complete.
        """
        for part in self._parts.values():
            if part.kind == "worker" and part.opened and cut:
                part.opened, part.closed = False, True
                self._sink.add_event(
                    WorkerResult(worker_id=worker_frame_id(part.id), error=CUT, cancelled=True)
                )
            self._close(part)

    def answer_parts(self, model: str) -> tuple[tuple[AnswerPart, ...], tuple[str, ...]]:
        """The whole answer of `provider/model-id`, in order, calls included, and the ids the parts streamed under."""
        parts = [(_answer_part(part, model), part.id) for part in self._parts.values()]
        return tuple(part for part, _ in parts), tuple(part_id for _, part_id in parts)

    def partial(self, model: str) -> tuple[tuple[TextPart | ReasoningPart, ...], tuple[str, ...]]:
        """What has been said so far, without tool calls: a half-built call is never kept."""
        kept = [
            (_answer_part(part, model), part.id)
            for part in self._parts.values()
            if part.kind in ("text", "reasoning")
        ]
        said = [(part, part_id) for part, part_id in kept if not isinstance(part, CallWritten)]
        return tuple(part for part, _ in said), tuple(part_id for _, part_id in said)


def _answer_part(part: _Part, model: str) -> AnswerPart:
    text = "".join(part.text)
    if part.kind == "text":
        return TextPart(text=text)
    if part.kind == "reasoning":
        provider, _, name = model.partition("/")
        bound = None if part.metadata is None else name or None
        return ReasoningPart(text=text, provider=provider, metadata=part.metadata, model=bound)
    return CallWritten(call_id=part.id, name=part.name, arguments=text, metadata=part.metadata)
