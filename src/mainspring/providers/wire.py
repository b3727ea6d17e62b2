"""Owns what the wires share: where a call goes, how an answer's bytes become chunks, and the numbering of parts."""

from __future__ import annotations

from typing import Protocol

import msgspec

from mainspring.model.errors import ProviderError
from mainspring.model.generation import (
    ModelChunk,
    PartEnd,
    ReasoningDelta,
    ReasoningStart,
    TextDelta,
    TextStart,
    Usage,
)
from mainspring.model.values import Json
from mainspring.providers.failures import Failures
from mainspring.providers.sse import EventTooLarge, SseParser


class HttpCall(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a provider: always a POST of JSON. `headers` hold the key."""

    url: str
    headers: dict[str, str]
    body: bytes


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds in seconds: to connect, to the first event, between two events, for the whole answer.

    Comments and empty lines are no events.
    """

    connect: float = 5.0
    first: float = 120.0
    idle: float = 120.0
    total: float = 1800.0


class Wire(Protocol):
    """Decodes one answer of one wire; appends to `out` what arrived. Raises `ProviderError`.

    `done`: `Finished` was appended; whatever comes after is not looked at.
    """

    done: bool

    @property
    def spent(self) -> Usage | None:
        """What the provider has said so far about the tokens of this answer."""
        ...

    def take(self, data: bytes, out: list[ModelChunk], /) -> None:
        """The data of one server-sent event."""
        ...

    def whole(self, body: bytes, out: list[ModelChunk], /) -> None:
        """The body of an answer that is not a stream."""
        ...

    def end(self, out: list[ModelChunk], /) -> None:
        """The connection is at its end; raises unless the answer is complete."""
        ...


class AnswerReader:
    """Reads the bytes of one answer: every read gives one list of chunks.

    `failure` is what went wrong after the chunks that were given. `events` counts events of any kind.
    """

    def __init__(self, wire: Wire, failures: Failures) -> None:
        self._wire = wire
        self._failures = failures
        self._parser = SseParser()
        self.failure: ProviderError | None = None
        self.events = 0

    @property
    def done(self) -> bool:
        """Whether the answer is complete, or failed."""
        return self._wire.done or self.failure is not None

    @property
    def spent(self) -> Usage | None:
        """The tokens of the answer as far as they are known."""
        return self._wire.spent

    def read(self, data: bytes) -> list[ModelChunk]:
        """The chunks in what just arrived."""
        out: list[ModelChunk] = []
        try:
            self._take(self._parser.feed(data), out)
        except ProviderError as error:
            self.failure = error
        except EventTooLarge as error:
            self.failure = self._failures.too_large(str(error))
        except (msgspec.DecodeError, RecursionError) as error:
            self.failure = self._failures.malformed(str(error))
        return out

    def end(self) -> list[ModelChunk]:
        """The chunks that only the end of the stream completes."""
        out: list[ModelChunk] = []
        try:
            self._take(self._parser.close(), out)
            if not self._wire.done:
                self._wire.end(out)
        except ProviderError as error:
            self.failure = error
        except (msgspec.DecodeError, RecursionError):
            self.failure = self._failures.lost("the answer stopped in the middle of an event")
        return out

    def whole(self, body: bytes) -> list[ModelChunk]:
        """The chunks of an answer that came as one JSON document; raises `ProviderError`."""
        out: list[ModelChunk] = []
        try:
            self._wire.whole(body, out)
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._failures.malformed(str(error)) from None
        return out

    def _take(self, events: list[tuple[bytes, bytes]], out: list[ModelChunk]) -> None:
        wire = self._wire
        self.events += len(events)
        for _, data in events:
            if wire.done:
                return
            wire.take(data, out)


class Parts:
    """Numbers the parts of an answer, and keeps at most one text or reasoning part open for wires that do not say."""

    def __init__(self) -> None:
        self._next = 0
        self._open: int | None = None
        self._thinking = False

    @property
    def count(self) -> int:
        """How many parts have begun."""
        return self._next

    def new(self) -> int:
        """The number of a part that begins now."""
        number = self._next
        self._next += 1
        return number

    def text(self, text: str, out: list[ModelChunk]) -> None:
        """More text: of the open text part, or of a new one."""
        if self._open is None or self._thinking:
            self.close(out)
            self._open, self._thinking = self.new(), False
            out.append(TextStart(self._open))
        out.append(TextDelta(self._open, text))

    def reasoning(self, text: str, out: list[ModelChunk]) -> None:
        """More reasoning: of the open reasoning part, or of a new one."""
        if self._open is None or not self._thinking:
            self.close(out)
            self._open, self._thinking = self.new(), True
            out.append(ReasoningStart(self._open))
        out.append(ReasoningDelta(self._open, text))

    def close(self, out: list[ModelChunk], metadata: dict[str, Json] | None = None) -> None:
        """The open text or reasoning part is complete."""
        if self._open is not None:
            out.append(PartEnd(self._open, metadata))
            self._open = None
