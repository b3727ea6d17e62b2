"""Owns the Gemini API: one streamed call to Google, or to a server that speaks the same wire."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final
from urllib.parse import quote

import msgspec

from mainspring.model.generation import (
    Finished,
    FinishReason,
    ModelChunk,
    ModelRequest,
    PartEnd,
    SourceFound,
    ToolInputDelta,
    ToolInputStart,
    Usage,
)
from mainspring.model.values import Json, encode_json
from mainspring.providers.failures import Failures
from mainspring.providers.gemini_request import SIGNATURE, gemini_request
from mainspring.providers.http import ProviderHttp
from mainspring.providers.wire import AnswerReader, HttpCall, Parts

_REASONS: Final[dict[str, FinishReason]] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content-filter",
    "RECITATION": "content-filter",
    "LANGUAGE": "content-filter",
    "BLOCKLIST": "content-filter",
    "PROHIBITED_CONTENT": "content-filter",
    "SPII": "content-filter",
    "IMAGE_SAFETY": "content-filter",
}
_FAILURES: Final = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
    }
)
"""Reasons to end that are no ends: what was written cannot be used."""


class GeminiCompleter:
    """A `Completer` for one provider of this wire. `key` None: none is sent."""

    def __init__(self, provider: str, base_url: str, *, key: str | None, http: ProviderHttp) -> None:
        self._provider = provider
        self._url = base_url.rstrip("/")
        self._key = key
        self._http = http

    def complete(self, request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk]]:
        """The streamed answer; see `Completer`."""
        secrets = (self._key,) if self._key else ()
        model = request.model.partition("/")[2]
        failures = Failures(self._provider, model=model, secrets=secrets, now=self._http.now)
        return self._http.exchange(self.call(request), AnswerReader(GeminiWire(failures), failures), failures)

    def call(self, request: ModelRequest) -> HttpCall:
        """The request as it is sent."""
        model = quote(request.model.partition("/")[2], safe="/.-_~")
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if self._key:
            headers["x-goog-api-key"] = self._key
        path = model if "/" in model else f"models/{model}"
        url = f"{self._url}/{path}:streamGenerateContent?alt=sse"
        return HttpCall(
            url=url, headers=headers, body=encode_json(gemini_request(request, provider=self._provider))
        )


# ---------------------------------------------------------------- what arrives


class _Call(msgspec.Struct, gc=False):
    name: str = ""
    args: dict[str, Json] | None = None


class _Part(msgspec.Struct, gc=False, rename="camel"):
    text: str | None = None
    thought: bool = False
    thought_signature: str | None = None
    function_call: _Call | None = None


class _Content(msgspec.Struct, gc=False):
    parts: list[_Part] | None = None


class _Web(msgspec.Struct, gc=False):
    uri: str | None = None
    title: str | None = None


class _Ground(msgspec.Struct, gc=False):
    web: _Web | None = None


class _Grounding(msgspec.Struct, gc=False, rename="camel"):
    grounding_chunks: list[_Ground] | None = None


class _Candidate(msgspec.Struct, gc=False, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None
    grounding_metadata: _Grounding | None = None


class _Feedback(msgspec.Struct, gc=False, rename="camel"):
    block_reason: str | None = None


class _Usage(msgspec.Struct, gc=False, rename="camel"):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None


class _Frame(msgspec.Struct, gc=False, rename="camel"):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    model_version: str | None = None
    response_id: str | None = None
    error: Json = None


_FRAME: Final = msgspec.json.Decoder(_Frame)
_WHOLE: Final[msgspec.json.Decoder[_Frame | list[_Frame]]] = msgspec.json.Decoder(_Frame | list[_Frame])


class GeminiWire:
    """Decodes one answer; see `Wire`. The end of the stream is the end: no event says so."""

    def __init__(self, failures: Failures) -> None:
        self.done = False
        self._failures = failures
        self._parts = Parts()
        self._called = False
        self._signature: str | None = None
        self._reason: str | None = None
        self._blocked = False
        self._usage: _Usage | None = None
        self._id: str | None = None
        self._model: str | None = None

    @property
    def spent(self) -> Usage | None:
        """The tokens that were told of; see `Wire`."""
        return None if self._usage is None else _tokens(self._usage)

    def take(self, data: bytes, out: list[ModelChunk], /) -> None:
        """The data of one event."""
        self._frame(_FRAME.decode(data), out)

    def whole(self, body: bytes, out: list[ModelChunk], /) -> None:
        """An answer that came at once."""
        found = _WHOLE.decode(body)
        frames = [found] if isinstance(found, _Frame) else found
        for frame in frames:
            self._frame(frame, out)
        self.end(out)

    def end(self, out: list[ModelChunk], /) -> None:
        """Everything has come: close the parts, say how it ended."""
        if self._reason is None:
            raise self._failures.lost("the answer ended before it was complete")
        if self._reason in _FAILURES:
            raise self._failures.ended(self._reason)
        self._close(out)
        out.append(Finished(self._finish(), _tokens(self._usage), self._reason, self._id, self._model))
        self.done = True

    def _frame(self, frame: _Frame, out: list[ModelChunk]) -> None:
        self._usage = frame.usage_metadata or self._usage
        if frame.error:
            raise self._failures.frame({"error": frame.error})
        self._id = self._id or frame.response_id
        self._model = self._model or frame.model_version
        if frame.candidates:
            self._candidate(frame.candidates[0], out)
        if frame.prompt_feedback is not None and frame.prompt_feedback.block_reason:
            self._reason, self._blocked = frame.prompt_feedback.block_reason, True

    def _candidate(self, candidate: _Candidate, out: list[ModelChunk]) -> None:
        if candidate.content is not None:
            for part in candidate.content.parts or ():
                self._part(part, out)
        if candidate.grounding_metadata is not None:
            found = candidate.grounding_metadata.grounding_chunks or ()
            pages = [ground.web for ground in found if ground.web is not None]
            out.extend(SourceFound(page.uri, page.title) for page in pages if page.uri)
        if candidate.finish_reason and candidate.finish_reason != "FINISH_REASON_UNSPECIFIED":
            self._reason = candidate.finish_reason

    def _part(self, part: _Part, out: list[ModelChunk]) -> None:
        if part.function_call is not None:
            self._call(part.function_call, part.thought_signature, out)
        elif part.text:
            if part.thought:
                self._parts.reasoning(part.text, out)
                self._signature = part.thought_signature or self._signature
            else:
                self._close_thought(out)
                self._parts.text(part.text, out)

    def _close_thought(self, out: list[ModelChunk]) -> None:
        if self._signature is not None:
            self._close(out)

    def _close(self, out: list[ModelChunk]) -> None:
        """Closes the open part, a signed thought with its signature."""
        self._parts.close(out, None if self._signature is None else {SIGNATURE: self._signature})
        self._signature = None

    def _call(self, call: _Call, signature: str | None, out: list[ModelChunk]) -> None:
        self._close(out)
        self._called = True
        part = self._parts.new()
        out.append(ToolInputStart(part, call.name))
        out.append(ToolInputDelta(part, encode_json(call.args or {}).decode()))
        out.append(PartEnd(part, None if signature is None else {SIGNATURE: signature}))

    def _finish(self) -> FinishReason:
        if self._blocked:
            return "content-filter"
        reason = _REASONS.get(self._reason or "", "other")
        return "tool-calls" if reason == "stop" and self._called else reason


def _tokens(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    thoughts = usage.thoughts_token_count or 0
    return Usage(
        input_tokens=(usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0),
        output_tokens=(usage.candidates_token_count or 0) + thoughts,
        cached_input_tokens=usage.cached_content_token_count or 0,
        reasoning_output_tokens=thoughts,
    )
