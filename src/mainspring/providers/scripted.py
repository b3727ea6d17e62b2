"""Owns the scripted model: answers from a script, the same ones every time, without a network or a key.

It serves every model name `scripted/<anything>`. A script is a YAML file, or a Python function. What it answers follows
from the messages of the request alone, so a session that is resumed after a crash goes on where it was.

    pace: 20                                  # milliseconds between deltas (default 0)
    turns:
      - when: {user: weather}                 # the user's last message holds "weather"
        reasoning: They want the weather.
        tools:
          - name: get-weather
            args: {city: Oslo}
      - when: {tool-result: get-weather}      # a result of this tool has just come
        text: "It is {{result.get-weather.celsius}} degrees."
    default:
      text: "You said: {{user}}"

The first turn that matches answers. A turn without `when` answers one call of a thread and is then used up, so a list
of such turns is played in order; a turn with `when` answers whenever it matches; `repeat` (a number or `forever`) says
otherwise.
The whole format is described in `docs/reference/scripted-model.md`.

The Python form is a function from the request to text, a piece (`Say`, `Think`, `Call`, `Data`, `Cite`, `Pause`,
`Fail`, `End`), a chunk of `mainspring.model.generation`, or a (maybe asynchronous) iterable of these.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Final

import msgspec

from mainspring.model.errors import ProviderError
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
from mainspring.model.values import Json, encode_json
from mainspring.providers.failures import Failures
from mainspring.providers.script import (
    Call,
    Cite,
    Data,
    End,
    Fail,
    Pause,
    Piece,
    Say,
    Script,
    ScriptFunction,
    Simple,
    Think,
)
from mainspring.providers.script_match import Chosen, choose
from mainspring.providers.script_reader import load_script
from mainspring.providers.script_templates import Missing, fill, fill_value
from mainspring.runtime.ports import Clock

__all__ = [
    "Call",
    "Cite",
    "Data",
    "End",
    "Fail",
    "Pause",
    "Say",
    "Script",
    "ScriptFunction",
    "ScriptedCompleter",
    "Simple",
    "Think",
    "load_script",
]

_WORDS: Final = re.compile(r"\s*\S+\s*|\s+")
_CHUNKS: Final = (
    TextStart,
    TextDelta,
    ReasoningStart,
    ReasoningDelta,
    ToolInputStart,
    ToolInputDelta,
    PartEnd,
    SourceFound,
    Finished,
)
_DELTAS: Final = (TextDelta, ReasoningDelta, ToolInputDelta)
_CHARACTERS_A_TOKEN: Final = 4


class ScriptedCompleter:
    """A `Completer` that follows a script. Waits only through the clock."""

    def __init__(self, script: Script | ScriptFunction, clock: Clock) -> None:
        self._script = script
        self._clock = clock

    async def complete(self, request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk]]:
        """The scripted answer; see `Completer`."""
        failures = Failures("scripted", model=request.model.partition("/")[2])
        telling = _Telling(request, failures)
        pace, together, pieces = self._plan(request, failures)
        try:
            async for piece in pieces:
                if isinstance(piece, Pause):
                    await self._wait(piece.milliseconds)
                    continue
                for chunks in telling.batches(piece, together):
                    yield chunks
                    await self._wait(pace)
            yield [telling.finished()]
        except ProviderError:
            raise
        except Exception as error:
            message = f"the script failed: {type(error).__name__}: {error}"
            raise failures.refused("execution_error", "SCRIPT_FAILED", message) from error

    def _plan(self, request: ModelRequest, failures: Failures) -> tuple[float, int, AsyncIterator[Simple]]:
        """How fast to tell, how many deltas together, and what."""
        script = self._script
        if not isinstance(script, Script):
            return 0, 1, _called(script, request)
        chosen = _chosen(script, request, failures)
        turn = chosen.turn
        pieces = [Pause(turn.delay), *_filled(chosen, script.file, failures)]
        return script.pace if turn.pace is None else turn.pace, script.together, _all(pieces)

    async def _wait(self, milliseconds: float) -> None:
        if milliseconds > 0:
            await self._clock.sleep(milliseconds / 1000)


class _Telling:
    """One answer as it is told: numbers its parts, counts its deltas, knows how it ends."""

    def __init__(self, request: ModelRequest, failures: Failures) -> None:
        self._request = request
        self._failures = failures
        self._part = 0
        self._deltas = 0
        self._thought = 0
        self._called = False
        self._end = End()
        self._finished: Finished | None = None
        self._failing: tuple[int, Fail] | None = None

    def batches(self, piece: Simple, together: int) -> Iterator[list[ModelChunk]]:
        """The chunks of a piece, in lists of at most `together` deltas."""
        waiting: list[ModelChunk] = []
        held = 0
        try:
            for chunk in self.chunks(piece):
                if isinstance(chunk, _DELTAS):
                    if held == together:
                        yield waiting
                        waiting, held = [], 0
                    held += 1
                waiting.append(chunk)
        except ProviderError:
            if waiting:
                yield waiting
            raise
        if waiting:
            yield waiting

    def chunks(self, piece: Simple) -> Iterator[ModelChunk]:
        """The chunks of a piece; raises `ProviderError` where the script says that the call fails."""
        match piece:
            case str():
                yield from self._streamed(Say(piece))
            case Say() | Think() | Call():
                yield from self._streamed(piece)
            case Data():
                yield from self._streamed(Say(encode_json(piece.value).decode()))
            case Cite():
                yield SourceFound(piece.url, piece.title)
            case Fail():
                self._fail(piece)
            case End():
                self._end = piece
            case _:
                yield from self._passed(piece)

    def _streamed(self, piece: Say | Think | Call) -> Iterator[ModelChunk]:
        part = self._part
        self._part += 1
        metadata: dict[str, Json] | None = None
        if isinstance(piece, Call):
            self._called = True
            metadata = piece.metadata
            yield ToolInputStart(part, piece.name)
            yield from self._counted(ToolInputDelta(part, text) for text in _call_deltas(piece))
        elif isinstance(piece, Think):
            metadata = piece.metadata
            yield ReasoningStart(part)
            self._thought -= self._deltas
            yield from self._counted(ReasoningDelta(part, text) for text in _deltas(piece))
            self._thought += self._deltas
        else:
            yield TextStart(part)
            yield from self._counted(TextDelta(part, text) for text in _deltas(piece))
        yield PartEnd(part, metadata)

    def _counted(self, deltas: Iterable[ModelChunk]) -> Iterator[ModelChunk]:
        for delta in deltas:
            if self._failing is not None and self._deltas >= self._failing[0]:
                raise self._error(self._failing[1])
            self._deltas += 1
            yield delta

    def _passed(self, chunk: Simple) -> Iterator[ModelChunk]:
        if isinstance(chunk, Finished):
            self._finished = chunk
            return
        if not isinstance(chunk, _CHUNKS):
            raise TypeError(f"a script gave {type(chunk).__name__}: give text, a piece or a chunk")
        self._called = self._called or isinstance(chunk, ToolInputStart)
        self._part = max(self._part, getattr(chunk, "part", -1) + 1)
        if isinstance(chunk, _DELTAS):
            yield from self._counted([chunk])
        else:
            yield chunk

    def _fail(self, fail: Fail) -> None:
        if fail.after is not None and fail.after > self._deltas:
            self._failing = (fail.after, fail)
            return
        raise self._error(fail)

    def _error(self, fail: Fail) -> ProviderError:
        error = self._told(fail)
        error.usage = fail.usage
        return error

    def _told(self, fail: Fail) -> ProviderError:
        if fail.cut:
            return self._failures.lost(fail.message)
        headers = {} if fail.retry_after is None else {"retry-after": str(fail.retry_after)}
        return self._failures.told(
            status=fail.status, headers=headers, word=fail.type or "", message=fail.message
        )

    def finished(self) -> Finished:
        """The last chunk; raises `ProviderError` if a failure is still to come."""
        if self._failing is not None:
            raise self._error(self._failing[1])
        if self._finished is not None:
            return self._finished
        reason = self._end.reason or ("tool-calls" if self._called else "stop")
        usage = self._end.usage or Usage(
            input_tokens=_tokens_of(self._request),
            output_tokens=self._deltas,
            reasoning_output_tokens=self._thought,
        )
        return Finished(reason, usage, self._end.raw_reason, None, self._request.model.partition("/")[2])


def _tokens_of(request: ModelRequest) -> int:
    """About as many tokens as a model would count: the same number for the same request."""
    characters = len(request.system or "")
    for message in request.messages:
        characters += sum(len(encode_json(part)) for part in message.parts)
    return -(-characters // _CHARACTERS_A_TOKEN)


def _deltas(piece: Say | Think) -> Iterable[str]:
    if piece.deltas is not None:
        return piece.deltas
    words = _WORDS.findall(piece.text)
    return words if words or not piece.text else [piece.text]


def _call_deltas(call: Call) -> Iterable[str]:
    if call.deltas is not None:
        return call.deltas
    text = encode_json(call.args).decode() if call.arguments is None else call.arguments
    return [text[start : start + call.split] for start in range(0, len(text), call.split)]


async def _called(script: ScriptFunction, request: ModelRequest) -> AsyncIterator[Simple]:
    """What a script function gives for a request."""
    async for piece in _all(script(request)):
        yield piece


async def _all(given: Simple | Iterable[Simple] | AsyncIterable[Simple]) -> AsyncIterator[Simple]:
    """What a script function gave, one by one."""
    if isinstance(given, AsyncIterable):
        async for piece in given:
            yield piece
    elif isinstance(given, (str, msgspec.Struct)):
        yield given
    else:
        for piece in given:
            yield piece


def _filled(chosen: Chosen, file: str, failures: Failures) -> list[Piece]:
    """The pieces of a turn, templates filled. A failure after some deltas is announced before them."""
    values = chosen.situation.values(chosen.groups)
    late = [piece for piece in chosen.turn.pieces if isinstance(piece, Fail) and piece.after is not None]
    rest = [
        piece for piece in chosen.turn.pieces if not (isinstance(piece, Fail) and piece.after is not None)
    ]
    try:
        return [*late, *(_fill_piece(piece, values) for piece in rest)]
    except Missing as missing:
        where = f"line {chosen.turn.line} of {file}"
        message = f"{where} needs {{{{{missing.hole}}}}}, and the thread has nothing of that name"
        raise failures.refused("validation_error", "TEMPLATE", message) from None


def _fill_piece(piece: Piece, values: dict[str, Json]) -> Piece:
    match piece:
        case Say() | Think():
            deltas = None if piece.deltas is None else tuple(fill(text, values) for text in piece.deltas)
            return msgspec.structs.replace(piece, text=fill(piece.text, values), deltas=deltas)
        case Call():
            return _fill_call(piece, values)
        case Data():
            return Data(fill_value(piece.value, values))
        case Cite():
            return Cite(fill(piece.url, values), None if piece.title is None else fill(piece.title, values))
        case Pause() | Fail() | End():
            return piece


def _fill_call(call: Call, values: dict[str, Json]) -> Call:
    return msgspec.structs.replace(
        call,
        args=fill_value(call.args, values),
        arguments=None if call.arguments is None else fill(call.arguments, values),
        deltas=None if call.deltas is None else tuple(fill(text, values) for text in call.deltas),
    )


def _chosen(script: Script, request: ModelRequest, failures: Failures) -> Chosen:
    """The turn that answers; raises `ProviderError` if there is none."""
    chosen = choose(script, request)
    if chosen is not None:
        return chosen
    last = next((message.text for message in reversed(request.messages) if message.role == "user"), "")
    message = f"{script.file} has no turn for this call (the user said: {last[:100]!r}) and no `default`"
    raise failures.refused("validation_error", "NO_ANSWER", message)
