"""Both model wires against a real server and a real model: tokens, a whole tool round, a cancel, an error."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from mainspring.model.errors import ProviderError
from mainspring.model.generation import (
    Finished,
    ModelChunk,
    ModelRequest,
    TextDelta,
    ToolInputDelta,
    ToolInputStart,
    ToolSpec,
)
from mainspring.model.messages import Message
from mainspring.model.parts import TextPart, ToolCallPart, ToolResultPart
from mainspring.providers.registry import Registry
from mainspring.system import SystemClock
from tests.model_e2e.conftest import LlamaServer

WIRES = ["llamacpp/smollm2", "anthropic/smollm2"]
WEATHER = ToolSpec(
    name="get-weather",
    description="The weather of a city.",
    schema={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)


@pytest.fixture
async def registry(llama_server: LlamaServer) -> AsyncIterator[Registry]:
    found = Registry(llama_server.environment, clock=SystemClock())
    yield found
    await found.close()


def user(text: str) -> Message:
    return Message(id="u", role="user", parts=(TextPart(text=text),), at=0)


def said(text: str) -> Message:
    return Message(id="a", role="assistant", parts=(TextPart(text=text),), at=0)


def called(call_id: str, city: str) -> Message:
    part = ToolCallPart(call_id=call_id, tool="get-weather", args={"city": city})
    return Message(id="c", role="assistant", parts=(part,), at=0)


def answered(call_id: str, celsius: int) -> Message:
    part = ToolResultPart(call_id=call_id, tool="get-weather", output={"celsius": celsius})
    return Message(id="r", role="tool", parts=(part,), at=0)


def earlier(call_id: str, city: str, celsius: int) -> list[Message]:
    """A round as it went before: a small model does as it has seen done."""
    return [
        user(f"What is the weather in {city}?"),
        called(call_id, city),
        answered(call_id, celsius),
        said(f"It is {celsius} degrees in {city}."),
    ]


async def ask(registry: Registry, request: ModelRequest) -> tuple[list[ModelChunk], Finished]:
    found = [chunk async for chunks in registry.find(request.model).complete(request) for chunk in chunks]
    last = found[-1]
    assert isinstance(last, Finished)
    return found, last


@pytest.mark.parametrize("model", WIRES)
async def test_real_tokens_arrive_one_by_one(registry: Registry, model: str) -> None:
    asked = ModelRequest(
        model=model,
        system="You are a helpful assistant.",
        messages=(user("Tell me a long story about the sea."),),
        temperature=0.0,
        max_output_tokens=24,
    )
    found, last = await ask(registry, asked)
    deltas = [chunk.text for chunk in found if isinstance(chunk, TextDelta)]
    assert len(deltas) >= 5
    assert "".join(deltas).strip()
    assert last.reason in {"stop", "length"}
    assert last.usage.input_tokens > 5
    assert 5 <= last.usage.output_tokens <= 24
    assert last.response_id


@pytest.mark.parametrize("model", WIRES)
async def test_a_whole_tool_round(registry: Registry, model: str) -> None:
    thread = [
        *earlier("call_1", "Rome", 20),
        *earlier("call_2", "Cairo", 31),
        user("What is the weather in Oslo?"),
    ]
    asked = ModelRequest(
        model=model, messages=tuple(thread), tools=(WEATHER,), temperature=0.0, max_output_tokens=64
    )
    found, last = await ask(registry, asked)
    assert last.reason == "tool-calls"
    assert [chunk.name for chunk in found if isinstance(chunk, ToolInputStart)] == ["get-weather"]
    written = "".join(chunk.text for chunk in found if isinstance(chunk, ToolInputDelta))
    assert json.loads(written) == {"city": "Oslo"}

    thread += [called("call_3", "Oslo"), answered("call_3", -7)]
    found, last = await ask(
        registry,
        ModelRequest(
            model=model, messages=tuple(thread), tools=(WEATHER,), temperature=0.0, max_output_tokens=64
        ),
    )
    assert last.reason == "stop"
    assert "-7" in "".join(chunk.text for chunk in found if isinstance(chunk, TextDelta))


@pytest.mark.parametrize("model", WIRES)
async def test_an_answer_of_a_schema(registry: Registry, model: str) -> None:
    """Chat Completions is held to the schema; the Messages wire asks for it, and a model this small may not listen."""
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Oslo", "Rome"]}},
        "required": ["city"],
        "additionalProperties": False,
    }
    asked = ModelRequest(
        model=model,
        messages=(user("Name a city in Norway."),),
        response_schema=schema,
        response_name="City",
        temperature=0.0,
        max_output_tokens=48,
    )
    found, last = await ask(registry, asked)
    text = "".join(chunk.text for chunk in found if isinstance(chunk, TextDelta))
    if model.startswith("llamacpp/"):
        assert last.reason == "stop"
        assert json.loads(text)["city"] in {"Oslo", "Rome"}
    else:
        assert last.reason in {"stop", "length"}
        assert text


@pytest.mark.parametrize("model", WIRES)
async def test_leaving_frees_the_server(registry: Registry, model: str) -> None:
    """The server has one slot: it can only answer the next question if it noticed that nobody reads the first."""
    long = ModelRequest(model=model, messages=(user("Tell me a long story."),), max_output_tokens=2000)
    answering = registry.find(model).complete(long)
    await anext(answering)
    await answering.aclose()
    short = ModelRequest(model=model, messages=(user("Hi"),), temperature=0.0, max_output_tokens=4)
    async with asyncio.timeout(15):
        await ask(registry, short)


@pytest.mark.parametrize("model", WIRES)
async def test_a_request_that_is_too_long_is_refused_in_words(registry: Registry, model: str) -> None:
    asked = ModelRequest(model=model, messages=(user("long " * 6000),), max_output_tokens=4)
    with pytest.raises(ProviderError) as caught:
        await ask(registry, asked)
    failure = caught.value.failure
    assert (failure.error_type, failure.retryable) == ("validation_error", False)
    assert "context" in failure.message
