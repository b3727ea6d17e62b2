"""Owns the request of the Gemini API: a `ModelRequest` as the JSON that Google takes."""

from __future__ import annotations

import re
from typing import Final

from mainspring.model.generation import ModelRequest, Thinking
from mainspring.model.messages import Message
from mainspring.model.parts import FilePart, FileReference, Part, TextPart, ToolCallPart, ToolResultPart
from mainspring.model.retelling import Pieces
from mainspring.model.values import Json
from mainspring.providers.prompt_text import file_text

SIGNATURE: Final = "thoughtSignature"
UNSIGNED: Final = "skip_thought_signature_validator"
"""Stands for the signature of a call that another model made: the third generation refuses calls without one."""

_PLACEHOLDER: Final = "..."
_BUDGETS: Final[dict[Thinking, int]] = {"off": 0, "low": 1024, "medium": 8192, "high": 24576, "max": 65536}
_MODEL: Final = re.compile(r"gemini-(\d+)(?:\.(\d+))?")
_DATA_URL: Final = re.compile(r"data:([\w.+/-]+)(?:;[\w=.-]+)*;base64,(.*)", re.DOTALL)
_SHOWN: Final = ("image/", "audio/", "video/", "application/pdf")


def gemini_request(request: ModelRequest, *, provider: str) -> dict[str, Json]:
    """The body of a streamed call; the model stands in the address."""
    model = request.model.partition("/")[2]
    leading, rest = _leading_system(request)
    signed = _generation(model) >= (3, 0)
    told = request.retelling.pieces(provider, rest, lambda message: _parts(message, provider, signed=signed))
    body: dict[str, Json] = {"contents": _contents(rest, told)}
    system = "\n\n".join(text for text in (request.system, *leading) if text)
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}]}
    if request.tools:
        declared = [
            {"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.schema}
            for tool in request.tools
        ]
        body["tools"] = [{"functionDeclarations": declared}]
    config = _config(request, model)
    if config:
        body["generationConfig"] = config
    return body


def _config(request: ModelRequest, model: str) -> dict[str, Json]:
    config: dict[str, Json] = {}
    if request.temperature is not None:
        config["temperature"] = request.temperature
    if request.max_output_tokens is not None:
        config["maxOutputTokens"] = request.max_output_tokens
    if request.response_schema is not None:
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = request.response_schema
    thinking = _thinking(request.thinking, model)
    if thinking:
        config["thinkingConfig"] = thinking
    return config


def _generation(model: str) -> tuple[int, int]:
    """The generation of a model by its name; an unknown name is taken for a new one."""
    found = _MODEL.search(model)
    return (3, 0) if found is None else (int(found[1]), int(found[2] or 0))


def _thinking(thinking: Thinking | None, model: str) -> dict[str, Json]:
    """How hard to think: a level from the third generation on, a number of tokens in 2.5, nothing before."""
    generation = _generation(model)
    if thinking is None or generation < (2, 5):
        return {}
    if generation >= (3, 0):
        return {
            "includeThoughts": thinking != "off",
            "thinkingLevel": _level(thinking, flash="flash" in model),
        }
    least, most = (0, 24576) if "flash" in model else (128, 32768)
    return {"includeThoughts": thinking != "off", "thinkingBudget": min(max(_BUDGETS[thinking], least), most)}


def _level(thinking: Thinking, *, flash: bool) -> str:
    if thinking == "off":
        return "minimal" if flash else "low"
    if thinking == "medium":
        return "medium" if flash else "high"
    return "high" if thinking == "max" else thinking


def _leading_system(request: ModelRequest) -> tuple[list[str], tuple[Message, ...]]:
    """System messages before everything else belong to the system prompt."""
    texts: list[str] = []
    for place, message in enumerate(request.messages):
        if message.role != "system":
            return texts, request.messages[place:]
        texts.append(message.text)
    return texts, ()


def _contents(messages: tuple[Message, ...], told: tuple[Pieces, ...]) -> list[Json]:
    """The thread with roles in turn, beginning with the user."""
    merged: list[dict[str, Json]] = []
    for message, parts in zip(messages, told, strict=True):
        if not parts:
            continue
        role = "model" if message.role == "assistant" else "user"
        if merged and merged[-1]["role"] == role:
            merged[-1]["parts"] = [*merged[-1]["parts"], *parts]
        else:
            merged.append({"role": role, "parts": parts})
    if not merged or merged[0]["role"] == "model":
        merged.insert(0, {"role": "user", "parts": [{"text": _PLACEHOLDER}]})
    if merged[-1]["role"] == "model":
        merged.append({"role": "user", "parts": [{"text": _PLACEHOLDER}]})
    return [{"role": turn["role"], "parts": _results_first(turn["parts"])} for turn in merged]


def _results_first(parts: list[Json]) -> list[Json]:
    return sorted(parts, key=lambda part: "functionResponse" not in part)


def _parts(message: Message, provider: str, *, signed: bool) -> list[Json]:
    found: list[Json] = []
    for part in message.parts:
        if isinstance(part, ToolCallPart):
            found.append(_call(part, provider, first=signed and not _has_call(found)))
        else:
            found += _other(part, of_system=message.role == "system")
    return found


def _has_call(parts: list[Json]) -> bool:
    return any("functionCall" in part for part in parts)


def _call(part: ToolCallPart, provider: str, *, first: bool) -> Json:
    """A call with its signature; the first of a message needs one, whoever made it."""
    call: dict[str, Json] = {"functionCall": {"name": part.tool, "args": part.args}}
    own = (part.metadata or {}).get(SIGNATURE) if part.provider == provider else None
    if own or first:
        call[SIGNATURE] = own or UNSIGNED
    return call


def _other(part: Part, *, of_system: bool) -> list[Json]:
    match part:
        case TextPart() if part.text.strip():
            return [{"text": f"<system>\n{part.text}\n</system>" if of_system else part.text}]
        case FilePart():
            return [_file(part.file)]
        case ToolResultPart():
            value = {"result": part.output} if part.error is None else {"error": part.error}
            result: Json = {"functionResponse": {"name": part.tool, "response": value}}
            return [result, *(_file(file) for file in part.files)]
        case _:
            return []


def _file(file: FileReference) -> Json:
    if not file.media_type.startswith(_SHOWN):
        return {"text": file_text(file)}
    inline = _DATA_URL.fullmatch(file.url)
    if inline is not None:
        return {"inlineData": {"mimeType": inline[1], "data": inline[2]}}
    return {"fileData": {"mimeType": file.media_type, "fileUri": file.url}}
