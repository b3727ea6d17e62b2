"""Builds model requests in a few words."""

from typing import Any

from mainspring.model.errors import Failure, ProviderError
from mainspring.model.generation import ModelChunk, ModelRequest, TextDelta
from mainspring.model.messages import Message
from mainspring.model.parts import Part, TextPart, ToolCallPart, ToolResultPart
from mainspring.providers.script import Script, ScriptFunction
from mainspring.providers.scripted import ScriptedCompleter
from mainspring.testing.clock import ManualClock


def user(*parts: str | Part) -> Message:
    return Message(id="u", role="user", parts=_parts(parts), at=0)


def system(text: str) -> Message:
    return Message(id="s", role="system", parts=(TextPart(text=text),), at=0)


def assistant(*parts: str | Part) -> Message:
    return Message(id="a", role="assistant", parts=_parts(parts), at=0)


def call(tool: str, call_id: str = "call-1", **args: Any) -> ToolCallPart:
    return ToolCallPart(call_id=call_id, tool=tool, args=args)


def result(tool: str, output: Any = None, *, call_id: str = "call-1", **members: Any) -> ToolResultPart:
    return ToolResultPart(call_id=call_id, tool=tool, output=output, **members)


def results(*parts: ToolResultPart) -> Message:
    return Message(id="t", role="tool", parts=parts, at=0)


def request(*messages: Message, model: str = "scripted/demo", **members: Any) -> ModelRequest:
    return ModelRequest(model=model, messages=messages, **members)


def _parts(parts: tuple[str | Part, ...]) -> tuple[Part, ...]:
    return tuple(TextPart(text=part) if isinstance(part, str) else part for part in parts)


async def batches(
    script: Script | ScriptFunction, asked: ModelRequest, clock: ManualClock | None = None
) -> list[list[ModelChunk]]:
    completer = ScriptedCompleter(script, clock or ManualClock())
    return [chunks async for chunks in completer.complete(asked)]


async def chunks(script: Script | ScriptFunction, asked: ModelRequest) -> list[ModelChunk]:
    return [chunk for together in await batches(script, asked) for chunk in together]


async def outcome(
    script: Script | ScriptFunction, asked: ModelRequest, clock: ManualClock | None = None
) -> tuple[list[ModelChunk], Failure | None]:
    """What came, and the failure after it."""
    found: list[ModelChunk] = []
    try:
        async for together in ScriptedCompleter(script, clock or ManualClock()).complete(asked):
            found += together
    except ProviderError as error:
        return found, error.failure
    return found, None


async def text(script: Script | ScriptFunction, *messages: Message, **members: Any) -> str:
    """The text of the answer to a thread."""
    found = await chunks(script, request(*messages, **members))
    return "".join(chunk.text for chunk in found if isinstance(chunk, TextDelta))
