"""Owns the request of the Chat Completions API: a `ModelRequest` as the JSON that OpenAI and many others take."""

from __future__ import annotations

import hashlib
from typing import Final, Literal

import msgspec

from mainspring.model.generation import ModelRequest, ToolSpec
from mainspring.model.json_shape import is_list, is_object
from mainspring.model.messages import Message
from mainspring.model.parts import (
    FilePart,
    FileReference,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mainspring.model.values import Json, encode_json
from mainspring.providers.openai_models import openai_model
from mainspring.providers.prompt_text import file_text, result_text

Efforts = dict[str, str]
"""Our word for how hard to think, and theirs."""

_LOW_TO_HIGH: Final[Efforts] = {"low": "low", "medium": "medium", "high": "high", "max": "high"}
_NOTHING_SAID: Final = "..."


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider differs from the others.

    `limit`: the member that bounds the answer. `efforts`: its words for how hard to think, without one it is not told.
    `by_model`: what a model can do follows from its name, as with OpenAI itself. `replay_reasoning`: its reasoning
    models want their own reasoning back. `strict_turns`: ids of calls are nine letters and digits, and between results
    and a question there is an answer.
    """

    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    efforts: Efforts = msgspec.field(default_factory=lambda: dict(_LOW_TO_HIGH))
    by_model: bool = False
    replay_reasoning: bool = False
    usage_option: bool = True
    strict_turns: bool = False


def chat_request(request: ModelRequest, *, provider: str, quirks: Quirks) -> dict[str, Json]:
    """The body of a streamed call."""
    model = request.model.partition("/")[2]
    body: dict[str, Json] = {"model": model, "messages": _messages(request, provider, quirks), "stream": True}
    if quirks.usage_option:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.response_schema is not None:
        body["response_format"] = _response_format(request.response_name or "answer", request.response_schema)
    if request.max_output_tokens is not None:
        body[quirks.limit] = request.max_output_tokens
    known = openai_model(model if quirks.by_model else "")
    effort = known.effort(request.thinking) if quirks.by_model else quirks.efforts.get(request.thinking or "")
    if effort is not None:
        body["reasoning_effort"] = effort
    if request.temperature is not None and not known.fixed_temperature(effort):
        body["temperature"] = request.temperature
    return body


# ---------------------------------------------------------------- messages


def _messages(request: ModelRequest, provider: str, quirks: Quirks) -> list[Json]:
    found: list[dict[str, Json]] = []
    if request.system:
        found.append({"role": "system", "content": request.system})
    replay = provider if quirks.replay_reasoning else None
    for message in request.messages:
        match message.role:
            case "assistant":
                found += _assistant(message, replay)
            case "tool":
                found += _results(message)
            case "system" | "user":
                found += _said(message)
    return _strict_turns(found) if quirks.strict_turns else [*found]


def _strict_turns(messages: list[dict[str, Json]]) -> list[Json]:
    found: list[Json] = []
    before = ""
    for message in messages:
        if before == "tool" and message["role"] == "user":
            found.append({"role": "assistant", "content": _NOTHING_SAID})
        before = message["role"]
        if "tool_call_id" in message:
            message["tool_call_id"] = _short_id(message["tool_call_id"])
        for call in message.get("tool_calls", ()):
            call["id"] = _short_id(call["id"])
        found.append(message)
    return found


def _short_id(call_id: str) -> str:
    """The same nine letters and digits for the same id, every time."""
    return hashlib.sha256(call_id.encode()).hexdigest()[:9]


def _said(message: Message) -> list[dict[str, Json]]:
    """A message of the user or the system: text alone as text, else a list of parts."""
    files = [part.file for part in message.parts if isinstance(part, FilePart)]
    if not files:
        return [{"role": message.role, "content": message.text}] if message.text else []
    content: list[Json] = []
    for part in message.parts:
        if isinstance(part, TextPart) and part.text:
            content.append({"type": "text", "text": part.text})
        elif isinstance(part, FilePart):
            content.append(_file(part.file))
    return [{"role": message.role, "content": content}]


def _assistant(message: Message, replay: str | None) -> list[dict[str, Json]]:
    found: dict[str, Json] = {"role": "assistant", "content": message.text or None}
    thought = "".join(
        part.text
        for part in message.parts
        if isinstance(part, ReasoningPart) and replay is not None and part.provider == replay
    )
    if thought:
        found["reasoning_content"] = thought
    calls = [_call(part) for part in message.parts if isinstance(part, ToolCallPart)]
    if calls:
        found["tool_calls"] = calls
    return [found] if calls or message.text else []


def _call(part: ToolCallPart) -> Json:
    arguments = encode_json(part.args).decode()
    return {"id": part.call_id, "type": "function", "function": {"name": part.tool, "arguments": arguments}}


def _results(message: Message) -> list[dict[str, Json]]:
    """One message for each result; what files they have follows as a message of the user."""
    results = [part for part in message.parts if isinstance(part, ToolResultPart)]
    found: list[dict[str, Json]] = [
        {"role": "tool", "tool_call_id": part.call_id, "content": result_text(part)} for part in results
    ]
    files: list[Json] = []
    for part in results:
        if part.files:
            files.append({"type": "text", "text": f"Files from the result of {part.tool} ({part.call_id}):"})
            files += [_file(file) for file in part.files]
    if files:
        found.append({"role": "user", "content": files})
    return found


def _file(file: FileReference) -> Json:
    if file.media_type.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": file.url}}
    return {"type": "text", "text": file_text(file)}


# ---------------------------------------------------------------- tools, response format


def _tool(tool: ToolSpec) -> Json:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.schema}
    return {"type": "function", "function": function}


def _response_format(name: str, schema: dict[str, Json]) -> Json:
    described = {"name": name, "schema": schema, "strict": is_strict(schema)}
    return {"type": "json_schema", "json_schema": described}


def is_strict(schema: Json) -> bool:
    """Whether a provider can hold a model to a schema exactly: every object closed, every property required."""
    if is_list(schema):
        return all(is_strict(item) for item in schema)
    if not is_object(schema):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        properties: dict[str, Json] = schema.get("properties") or {}
        if schema.get("additionalProperties") is not False:
            return False
        if set(properties) != set(schema.get("required") or ()):
            return False
    return all(is_strict(item) for item in schema.values())
