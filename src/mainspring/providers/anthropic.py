"""Owns the Messages API: one streamed call to Anthropic, or to a server that speaks the same wire."""

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
    ReasoningDelta,
    ReasoningStart,
    SourceFound,
    TextDelta,
    TextStart,
    ToolInputDelta,
    ToolInputStart,
    Usage,
)
from mainspring.model.json_shape import is_object
from mainspring.model.values import Json, encode_json
from mainspring.providers.anthropic_request import ANSWER_TOOL, FAST_MODE, messages_request, wants_tool_answer
from mainspring.providers.failures import Failures
from mainspring.providers.http import ProviderHttp
from mainspring.providers.wire import AnswerReader, HttpCall

API_VERSION: Final = "2023-06-01"
_REASONS: Final[dict[str, FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool-calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content-filter",
}


class AnthropicCompleter:
    """A `Completer` for one provider of this wire. `key` None: none is sent."""

    def __init__(self, provider: str, base_url: str, *, key: str | None, http: ProviderHttp) -> None:
        self._provider = provider
        self._url = base_url.rstrip("/") + "/v1/messages"
        self._key = key
        self._http = http

    def complete(self, request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk]]:
        """The streamed answer; see `Completer`."""
        secrets = (self._key,) if self._key else ()
        model = request.model.partition("/")[2]
        failures = Failures(self._provider, model=model, secrets=secrets, now=self._http.now)
        wire = MessagesWire(failures, tool_answer=wants_tool_answer(request))
        return self._http.exchange(self.call(request), AnswerReader(wire, failures), failures)

    def call(self, request: ModelRequest) -> HttpCall:
        """The request as it is sent."""
        body = messages_request(request, provider=self._provider)
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "anthropic-version": API_VERSION,
        }
        if self._key:
            headers["x-api-key"] = self._key
        if "speed" in body:
            headers["anthropic-beta"] = FAST_MODE
        return HttpCall(url=self._url, headers=headers, body=encode_json(body))


# ---------------------------------------------------------------- what arrives


class _Usage(msgspec.Struct, gc=False):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    output_tokens_details: dict[str, Json] | None = None


class _Block(msgspec.Struct, gc=False):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    name: str | None = None
    input: Json = None
    citations: list[Json] | None = None


