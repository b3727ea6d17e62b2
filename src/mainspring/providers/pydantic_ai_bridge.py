"""Owns the way to providers that Mainspring has no wire for: through `pydantic-ai`, if it is installed.

Importing this module loads pydantic-ai: the registry does so at the first call of a provider that is named for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import msgspec
from pydantic_ai import messages as theirs
from pydantic_ai.direct import model_request_stream
from pydantic_ai.exceptions import ModelAPIError, ModelConnectionError, ModelHTTPError, UserError
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse, infer_model
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from mainspring.model.errors import ProviderError
from mainspring.model.generation import (
    Finished,
    FinishReason,
    ModelChunk,
    ModelRequest,
    PartEnd,
    ReasoningDelta,
    ReasoningStart,
    TextDelta,
    TextStart,
    ToolInputDelta,
    ToolInputStart,
    Usage,
)
from mainspring.model.messages import Message
from mainspring.model.parts import FilePart, TextPart, ToolCallPart, ToolResultPart
from mainspring.model.values import encode_json
from mainspring.providers.failures import Failures
from mainspring.providers.prompt_text import file_text, result_text
from mainspring.providers.wire import Times

_REASONS: Final[dict[str, FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content-filter",
    "tool_call": "tool-calls",
}
ModelFor = Callable[[str], Model]
"""Finds their model by `provider:name`; raises what says why there is none."""


class PydanticAiCompleter:
    """A `Completer` for one provider, by its name at pydantic-ai. Keys come from the variables that it reads."""

    def __init__(
        self, provider: str, *, times: Times | None = None, model_for: ModelFor | None = None
    ) -> None:
        self._provider = provider
        self._times = times or Times()
        self._model_for = model_for or infer_model

    async def complete(self, request: ModelRequest, /) -> AsyncGenerator[list[ModelChunk]]:
        """The streamed answer; see `Completer`."""
        name = request.model.partition("/")[2]
        failures = Failures(self._provider, model=name)
        reading = _Reading()
        model = self._found(name, failures)
        try:
            async with asyncio.timeout(self._times.total), model, _stream(model, request) as stream:
                async for event in stream:
                    chunks = list(reading.take(event))
                    if chunks:
                        yield chunks
                yield list(reading.end(stream, failures))
        except ProviderError:
            raise
        except Exception as error:
            raise translated(error, failures) from error

    def _found(self, name: str, failures: Failures) -> Model:
        """Their model; whoever tries again is Mainspring, so their client must not."""
        try:
            model = self._model_for(f"{self._provider}:{name}")
        except (UserError, ImportError, ValueError) as error:
            raise failures.refused("validation_error", "PYDANTIC_AI", str(error)) from None
        client = getattr(model, "client", None)
        if client is not None and hasattr(client, "max_retries"):
            client.max_retries = 0
        return model


def _stream(model: Model, request: ModelRequest) -> AbstractAsyncContextManager[StreamedResponse]:
    return model_request_stream(
        model,
        list(_messages(request)),
        model_settings=_settings(request),
        model_request_parameters=_parameters(request),
    )


def translated(error: Exception, failures: Failures) -> ProviderError:
    """A failure of theirs in our words."""
    match error:
        case ModelHTTPError():
            body = error.body if isinstance(error.body, (bytes, str)) else encode_json(error.body)
            data = body.encode() if isinstance(body, str) else body
            return failures.response(error.status_code, error.headers or {}, data)
        case TimeoutError():
            return failures.timeout("")
        case ModelConnectionError():
            return failures.unreachable("")
        case ModelAPIError():
            return failures.frame({"error": {"message": str(error)}})
        case UserError():
            return failures.refused("validation_error", "PYDANTIC_AI", str(error))
        case _:
            return failures.malformed(str(error))


# ---------------------------------------------------------------- what is asked


def _settings(request: ModelRequest) -> ModelSettings:
    settings = ModelSettings()
    if request.max_output_tokens is not None:
        settings["max_tokens"] = request.max_output_tokens
    if request.temperature is not None:
        settings["temperature"] = request.temperature
    return settings


def _parameters(request: ModelRequest) -> ModelRequestParameters:
    return ModelRequestParameters(
        function_tools=[
            ToolDefinition(
                name=tool.name, description=tool.description, parameters_json_schema=tool.schema, strict=False
            )
            for tool in request.tools
        ]
    )


def _messages(request: ModelRequest) -> Iterator[theirs.ModelMessage]:
    """The thread as they write it; a schema is told in words, because not every provider takes one."""
    system = [request.system or ""]
    if request.response_schema is not None:
        written = encode_json(request.response_schema).decode()
        system.append(
            f"Give the final answer as one JSON object and nothing else, valid by this JSON Schema:\n{written}"
        )
    leading: list[theirs.ModelRequestPart] = [
        theirs.SystemPromptPart(content=text) for text in system if text
    ]
    for message in request.messages:
        if message.role == "assistant":
            if leading:
                yield theirs.ModelRequest(parts=leading)
                leading = []
            yield theirs.ModelResponse(parts=list(_answered(message)))
        else:
            leading += _asked(message)
    if leading:
        yield theirs.ModelRequest(parts=leading)


def _answered(message: Message) -> Iterator[theirs.ModelResponsePart]:
    """Reasoning is left out: it is nobody's but the provider's, and its signatures are not kept here."""
    for part in message.parts:
        if isinstance(part, TextPart):
            yield theirs.TextPart(content=part.text)
        elif isinstance(part, ToolCallPart):
            yield theirs.ToolCallPart(tool_name=part.tool, args=part.args, tool_call_id=part.call_id)


def _asked(message: Message) -> Iterator[theirs.ModelRequestPart]:
    if message.role == "system":
        yield theirs.SystemPromptPart(content=message.text)
        return
    content: list[theirs.UserContent] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            content.append(part.text)
        elif isinstance(part, FilePart):
            image = part.file.media_type.startswith("image/")
            content.append(theirs.ImageUrl(url=part.file.url) if image else file_text(part.file))
        elif isinstance(part, ToolResultPart):
            yield theirs.ToolReturnPart(
                tool_name=part.tool, content=result_text(part), tool_call_id=part.call_id
            )
    if content:
        yield theirs.UserPromptPart(content=_joined(content))


def _joined(content: Sequence[theirs.UserContent]) -> str | Sequence[theirs.UserContent]:
    texts = [piece for piece in content if isinstance(piece, str)]
    return "".join(texts) if len(texts) == len(content) else content


# ---------------------------------------------------------------- what is answered


class _Part(msgspec.Struct):
    number: int
    kind: str
    written: bool = False


class _Reading:
    """Their events as our chunks; a part that begins at the index of another replaces it."""

    def __init__(self) -> None:
        self._open: dict[int, _Part] = {}
        self._next = 0
        self._called = False

    def take(self, event: object) -> Iterator[ModelChunk]:
        match event:
            case theirs.PartStartEvent(index=index, part=part):
                yield from self._begin(index, part)
            case theirs.PartDeltaEvent(index=index, delta=delta):
                yield from self._more(index, delta)
            case theirs.PartEndEvent(index=index):
                yield from self._close(index)
            case _:
                return

    def _begin(self, index: int, part: object) -> Iterator[ModelChunk]:
        yield from self._close(index)
        match part:
            case theirs.TextPart(content=text):
                yield TextStart(self._opened(index, "text"))
                yield from self._written(index, text)
            case theirs.ThinkingPart(content=text):
                yield ReasoningStart(self._opened(index, "reasoning"))
                yield from self._written(index, text)
            case theirs.ToolCallPart(tool_name=name, args=args):
                self._called = True
                yield ToolInputStart(self._opened(index, "call"), name)
                yield from self._written(index, args)
            case _:
                return

    def _opened(self, index: int, kind: str) -> int:
        part = self._open[index] = _Part(self._next, kind)
        self._next += 1
        return part.number

    def _more(self, index: int, delta: object) -> Iterator[ModelChunk]:
        match delta:
            case theirs.TextPartDelta(content_delta=text) | theirs.ThinkingPartDelta(content_delta=text):
                yield from self._written(index, text)
            case theirs.ToolCallPartDelta(args_delta=args):
                yield from self._written(index, args)
            case _:
                return

    def _written(self, index: int, said: str | dict[str, Any] | None) -> Iterator[ModelChunk]:
        part = self._open.get(index)
        if part is None or not said:
            return
        part.written = True
        text = said if isinstance(said, str) else encode_json(said).decode()
        if part.kind == "text":
            yield TextDelta(part.number, text)
        elif part.kind == "reasoning":
            yield ReasoningDelta(part.number, text)
        else:
            yield ToolInputDelta(part.number, text)

    def _close(self, index: int) -> Iterator[ModelChunk]:
        part = self._open.pop(index, None)
        if part is None:
            return
        if part.kind == "call" and not part.written:
            yield ToolInputDelta(part.number, "{}")
        yield PartEnd(part.number)

    def end(self, stream: StreamedResponse, failures: Failures) -> Iterator[ModelChunk]:
        """Everything has come; raises `ProviderError` unless it says how it ended."""
        answer = stream.get()
        raw = (answer.provider_details or {}).get("finish_reason")
        # Their reader of Chat Completions takes a connection that ends early for a stop.
        assumed = raw is None and type(stream).__module__.startswith("pydantic_ai.models.openai")
        if assumed or answer.finish_reason is None or answer.finish_reason == "error":
            raise failures.lost("the answer ended before it was complete")
        for index in list(self._open):
            yield from self._close(index)
        reason = _REASONS[answer.finish_reason]
        if reason == "stop" and self._called:
            reason = "tool-calls"
        yield Finished(
            reason,
            _tokens(answer.usage),
            str(raw or answer.finish_reason),
            answer.provider_response_id,
            answer.model_name,
        )


def _tokens(usage: RequestUsage) -> Usage:
    return Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_input_tokens=usage.cache_read_tokens,
        cached_write_tokens=usage.cache_write_tokens,
        reasoning_output_tokens=usage.details.get("reasoning_tokens", 0),
    )
