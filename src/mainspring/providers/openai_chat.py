"""Owns the Chat Completions API: one streamed call to OpenAI, or to any server that speaks the same wire."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

import msgspec

from mainspring.model.generation import (
    Finished,
    FinishReason,
    ModelChunk,
    ModelRequest,
    PartEnd,
    ToolInputDelta,
    ToolInputStart,
    Usage,
)
from mainspring.model.json_shape import is_list, is_object
from mainspring.model.values import Json, encode_json
from mainspring.providers.chat_quirks import Quirks
from mainspring.providers.failures import Failures
from mainspring.providers.http import ProviderHttp
from mainspring.providers.openai_chat_request import chat_request
from mainspring.providers.wire import AnswerReader, HttpCall, Parts

_REASONS: Final[dict[str, FinishReason]] = {
    "stop": "stop",
    "eos": "stop",
    "model_length": "length",
    "tool_calls": "tool-calls",
    "function_call": "tool-calls",
    "length": "length",
    "content_filter": "content-filter",
}
_FAILURES: Final = frozenset({"insufficient_system_resource", "error", "abort", "network_error"})
"""Reasons to end that are no ends: the provider gave up."""


_LOADING: Final = frozenset({"load", "unload"})
"""Ollama ends so when it has only loaded a model, or dropped it: it may well answer next time."""


class ChatCompleter:
    """A `Completer` for one provider of this wire. `key` None: no authorization is sent."""

    def __init__(
        self,
        provider: str,
        base_url: str,
        *,
        key: str | None,
        http: ProviderHttp,
        quirks: Quirks | None = None,
    ) -> None:
        self._provider = provider
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._key = key
        self._http = http
        self._quirks = quirks or Quirks()

    def complete(self, request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk]]:
        """The streamed answer; see `Completer`."""
        secrets = (self._key,) if self._key else ()
        model = request.model.partition("/")[2]
        failures = Failures(self._provider, model=model, secrets=secrets, now=self._http.now)
        reader = AnswerReader(ChatWire(failures), failures)
        return self._http.exchange(self.call(request), reader, failures)

    def call(self, request: ModelRequest) -> HttpCall:
        """The request as it is sent."""
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if self._key:
            bearer = self._quirks.auth == "Authorization"
            headers[self._quirks.auth] = f"Bearer {self._key}" if bearer else self._key
        body = chat_request(request, provider=self._provider, quirks=self._quirks)
        return HttpCall(url=self._url, headers=headers, body=encode_json(body))


# ---------------------------------------------------------------- what arrives


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | dict[str, Json] | None = None


class _Call(msgspec.Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct, gc=False):
    content: str | list[Json] | None = None
    reasoning_content: str | None = None
    reasoning: str | dict[str, Json] | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None
    function_call: _Function | None = None


class _Choice(msgspec.Struct, gc=False):
    index: int | None = None
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None
    error: Json = None


class _InputDetails(msgspec.Struct, gc=False):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    cached_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    prompt_cache_hit_tokens: int | None = None


class _Extra(msgspec.Struct, gc=False):
    usage: _Usage | None = None


class _Frame(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    id: str | None = None
    model: str | None = None
    error: Json = None
    x_groq: _Extra | None = None


_DECODER: Final = msgspec.json.Decoder(_Frame)


class _OpenCall(msgspec.Struct):
    """A tool call that is being written. `part` None: its name has not come yet."""

    id: str | None
    part: int | None = None
    waiting: str = ""
    written: bool = False


class _OpenCalls:
    """The tool calls of an answer. Some providers leave out the index, the id, or give every call the same index."""

    def __init__(self) -> None:
        self.all: list[_OpenCall] = []
        self._at: dict[int, _OpenCall] = {}

    def find(self, piece: _Call) -> _OpenCall:
        """The call that a piece belongs to."""
        call = self._known(piece)
        if call is None or self._begins_another(piece, call):
            call = _OpenCall(piece.id)
            self.all.append(call)
            if piece.index is not None:
                self._at[piece.index] = call
        return call

    def _known(self, piece: _Call) -> _OpenCall | None:
        for call in self.all:
            if piece.id and call.id == piece.id:
                return call
        if piece.index is not None:
            return self._at.get(piece.index)
        return self.all[-1] if self.all else None

    def _begins_another(self, piece: _Call, call: _OpenCall) -> bool:
        if piece.function is None or not piece.function.name:
            return False
        if piece.id:
            return bool(call.id) and call.id != piece.id
        return piece.index is None and call.part is not None


class ChatWire:
    """Decodes one answer; see `Wire`."""

    def __init__(self, failures: Failures) -> None:
        self.done = False
        self._failures = failures
        self._parts = Parts()
        self._calls = _OpenCalls()
        self._refused = False
        self._reason: str | None = None
        self._usage: _Usage | None = None
        self._id: str | None = None
        self._model: str | None = None

    @property
    def spent(self) -> Usage | None:
        """The tokens that were told of; see `Wire`."""
        return None if self._usage is None else _tokens(self._usage)

    def take(self, data: bytes, out: list[ModelChunk], /) -> None:
        """The data of one event."""
        if data == b"[DONE]":
            self.end(out)
            return
        frame = _DECODER.decode(data)
        self._frame(frame, out)

    def whole(self, body: bytes, out: list[ModelChunk], /) -> None:
        """An answer that came at once."""
        self._frame(_DECODER.decode(body), out)
        self.end(out)

    def end(self, out: list[ModelChunk], /) -> None:
        """Everything has come: close the parts, say how it ended."""
        if self._reason is None:
            raise self._failures.lost("the answer ended before it was complete")
        if self._reason in _LOADING:
            raise self._failures.lost("the model was being loaded, and said nothing")
        if self._reason in _FAILURES:
            raise self._failures.ended(self._reason)
        if _REASONS.get(self._reason) == "tool-calls" and self._parts.count == 0 and not self._calls.all:
            raise self._failures.nothing_called()
        self._parts.close(out)
        for call in self._calls.all:
            part = self._named(call, "", out)
            if not call.written:
                out.append(ToolInputDelta(part, "{}"))
            out.append(PartEnd(part))
        reason = self._finish()
        raw = "refusal" if self._refused and reason == "content-filter" else self._reason
        out.append(Finished(reason, _tokens(self._usage), raw, self._id, self._model))
        self.done = True

    def _frame(self, frame: _Frame, out: list[ModelChunk]) -> None:
        if frame.usage is not None:
            self._usage = frame.usage
        elif frame.x_groq is not None:
            self._usage = frame.x_groq.usage or self._usage
        problem: Json = None
        if frame.choices:
            problem = self._choice(frame.choices[0], out)
        problem = frame.error or problem
        if problem:
            raise self._failures.frame({"error": problem})
        if not self._id:
            self._id, self._model = frame.id or None, frame.model or None

    def _choice(self, choice: _Choice, out: list[ModelChunk]) -> Json:
        """Takes the first choice, the only one we ask for; the error it reports, if any."""
        delta = choice.delta or choice.message
        if delta is not None:
            self._delta(delta, out)
        if choice.finish_reason == "error":
            return choice.error or "no reason was given"
        if choice.finish_reason:
            self._reason = choice.finish_reason
        return choice.error

    def _delta(self, delta: _Delta, out: list[ModelChunk]) -> None:
        thought = delta.reasoning_content or delta.reasoning
        if thought:
            self._parts.reasoning(_written(thought), out)
        if delta.content:
            self._content(delta.content, out)
        if delta.refusal:
            self._refused = True
            self._parts.text(delta.refusal, out)
        if delta.tool_calls:
            for call in delta.tool_calls:
                self._call(call, out)
        if delta.function_call is not None:
            self._call(_Call(0, None, delta.function_call), out)

    def _content(self, content: str | list[Json], out: list[ModelChunk]) -> None:
        """Text, or a list of typed pieces, of which some are reasoning."""
        if isinstance(content, str):
            self._parts.text(content, out)
            return
        for piece in content:
            if not is_object(piece):
                continue
            if piece.get("text"):
                self._parts.text(_written(piece["text"]), out)
            elif piece.get("thinking"):
                self._parts.reasoning(_written(piece["thinking"]), out)

    def _call(self, piece: _Call, out: list[ModelChunk]) -> None:
        call = self._calls.find(piece)
        function = piece.function
        if function is None:
            return
        if function.name:
            self._named(call, function.name, out)
        if function.arguments:
            text = _written(function.arguments)
            call.written = True
            if call.part is None:
                call.waiting += text
            else:
                out.append(ToolInputDelta(call.part, text))

    def _named(self, call: _OpenCall, name: str, out: list[ModelChunk]) -> int:
        """The number of the part of a call; it begins when the name is known, or will never be."""
        if call.part is None:
            self._parts.close(out)
            call.part = self._parts.new()
            out.append(ToolInputStart(call.part, name))
            if call.waiting:
                out.append(ToolInputDelta(call.part, call.waiting))
        return call.part

    def _finish(self) -> FinishReason:
        reason = _REASONS.get(self._reason or "", "other")
        if reason in {"stop", "tool-calls"}:
            if self._calls.all:
                return "tool-calls"
            return "content-filter" if self._refused else "stop"
        return reason


def _written(value: Json) -> str:
    """Text as it is; anything else as JSON, or the texts of a list of pieces."""
    if isinstance(value, str):
        return value
    if is_list(value):
        return "".join(str(piece.get("text", "")) for piece in value if is_object(piece))
    return encode_json(value).decode()


def _tokens(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    inputs = usage.prompt_tokens_details or _InputDetails()
    outputs = usage.completion_tokens_details or _OutputDetails()
    asked, said, thought = (
        usage.prompt_tokens or 0,
        usage.completion_tokens or 0,
        outputs.reasoning_tokens or 0,
    )
    if thought and usage.total_tokens == asked + said + thought:
        # xAI counts what was thought beside what was said.
        said += thought
    return Usage(
        input_tokens=asked,
        output_tokens=said,
        cached_input_tokens=inputs.cached_tokens or usage.prompt_cache_hit_tokens or usage.cached_tokens or 0,
        cached_write_tokens=inputs.cache_write_tokens or 0,
        reasoning_output_tokens=thought,
    )