class _Message(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: _Usage | None = None


class _Delta(msgspec.Struct, gc=False):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    citation: Json = None
    stop_reason: str | None = None


class _Event(msgspec.Struct, gc=False):
    type: str = ""
    index: int | None = None
    delta: _Delta | None = None
    content_block: _Block | None = None
    message: _Message | None = None
    usage: _Usage | None = None
    error: Json = None


class _Whole(_Message, gc=False):
    type: str = ""
    error: Json = None


_EVENT: Final = msgspec.json.Decoder(_Event)
_WHOLE: Final = msgspec.json.Decoder(_Whole)


class _OpenBlock(msgspec.Struct):
    """A content block that is arriving. `answer`: a tool call that is really the JSON answer."""

    part: int
    kind: str
    answer: bool = False
    signature: str = ""
    data: str | None = None
    opening: Json = None
    """The arguments as they stood in the start of a tool call: they count if no delta follows."""


class MessagesWire:
    """Decodes one answer; see `Wire`. Blocks of a kind we do not know are left out."""

    def __init__(self, failures: Failures, *, tool_answer: bool = False) -> None:
        self.done = False
        self._failures = failures
        self._tool_answer = tool_answer
        self._blocks: dict[int, _OpenBlock] = {}
        self._next = 0
        self._called = False
        self._answered = False
        self._reason: str | None = None
        self._usage = _Usage()
        self._told = False
        self._message = _Message()

    @property
    def spent(self) -> Usage | None:
        """The tokens that were told of; see `Wire`."""
        return _tokens(self._usage) if self._told else None

    def take(self, data: bytes, out: list[ModelChunk], /) -> None:
        """The data of one event."""
        event = _EVENT.decode(data)
        if event.type == "content_block_delta":
            if event.delta is not None:
                self._delta(event.index or 0, event.delta, out)
        else:
            self._other(event, out)

    def _other(self, event: _Event, out: list[ModelChunk]) -> None:
        match event.type:
            case "content_block_start" if event.content_block is not None:
                self._start(event.index or 0, event.content_block, out)
            case "content_block_stop":
                self._stop(event.index or 0, out)
            case "message_start" if event.message is not None:
                self._begin(event.message)
            case "message_delta":
                self._note(event.delta.stop_reason if event.delta else None, event.usage)
            case "message_stop":
                self._finish(out)
            case "error":
                raise self._failures.frame({"error": event.error})
            case _:
                pass

    def whole(self, body: bytes, out: list[ModelChunk], /) -> None:
        """An answer that came at once."""
        message = _WHOLE.decode(body)
        if message.error is not None:
            raise self._failures.frame({"error": message.error})
        self._begin(message)
        self._note(message.stop_reason, None)
        for index, block in enumerate(message.content or []):
            self._start(index, block, out)
            self._stop(index, out)
        if self._reason is None:
            self.end(out)
        self._finish(out)

    def end(self, out: list[ModelChunk], /) -> None:
        """Everything has come, and `message_stop` was not among it."""
        raise self._failures.lost("the answer ended before it was complete")

    def _begin(self, message: _Message) -> None:
        self._message = message
        self._note(None, message.usage)

    def _note(self, reason: str | None, usage: _Usage | None) -> None:
        """What is known of the end. Counts are totals: a later one replaces an earlier one."""
        self._reason = reason or self._reason
        if usage is not None:
            self._told = True
            for name in _Usage.__struct_fields__:
                value = getattr(usage, name)
                if value is not None:
                    setattr(self._usage, name, value)

    def _start(self, index: int, block: _Block, out: list[ModelChunk]) -> None:
        answer = self._tool_answer and block.type == "tool_use" and block.name == ANSWER_TOOL
        kind = "text" if answer else block.type
        if kind not in {"text", "thinking", "redacted_thinking", "tool_use"}:
            return
        opened = self._blocks[index] = _OpenBlock(self._next, kind, answer)
        self._next += 1
        if kind == "text":
            self._answered = self._answered or answer
            out.append(TextStart(opened.part))
        elif kind == "tool_use":
            self._called = True
            out.append(ToolInputStart(opened.part, block.name or ""))
        else:
            opened.data = block.data
            out.append(ReasoningStart(opened.part))
        opened.opening = block.input or {} if block.type == "tool_use" else None
        self._delta(index, _Delta("", block.text, block.thinking, block.signature), out)
        for citation in block.citations or []:
            _cite(citation, out)

    def _delta(self, index: int, delta: _Delta, out: list[ModelChunk]) -> None:
        block = self._blocks.get(index)
        if block is None:
            return
        if delta.text:
            out.append(TextDelta(block.part, delta.text))
        elif delta.partial_json:
            block.opening = None
            out.append(_input_delta(block, delta.partial_json))
        elif delta.thinking:
            out.append(ReasoningDelta(block.part, delta.thinking))
        if delta.signature:
            block.signature += delta.signature
        if delta.citation is not None:
            _cite(delta.citation, out)

    def _stop(self, index: int, out: list[ModelChunk]) -> None:
        block = self._blocks.pop(index, None)
        if block is None:
            return
        if block.opening is not None:
            out.append(_input_delta(block, encode_json(block.opening).decode()))
        metadata: dict[str, Json] | None = None
        if block.data is not None:
            metadata = {"redactedData": block.data}
        elif block.signature:
            metadata = {"signature": block.signature}
        out.append(PartEnd(block.part, metadata))

    def _finish(self, out: list[ModelChunk]) -> None:
        for index in list(self._blocks):
            self._stop(index, out)
        reason = _REASONS.get(self._reason or "", "other")
        if reason == "tool-calls" and self._answered and not self._called:
            reason = "stop"
        out.append(
            Finished(reason, _tokens(self._usage), self._reason, self._message.id, self._message.model)
        )
        self.done = True


def _input_delta(block: _OpenBlock, text: str) -> ModelChunk:
    return TextDelta(block.part, text) if block.answer else ToolInputDelta(block.part, text)


def _cite(citation: Json, out: list[ModelChunk]) -> None:
    url = citation.get("url") if is_object(citation) else None
    if isinstance(url, str):
        title = citation.get("title")
        out.append(SourceFound(url, title if isinstance(title, str) else None))


def _tokens(usage: _Usage) -> Usage:
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    thinking = (usage.output_tokens_details or {}).get("thinking_tokens")
    return Usage(
        input_tokens=(usage.input_tokens or 0) + read + written,
        output_tokens=usage.output_tokens or 0,
        cached_input_tokens=read,
        cached_write_tokens=written,
        reasoning_output_tokens=thinking if isinstance(thinking, int) else 0,
    )
