"""Owns the request of the Messages API: a `ModelRequest` as the JSON that Anthropic takes."""

from __future__ import annotations

import re
from typing import Final

from mainspring.model.generation import ModelRequest
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
from mainspring.model.values import Json
from mainspring.providers.claude_models import ClaudeModel, claude_model
from mainspring.providers.prompt_text import file_text, result_text

ANSWER_TOOL: Final = "answer_as_json"
FAST_MODE: Final = "fast-mode-2026-02-01"
_DEFAULT_TOKENS: Final = 32_000
_BUDGETS: Final = {"low": 5_000, "medium": 10_000, "high": 20_000, "max": 40_000}
_DATA_URL: Final = re.compile(r"data:([^;,]+);base64,(.*)", re.DOTALL)
_PLACEHOLDER: Final = "Continue."
# What the API's schemas do not know; a model is told by the description all the same.
_UNKNOWN_TO_SCHEMAS: Final = frozenset(
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
        "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "pattern",
    }
)  # fmt: skip


def messages_request(request: ModelRequest, *, provider: str) -> dict[str, Json]:
    """The body of a streamed call."""
    name = request.model.partition("/")[2]
    model = claude_model(name)
    mark = _cache_mark(request.cache)
    leading = _leading_system(request)
    body: dict[str, Json] = {"model": name, "max_tokens": 0, "stream": True}
    system = [{"type": "text", "text": text} for text in (request.system, *leading) if text]
    if system:
        _mark(system[-1], mark)
        body["system"] = system
    body["messages"] = _messages(request, provider, mark)
    _add_tools(body, request, model, mark)
    _add_thinking(body, request, model)
    thinks = body.get("thinking", {}).get("type") in {"adaptive", "enabled"}
    if request.temperature is not None and not thinks and model.takes_temperature:
        body["temperature"] = min(request.temperature, 1.0)
    if request.speed == "fast" and model.fast:
        body["speed"] = "fast"
    return body


def wants_tool_answer(request: ModelRequest) -> bool:
    """Whether a JSON answer has to be asked for as a tool call: the model has no structured outputs."""
    return (
        request.response_schema is not None and not claude_model(request.model.partition("/")[2]).structured
    )


# ---------------------------------------------------------------- options


def _cache_mark(cache: str) -> dict[str, Json] | None:
    if cache == "off":
        return None
    return {"type": "ephemeral", "ttl": "1h"} if cache == "extended" else {"type": "ephemeral"}


def _mark(block: dict[str, Json], mark: dict[str, Json] | None) -> None:
    """Let the provider cache the prompt up to here."""
    if mark is not None:
        block["cache_control"] = mark


def _add_tools(
    body: dict[str, Json], request: ModelRequest, model: ClaudeModel, mark: dict[str, Json] | None
) -> None:
    tools: list[dict[str, Json]] = [
        {"name": tool.name, "description": tool.description, "input_schema": tool.schema}
        for tool in request.tools
    ]
    schema = request.response_schema
    if schema is not None and model.structured:
        body["output_config"] = {"format": {"type": "json_schema", "schema": closed(schema)}}
    elif schema is not None:
        described = (
            f"Give the answer as {request.response_name or 'JSON'}. Call it once, with the whole answer."
        )
        tools.append({"name": ANSWER_TOOL, "description": described, "input_schema": schema})
        only = not request.tools
        body["tool_choice"] = {"type": "tool", "name": ANSWER_TOOL} if only else {"type": "any"}
    if tools:
        _mark(tools[-1], mark)
        body["tools"] = tools


def _add_thinking(body: dict[str, Json], request: ModelRequest, model: ClaudeModel) -> None:
    """How hard to think, and with it how much may be written: a budget comes on top of the answer."""
    thinking = request.thinking
    wanted = request.max_output_tokens or min(_DEFAULT_TOKENS, model.most_tokens)
    body["max_tokens"] = wanted
    if thinking is None:
        return
    if thinking == "off":
        if model.always_thinks:
            _set_effort(body, "low")
        elif model.version >= (3, 7):
            body["thinking"] = {"type": "disabled"}
        return
    if model.adaptive:
        body["thinking"] = {"type": "adaptive", "display": "summarized"}
        _set_effort(body, thinking)
    elif model.version >= (3, 7) and "tool_choice" not in body:
        budget = min(_BUDGETS[thinking], model.most_tokens - 4_096)
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
        body["max_tokens"] = min(wanted + budget, max(model.most_tokens, wanted))


