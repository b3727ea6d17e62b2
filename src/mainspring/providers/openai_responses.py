"""Owns the Responses API: one streamed call to OpenAI, or to a server that speaks the same wire."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final, Literal

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
from mainspring.model.json_shape import is_list, is_object
from mainspring.model.values import Json, encode_json
from mainspring.providers.failures import Failures
from mainspring.providers.http import ProviderHttp
from mainspring.providers.openai_responses_request import ENCRYPTED, ITEM, responses_request
from mainspring.providers.wire import AnswerReader, HttpCall, Parts

_INCOMPLETE: Final[dict[str, FinishReason]] = {
    "max_output_tokens": "length",
    "max_messages": "length",
    "content_filter": "content-filter",
}
_BETWEEN_SUMMARIES: Final = "\n\n"
_Kind = Literal["text", "reasoning", "call", "other"]
_KINDS: Final[dict[str | None, _Kind]] = {
    "message": "text",
    "reasoning": "reasoning",
    "function_call": "call",
}
_OF_DELTAS: Final[dict[str, _Kind]] = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "text",
    "response.reasoning_summary_text.delta": "reasoning",
    "response.reasoning_text.delta": "reasoning",
    "response.function_call_arguments.delta": "call",
}
_OF_ENDS: Final = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)


class ResponsesCompleter:
    """A `Completer` for one provider of this wire. `key` None: no authorization is sent."""

    def __init__(self, provider: str, base_url: str, *, key: str | None, http: ProviderHttp) -> None:
        self._provider = provider
        self._url = base_url.rstrip("/") + "/responses"
        self._key = key
        self._http = http

    def complete(self, request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk]]:
        """The streamed answer; see `Completer`."""
        secrets = (self._key,) if self._key else ()
        model = request.model.partition("/")[2]
        failures = Failures(self._provider, model=model, secrets=secrets, now=self._http.now)
        reader = AnswerReader(ResponsesWire(failures), failures)
        return self._http.exchange(self.call(request), reader, failures)

    def call(self, request: ModelRequest) -> HttpCall:
        """The request as it is sent."""
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        body = responses_request(request, provider=self._provider)
        return HttpCall(url=self._url, headers=headers, body=encode_json(body))


# ---------------------------------------------------------------- what arrives


class _Item(msgspec.Struct, gc=False):
    """An item of any kind: members that differ between kinds are looked at when the kind is known."""

    type: str | None = None
    id: str | None = None
    name: str | None = None
    arguments: Json = None
    encrypted_content: str | None = None
    content: Json = None
    summary: Json = None


class _InputDetails(msgspec.Struct, gc=False):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


class _Incomplete(msgspec.Struct, gc=False):
    reason: str | None = None


class _Response(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    status: str | None = None
    output: list[_Item] | None = None
    usage: _Usage | None = None
    incomplete_details: _Incomplete | None = None
    error: Json = None


class _Citation(msgspec.Struct, gc=False):
    url: str | None = None
    title: str | None = None


class _Event(msgspec.Struct, gc=False):
    type: str = ""
    delta: Json = None
    output_index: int | None = None
    summary_index: int | None = None
    item: _Item | None = None
    response: _Response | None = None
    annotation: _Citation | None = None
    error: Json = None
    code: Json = None
    message: str | None = None


_EVENT: Final = msgspec.json.Decoder(_Event)
_WHOLE: Final = msgspec.json.Decoder(_Response)


class _Open(msgspec.Struct):
    """An item that is being written. `part` None: nothing of it was told yet."""

    kind: _Kind
    name: str = ""
    part: int | None = None
    written: bool = False
    summary: int = 0


class ResponsesWire:
    """Decodes one answer; see `Wire`. Pieces belong to the item of their index; unknown events change nothing."""

    def __init__(self, failures: Failures) -> None:
        self.done = False
        self._failures = failures
        self._parts = Parts()
        self._open: dict[int, _Open] = {}
        self._called = False
        self._refused = False
        self._id: str | None = None
        self._model: str | None = None
        self._usage: _Usage | None = None

    @property
    def spent(self) -> Usage | None:
        """The tokens that were told of; see `Wire`."""
        return None if self._usage is None else _tokens(self._usage)

    def take(self, data: bytes, out: list[ModelChunk], /) -> None:
        """The data of one event."""
        if data == b"[DONE]":
            return
        event = _EVENT.decode(data)
        kind = _OF_DELTAS.get(event.type)
        if kind is not None:
            self._delta(kind, event, out)
        elif event.type == "error" or event.error:
            said = {"code": event.code, "message": event.message}
            raise self._failures.frame({"error": event.error or said})
        elif event.response is not None:
            self._response(event.type, event.response, out)
        else:
            self._other(event, out)

    def whole(self, body: bytes, out: list[ModelChunk], /) -> None:
        """An answer that came at once."""
        response = _WHOLE.decode(body)
        for index, item in enumerate(response.output or ()):
            self._begin(index, item)
            self._complete(index, item, out)
        self._response(f"response.{response.status}", response, out)
        if response.error:
            raise self._failures.frame({"error": response.error})
        self.end(out)

    def end(self, out: list[ModelChunk], /) -> None:
        """The connection is at its end: the answer should have said so."""
        if not self.done:
            raise self._failures.lost("the answer ended before it was complete")

    def _other(self, event: _Event, out: list[ModelChunk]) -> None:
        index = event.output_index or 0
        match event.type:
            case "response.output_item.added" if event.item is not None:
                self._begin(index, event.item)
            case "response.output_item.done" if event.item is not None:
                self._complete(index, event.item, out)
            case "response.reasoning_summary_part.added":
                self._next_summary(index, event.summary_index or 0, out)
            case "response.output_text.annotation.added" if event.annotation is not None:
                if event.annotation.url:
                    out.append(SourceFound(event.annotation.url, event.annotation.title))
            case _:
                pass

    def _response(self, event: str, response: _Response, out: list[ModelChunk]) -> None:
        self._id = self._id or response.id
        self._model = self._model or response.model
        self._usage = response.usage or self._usage
        if event not in _OF_ENDS:
            return
        if event in {"response.failed", "response.cancelled"}:
            raise self._gave_up(event, response)
        for index in list(self._open):
            self._close(index, out)
        reason, word = self._finish(response)
        out.append(Finished(reason, _tokens(self._usage), word, self._id, self._model))
        self.done = True

    def _gave_up(self, event: str, response: _Response) -> Exception:
        if response.error:
            return self._failures.frame({"error": response.error})
        return self._failures.ended(event.removeprefix("response."))

    def _finish(self, response: _Response) -> tuple[FinishReason, str]:
        if response.status == "incomplete":
            details = response.incomplete_details
            word = "incomplete" if details is None or details.reason is None else details.reason
            return _INCOMPLETE.get(word, "other"), word
        if self._called:
            return "tool-calls", "completed"
        return ("content-filter", "refusal") if self._refused else ("stop", "completed")

    # ---- items

    def _begin(self, index: int, item: _Item) -> None:
        self._open[index] = _Open(_KINDS.get(item.type, "other"), item.name or "")

    def _delta(self, kind: _Kind, event: _Event, out: list[ModelChunk]) -> None:
        index = event.output_index or 0
        item = self._open.get(index)
        if item is None and kind != "call":
            item = self._open[index] = _Open(kind)
        if item is None or item.kind != kind or not event.delta:
            # A call without a beginning has no name yet: it is told of when it comes whole.
            return
        if event.type == "response.refusal.delta":
            self._refused = True
        self._write(item, str(event.delta), out)

    def _write(self, item: _Open, text: str, out: list[ModelChunk]) -> None:
        part = self._started(item, out)
        item.written = True
        if item.kind == "text":
            out.append(TextDelta(part, text))
        elif item.kind == "reasoning":
            out.append(ReasoningDelta(part, text))
        elif item.kind == "call":
            out.append(ToolInputDelta(part, text))

    def _started(self, item: _Open, out: list[ModelChunk]) -> int:
        """The number of the part of an item; it begins with its first piece, or when it has to be told of."""
        if item.part is None:
            item.part = self._parts.new()
            if item.kind == "text":
                out.append(TextStart(item.part))
            elif item.kind == "reasoning":
                out.append(ReasoningStart(item.part))
            elif item.kind == "call":
                self._called = True
                out.append(ToolInputStart(item.part, item.name))
        return item.part

    def _next_summary(self, index: int, summary: int, out: list[ModelChunk]) -> None:
        item = self._open.get(index)
        if item is not None and item.written and summary > item.summary:
            item.summary = summary
            self._write(item, _BETWEEN_SUMMARIES, out)

    def _complete(self, index: int, item: _Item, out: list[ModelChunk]) -> None:
        """The item whole: what of it did not stream is told now."""
        opened = self._open.get(index)
        if opened is None:
            self._begin(index, item)
            opened = self._open[index]
        opened.name = opened.name or item.name or ""
        if not opened.written and opened.kind != "other":
            text = self._text_of(opened.kind, item)
            if text:
                self._write(opened, text, out)
        metadata = None
        if item.encrypted_content and opened.kind == "reasoning":
            self._started(opened, out)
            metadata = {ITEM: item.id or "", ENCRYPTED: item.encrypted_content}
        self._close(index, out, metadata)

    def _text_of(self, kind: _Kind, item: _Item) -> str:
        if kind == "call":
            return item.arguments if isinstance(item.arguments, str) and item.arguments else "{}"
        if kind == "reasoning":
            return _BETWEEN_SUMMARIES.join(_texts(item.summary, "text") or _texts(item.content, "text"))
        refusals = _texts(item.content, "refusal")
        self._refused = self._refused or bool(refusals)
        return "".join([*_texts(item.content, "text"), *refusals])

    def _close(self, index: int, out: list[ModelChunk], metadata: dict[str, Json] | None = None) -> None:
        item = self._open.pop(index)
        if item.part is not None:
            out.append(PartEnd(item.part, metadata))


def _texts(pieces: Json, member: str) -> list[str]:
    """One member of each piece of a message or a summary that has it."""
    found = pieces if is_list(pieces) else []
    return [str(piece[member]) for piece in found if is_object(piece) and piece.get(member)]


def _tokens(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    inputs = usage.input_tokens_details or _InputDetails()
    outputs = usage.output_tokens_details or _OutputDetails()
    return Usage(
        input_tokens=usage.input_tokens or 0,
        output_tokens=usage.output_tokens or 0,
        cached_input_tokens=inputs.cached_tokens or 0,
        cached_write_tokens=inputs.cache_write_tokens or 0,
        reasoning_output_tokens=outputs.reasoning_tokens or 0,
    )
