"""Owns the model of a simulation: answers that chance makes up, whole, broken or cut, at any pace."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Final

from mainspring.model.errors import Failure, ProviderError
from mainspring.model.generation import (
    Finished,
    ModelChunk,
    ModelRequest,
    PartEnd,
    ReasoningDelta,
    ReasoningStart,
    SourceFound,
    TextDelta,
    TextStart,
    ToolInputDelta,
    ToolInputStart,
    Usage,
)
from mainspring.runtime.ports import Clock
from mainspring.testing.simulation.chance import Chance

PIECES = (
    "Hello",
    " world",
    "\n",
    'a "quoted" word',
    " é 世界 🚀",
    "\\ back",
    "{}",
    "",
    " ",
    "data: x\n\n",
    "\u2028",
)
ARGUMENTS = (
    ("{", '"word": "', "tea", '"}'),
    ('{"word": "x"}',),
    (),
    ("{}",),
    ('{"WORD":', " [5]}"),
    ('{"word":', " 5"),
    ("[1]",),
    ('{"word": "é', '🚀\\n"}'),
)
TODOS = (
    '{"todos": [{"id": "1", "content": "one"}]}',
    '{"todos": [{"id": "1", "status": "completed"}], "merge": true}',
)
PAUSES = ((0.0, 12), (0.001, 6), (0.015, 6), (0.03, 4), (0.3, 2), (4.0, 1))


class RandomModel:
    """A provider of every model. `asked` sees each request before anything is answered."""

    def __init__(self, chance: Chance, clock: Clock, asked: Callable[[ModelRequest], None]) -> None:
        self._chance = chance
        self._clock = clock
        self._asked = asked

    def find(self, model: str, /) -> RandomModel:
        """Itself; sometimes it is not there."""
        if self._chance.happens(0.01):
            raise ProviderError(_failure("no key"))
        return self

    async def close(self) -> None:
        """Nothing is open."""

    async def complete(self, request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk], None]:
        """An answer, or a failure at any place of it."""
        self._asked(request)
        chunks = Plan(self._chance, request).chunks
        fails_at = self._chance.below(len(chunks) + 1) if self._chance.happens(0.12) else None
        position = 0
        while position < len(chunks):
            await self._clock.sleep(self._chance.weighted(PAUSES))
            together = 1 + self._chance.below(4)
            if fails_at is not None and position + together > fails_at:
                if chunks[position:fails_at]:
                    yield chunks[position:fails_at]
                if self._chance.happens(0.3):
                    return
                raise ProviderError(self._broken(at=fails_at))
            yield chunks[position : position + together]
            position += together

    def _broken(self, *, at: int) -> Failure:
        """What it fails with at a place; what is too long is refused before anything is said."""
        return _TOO_LONG if at == 0 and self._chance.happens(0.5) else _failure("overloaded")


_TOO_LONG: Final = Failure(
    error_type="validation_error",
    message="too long",
    retryable=False,
    source="provider",
    error_class="context_length",
)


def _failure(message: str) -> Failure:
    return Failure(error_type="provider_error", message=message, retryable=True, source="provider")


class Plan:
    """One whole answer, as chunks."""

    def __init__(self, chance: Chance, request: ModelRequest) -> None:
        self._chance = chance
        self._parts = 0
        self.chunks: list[ModelChunk] = []
        rounds = sum(message.role == "tool" for message in request.messages[-6:])
        tools = [tool.name for tool in request.tools]
        calls = chance.below(4) if tools and chance.happens(0.7 if rounds < 2 else 0.25) else 0
        if chance.happens(0.3):
            self._reasoning()
        for _ in range(chance.weighted(((0, 1), (1, 6), (2, 1)))):
            self._text()
        if chance.happens(0.05):
            self.chunks.append(SourceFound(url="https://example.org/", title="A page"))
        for _ in range(calls):
            self._call(chance.of([*tools, *tools, *tools, "no-such-tool"]))
        self.chunks.append(self._end("tool-calls" if calls else "stop"))

    def _number(self) -> int:
        self._parts += 1
        return self._parts - 1

    def _reasoning(self) -> None:
        part = self._number()
        self.chunks.append(ReasoningStart(part))
        for _ in range(self._chance.below(4)):
            self.chunks.append(ReasoningDelta(part, self._chance.of(PIECES)))
        metadata = {"signature": "s"} if self._chance.happens(0.5) else None
        self.chunks.append(PartEnd(part, metadata))

    def _text(self) -> None:
        part = self._number()
        self.chunks.append(TextStart(part))
        for _ in range(self._chance.below(8)):
            self.chunks.append(TextDelta(part, self._chance.of(PIECES)))
        if self._chance.happens(0.9):
            self.chunks.append(PartEnd(part))

    def _call(self, name: str) -> None:
        part = self._number()
        self.chunks.append(ToolInputStart(part, name))
        written = (self._chance.of(TODOS),) if name == "octavus_todo_write" else self._chance.of(ARGUMENTS)
        for piece in written:
            self.chunks.append(ToolInputDelta(part, piece))
        if self._chance.happens(0.9):
            self.chunks.append(PartEnd(part))

    def _end(self, natural: str) -> Finished:
        usage = Usage(input_tokens=self._chance.below(100), output_tokens=self._chance.below(100))
        if natural == "tool-calls":
            return Finished("tool-calls", usage, raw_reason="tool_use")
        if self._chance.happens(0.1):
            return Finished("length", usage)
        return Finished("stop", usage, response_id="r")
