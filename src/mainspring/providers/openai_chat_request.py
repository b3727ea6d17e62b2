"""Owns the request of the Chat Completions API: a `ModelRequest` as the JSON that OpenAI and many others take."""

from __future__ import annotations

import hashlib
from typing import Final

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
from mainspring.providers.chat_quirks import Quirks
from mainspring.providers.openai_models import openai_model
from mainspring.providers.prompt_text import file_text, result_text

_NOTHING_SAID: Final = "..."


def chat_request(request: ModelRequest, *, provider: str, quirks: Quirks) -> dict[str, Json]:
    """The body of a streamed call."""
    model = request.model.partition("/")[2]
    quirks = quirks.of(model)
    body: dict[str, Json] = {"model": model, "messages": _messages(request, provider, quirks), "stream": True}
    if quirks.usage_option:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.response_schema is not None:
        body.update(_response_format(request, request.response_schema, quirks))
    if request.max_output_tokens is not None:
        body[quirks.limit] = request.max_output_tokens
    _add_thinking(body, request, model, quirks)
    return {name: value for name, value in body.items() if name not in quirks.refuses}


def _add_thinking(body: dict[str, Json], request: ModelRequest, model: str, quirks: Quirks) -> None:
    """How hard to think, and how freely to speak, which some do not let themselves be told then."""
    known = openai_model(model if quirks.by_model else "")
    effort = known.effort(request.thinking)
    if effort is not None:
        body["reasoning_effort"] = effort
    elif not quirks.by_model:
        body.update(quirks.thinking(request.thinking))
    if request.temperature is not None and not known.fixed_temperature(effort):
        body["temperature"] = request.temperature


# ---------------------------------------------------------------- messages


def _messages(request: ModelRequest, provider: str, quirks: Quirks) -> list[Json]:
    found: list[dict[str, Json]] = []
    told = _told_schema(request, quirks)
    system = "\n\n".join(text for text in (request.system, told) if text)
    if system:
        found.append({"role": "system", "content": system})
    replay = (provider, quirks.reasoning_back) if quirks.reasoning_back else None
    pieces = request.retelling.pieces(provider, request.messages, lambda message: _pieces(message, replay))
    found += [piece for of_message in pieces for piece in of_message]
    return _strict_turns(found) if quirks.strict_turns else [*found]


def _pieces(message: Message, replay: tuple[str, str] | None) -> list[dict[str, Json]]:
    match message.role:
        case "assistant":
            return _assistant(message, replay)
        case "tool":
            return _results(message)
        case "system" | "user":
            return _said(message)


def _strict_turns(messages: list[dict[str, Json]]) -> list[Json]:
    found: list[Json] = []
    before = ""
    for message in messages:
        if before == "tool" and message["role"] == "user":
            found.append({"role": "assistant", "content": _NOTHING_SAID})
        before = message["role"]
        told = dict(message)
        if "tool_call_id" in told:
            told["tool_call_id"] = _short_id(told["tool_call_id"])
        if "tool_calls" in told:
            told["tool_calls"] = [{**call, "id": _short_id(call["id"])} for call in told["tool_calls"]]
        found.append(told)
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


def _assistant(message: Message, replay: tuple[str, str] | None) -> list[dict[str, Json]]:
    found: dict[str, Json] = {"role": "assistant", "content": message.text or None}
    thought = "".join(
        part.text
        for part in message.parts
        if isinstance(part, ReasoningPart) and replay is not None and part.provider == replay[0]
    )
    if thought and replay is not None:
        found[replay[1]] = thought
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


def _response_format(request: ModelRequest, schema: dict[str, Json], quirks: Quirks) -> dict[str, Json]:
    """The members that ask for a structured answer, as far as the provider can be asked."""
    if request.tools and not quirks.schema_beside_tools:
        return {}
    match quirks.schema_as:
        case "json_schema":
            name = request.response_name or "answer"
            described = {"name": name, "schema": schema, "strict": is_strict(schema)}
            return {"response_format": {"type": "json_schema", "json_schema": described}}
        case "json_object":
            return {"response_format": {"type": "json_object"}}
        case "words":
            return {}


def _told_schema(request: ModelRequest, quirks: Quirks) -> str | None:
    """The schema in words, for a provider that does not take it otherwise."""
    schema = request.response_schema
    by_schema = quirks.schema_as == "json_schema" and (quirks.schema_beside_tools or not request.tools)
    if schema is None or by_schema:
        return None
    written = encode_json(schema).decode()
    return f"Give the final answer as one JSON object and nothing else, valid by this JSON Schema:\n{written}"


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
