"""Owns the request of the Responses API: a `ModelRequest` as the JSON that OpenAI takes.

Nothing is stored at OpenAI (`store: false`): the thread is sent whole, with the reasoning that came encrypted.
"""

from __future__ import annotations

import hashlib
from typing import Final

from mainspring.model.generation import ModelRequest
from mainspring.model.messages import Message
from mainspring.model.parts import (
    FilePart,
    FileReference,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mainspring.model.values import Json, encode_json
from mainspring.providers.openai_chat_request import is_strict
from mainspring.providers.openai_models import OpenAiModel, openai_model
from mainspring.providers.prompt_text import file_text, result_text

ITEM: Final = "itemId"
ENCRYPTED: Final = "encryptedContent"
_CACHE_KEY: Final = 32


def responses_request(request: ModelRequest, *, provider: str) -> dict[str, Json]:
    """The body of a streamed call."""
    model = openai_model(request.model.partition("/")[2])
    told = request.retelling.pieces(provider, request.messages, lambda message: _items(message, provider))
    body: dict[str, Json] = {
        "model": model.name,
        "input": [item for items in told for item in items],
        "stream": True,
        "store": False,
    }
    if request.system:
        body["instructions"] = request.system
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.schema,
                "strict": False,
            }
            for tool in request.tools
        ]
    if request.response_schema is not None:
        body["text"] = {"format": _format(request.response_name or "answer", request.response_schema)}
    if request.max_output_tokens is not None:
        body["max_output_tokens"] = request.max_output_tokens
    _add_reasoning(body, request, model)
    _add_cache(body, request, model)
    return body


def _format(name: str, schema: dict[str, Json]) -> Json:
    return {"type": "json_schema", "name": name, "schema": schema, "strict": is_strict(schema)}


def _add_reasoning(body: dict[str, Json], request: ModelRequest, model: OpenAiModel) -> None:
    """How hard to think, a summary to show, and the reasoning itself to send back."""
    effort = model.effort(request.thinking)
    if model.reasons:
        body["include"] = ["reasoning.encrypted_content"]
        if effort is not None:
            body["reasoning"] = {
                "effort": effort,
                **({} if request.thinking == "off" else {"summary": "auto"}),
            }
    if request.temperature is not None and not model.fixed_temperature(effort):
        body["temperature"] = request.temperature


def _add_cache(body: dict[str, Json], request: ModelRequest, model: OpenAiModel) -> None:
    """Requests of one thread begin alike: under one key they meet the same cache."""
    thread = {name: request.tags[name] for name in ("agent", "session", "thread") if name in request.tags}
    if request.cache == "off" or not thread:
        return
    body["prompt_cache_key"] = hashlib.sha256(encode_json(thread)).hexdigest()[:_CACHE_KEY]
    if request.cache == "extended" and model.keeps_cache_long:
        body["prompt_cache_retention"] = "24h"


# ---------------------------------------------------------------- input


def _items(message: Message, provider: str) -> list[Json]:
    match message.role:
        case "assistant":
            return _without_idle_thoughts([_answered(part, provider) for part in message.parts])
        case "tool":
            return [_result(part) for part in message.parts if isinstance(part, ToolResultPart)]
        case "system" | "user":
            content = [shown for part in message.parts for shown in _shown(part)]
            return [{"role": message.role, "content": content}] if content else []


def _without_idle_thoughts(items: list[dict[str, Json]]) -> list[Json]:
    """Reasoning is refused unless what it led to follows."""
    found: list[Json] = []
    followed = False
    for item in reversed(items):
        if not item:
            continue
        thought = item.get("type") == "reasoning"
        followed = followed or not thought
        if followed:
            found.append(item)
    return found[::-1]


def _answered(part: Part, provider: str) -> dict[str, Json]:
    """An item of an answer; empty: there is nothing to send of it."""
    match part:
        case TextPart() if part.text.strip():
            return {"role": "assistant", "content": [{"type": "output_text", "text": part.text}]}
        case ToolCallPart():
            return {
                "type": "function_call",
                "call_id": part.call_id,
                "name": part.tool,
                "arguments": encode_json(part.args).decode(),
            }
        case ReasoningPart():
            return _thought(part, provider)
        case _:
            return {}


def _thought(part: ReasoningPart, provider: str) -> dict[str, Json]:
    """Reasoning goes back to whom it came from, encrypted as it came; it is nowhere else to be found."""
    metadata = part.metadata or {}
    if part.provider != provider or ENCRYPTED not in metadata:
        return {}
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    return {
        "type": "reasoning",
        "id": metadata.get(ITEM, ""),
        "summary": summary,
        "encrypted_content": metadata[ENCRYPTED],
    }


def _result(part: ToolResultPart) -> Json:
    text = result_text(part)
    output: Json = text
    if part.files:
        output = [{"type": "input_text", "text": text}, *(_file(file) for file in part.files)]
    return {"type": "function_call_output", "call_id": part.call_id, "output": output}


def _shown(part: Part) -> list[Json]:
    match part:
        case TextPart() if part.text:
            return [{"type": "input_text", "text": part.text}]
        case FilePart():
            return [_file(part.file)]
        case _:
            return []


def _file(file: FileReference) -> Json:
    if file.media_type.startswith("image/"):
        return {"type": "input_image", "image_url": file.url, "detail": "auto"}
    if file.media_type != "application/pdf":
        return {"type": "input_text", "text": file_text(file)}
    if file.url.startswith("data:"):
        return {"type": "input_file", "filename": file.filename or f"{file.id}.pdf", "file_data": file.url}
    return {"type": "input_file", "file_url": file.url}