def _set_effort(body: dict[str, Json], effort: str) -> None:
    body["output_config"] = {**body.get("output_config", {}), "effort": effort}


def closed(schema: Json) -> Json:
    """The schema with every object closed, and without the bounds that the API refuses."""
    if is_list(schema):
        return [closed(item) for item in schema]
    if not is_object(schema):
        return schema
    found = {key: closed(value) for key, value in schema.items() if key not in _UNKNOWN_TO_SCHEMAS}
    properties = schema.get("properties")
    if is_object(properties):
        found["properties"] = {name: closed(value) for name, value in properties.items()}
        found.setdefault("additionalProperties", False)
    return found


# ---------------------------------------------------------------- messages


def _leading_system(request: ModelRequest) -> list[str]:
    """System messages before everything else belong to the system prompt."""
    found: list[str] = []
    for message in request.messages:
        if message.role != "system":
            break
        found.append(message.text)
    return found


def _messages(request: ModelRequest, provider: str, mark: dict[str, Json] | None) -> list[Json]:
    """The thread with roles in turn: neighbours of one role are merged, results stand first."""
    merged: list[tuple[str, list[dict[str, Json]]]] = []
    leading = True
    told = request.retelling.pieces(provider, request.messages, lambda message: _blocks(message, provider))
    for message, blocks in zip(request.messages, told, strict=True):
        leading = leading and message.role == "system"
        if leading or not blocks:
            continue
        role = "assistant" if message.role == "assistant" else "user"
        if merged and merged[-1][0] == role:
            merged[-1] = (role, [*merged[-1][1], *blocks])
        else:
            merged.append((role, blocks))
    if not merged or merged[0][0] == "assistant":
        merged.insert(0, ("user", [{"type": "text", "text": _PLACEHOLDER}]))
    if merged[-1][0] == "assistant":
        merged.append(("user", [{"type": "text", "text": _PLACEHOLDER}]))
    role, blocks = merged[-1]
    last = dict(blocks[-1])
    _mark(last, mark)
    merged[-1] = (role, [*blocks[:-1], last])
    return [{"role": role, "content": _results_first(blocks)} for role, blocks in merged]


def _results_first(blocks: list[dict[str, Json]]) -> list[dict[str, Json]]:
    if len(blocks) == 1:
        return blocks
    return sorted(blocks, key=lambda block: block["type"] != "tool_result")


def _blocks(message: Message, provider: str) -> list[dict[str, Json]]:
    found: list[dict[str, Json]] = []
    for part in message.parts:
        match part:
            case TextPart():
                text = f"<system>\n{part.text}\n</system>" if message.role == "system" else part.text
                found += [{"type": "text", "text": text}] if part.text.strip() else []
            case ReasoningPart():
                found += _thought(part, provider)
            case ToolCallPart():
                call = {"type": "tool_use", "id": part.call_id, "name": part.tool, "input": part.args}
                found.append(call)
            case ToolResultPart():
                found.append(_result(part))
            case FilePart():
                found.append(_file(part.file))
    return found


def _thought(part: ReasoningPart, provider: str) -> list[dict[str, Json]]:
    """Reasoning goes back to whom it came from, as it came; without its signature it would be refused."""
    metadata = part.metadata or {}
    if part.provider != provider:
        return []
    if "redactedData" in metadata:
        return [{"type": "redacted_thinking", "data": metadata["redactedData"]}]
    if "signature" in metadata:
        return [{"type": "thinking", "thinking": part.text, "signature": metadata["signature"]}]
    return []


def _result(part: ToolResultPart) -> dict[str, Json]:
    block: dict[str, Json] = {"type": "tool_result", "tool_use_id": part.call_id}
    text = result_text(part)
    if part.files:
        shown = [{"type": "text", "text": text}] if text.strip() else []
        block["content"] = [*shown, *(_file(file) for file in part.files)]
    else:
        block["content"] = text
    if part.error is not None:
        block["is_error"] = True
    return block


def _file(file: FileReference) -> dict[str, Json]:
    if file.media_type.startswith("image/"):
        return {"type": "image", "source": _source(file.url)}
    if file.media_type == "application/pdf":
        return {"type": "document", "source": _source(file.url)}
    return {"type": "text", "text": file_text(file)}


def _source(url: str) -> Json:
    inline = _DATA_URL.fullmatch(url)
    if inline is None:
        return {"type": "url", "url": url}
    return {"type": "base64", "media_type": inline[1], "data": inline[2]}
