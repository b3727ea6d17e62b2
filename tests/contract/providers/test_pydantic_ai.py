"""What comes through pydantic-ai agrees with our own wires: the same recordings, from the same server on a socket."""

import sys
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    UnexpectedModelBehavior,
    UserError,
)
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from mainspring.model.errors import ProviderError
from mainspring.model.generation import (
    Finished,
    ModelChunk,
    ModelRequest,
    ReasoningDelta,
    TextDelta,
    ToolInputDelta,
    ToolInputStart,
    ToolSpec,
)
from mainspring.model.parts import FilePart, FileReference
from mainspring.providers.failures import Failures
from mainspring.providers.pydantic_ai_bridge import PydanticAiCompleter, translated
from mainspring.providers.registry import Registry
from mainspring.runtime.ports import Completer
from mainspring.testing.clock import ManualClock
from tests.contract.providers.recordings import FIXTURES
from tests.providers.fake_provider import FakeProvider, Visit, fake_provider
from tests.providers.threads import assistant, call, request, result, results, system, user

RECORDED = (
    ("openai_chat", "text"),
    ("openai_chat", "tools"),
    ("openai_chat", "length"),
    ("openai_chat", "deepseek-turn"),
    ("openai_chat", "openrouter-turn"),
    ("anthropic", "text"),
    ("anthropic", "tool"),
    ("anthropic", "thinking"),
    ("anthropic", "max-tokens"),
)
IMAGE = FilePart(file=FileReference(id="f", media_type="image/png", url="https://files.example/f.png"))
SHEET = FilePart(file=FileReference(id="g", media_type="text/csv", url="https://files.example/g.csv"))
TOOL = ToolSpec(name="get-time", description="The time.", schema={"type": "object", "properties": {}})


def bridged(wire: str, url: str) -> PydanticAiCompleter:
    def found(_: str) -> Model:
        if wire == "anthropic":
            provider = AnthropicProvider(api_key="k", base_url=url.removesuffix("/v1"))
            return AnthropicModel("m", provider=provider)
        return OpenAIChatModel("m", provider=OpenAIProvider(api_key="k", base_url=url))

    return PydanticAiCompleter("acme", model_for=found)


def ours(wire: str, url: str) -> Registry:
    bases = {"anthropic": "ANTHROPIC_BASE_URL", "openai_chat": "OLLAMA_BASE_URL"}
    return Registry({bases[wire]: url}, clock=ManualClock())


async def said(completer: Completer, asked: ModelRequest) -> list[ModelChunk]:
    return [chunk async for some in completer.complete(asked) for chunk in some]


def gist(chunks: list[ModelChunk]) -> dict[str, Any]:
    """What an answer says, whatever its pieces are."""
    end = chunks[-1]
    assert isinstance(end, Finished)
    names = [chunk.name for chunk in chunks if isinstance(chunk, ToolInputStart)]
    parts = {chunk.part for chunk in chunks if isinstance(chunk, ToolInputDelta)}
    return {
        "text": "".join(chunk.text for chunk in chunks if isinstance(chunk, TextDelta)),
        "reasoning": "".join(chunk.text for chunk in chunks if isinstance(chunk, ReasoningDelta)),
        "calls": names,
        "arguments": [
            "".join(one.text for one in chunks if isinstance(one, ToolInputDelta) and one.part == part)
            for part in sorted(parts)
        ],
        "input": end.usage.input_tokens,
        "output": end.usage.output_tokens,
        "cached": end.usage.cached_input_tokens,
        "reason": end.reason,
    }


@pytest.fixture
async def serving() -> AsyncIterator[tuple[FakeProvider, list[bytes]]]:
    """A server that answers with the one recording in the list."""
    recorded: list[bytes] = []

    async def answer(visit: Visit) -> None:
        await visit.whole(recorded[0])

    async with fake_provider(answer) as fake:
        yield fake, recorded


@pytest.mark.parametrize(("wire", "recording"), RECORDED)
async def test_both_ways_say_the_same(
    serving: tuple[FakeProvider, list[bytes]], wire: str, recording: str
) -> None:
    fake, recorded = serving
    recorded.append((FIXTURES / wire / f"{recording}.sse").read_bytes())
    own = ours(wire, fake.url)
    model = "anthropic/m" if wire == "anthropic" else "ollama/m"
    expected = gist(await said(own.find(model), request(user("x"), model=model)))
    found = gist(await said(bridged(wire, fake.url), request(user("x"), model="acme/m")))
    await own.close()
    assert found == expected


async def test_a_thread_is_sent_whole(serving: tuple[FakeProvider, list[bytes]]) -> None:
    fake, recorded = serving
    recorded.append((FIXTURES / "openai_chat" / "text.sse").read_bytes())
    asked = request(
        user("Look: ", IMAGE, SHEET),
        assistant("Wait.", call("get-time")),
        results(result("get-time", "9")),
        system("Be brief."),
        user("Well?"),
        model="acme/m",
        system="You are kind.",
        tools=(TOOL,),
        response_schema={"type": "object"},
        temperature=0.5,
        max_output_tokens=9,
    )
    await said(bridged("openai_chat", fake.url), asked)
    body = msgspec.json.decode(fake.visits[0].body)
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["system", "system", "user", "assistant", "tool", "system", "user"]
    assert body["messages"][1]["content"].endswith('{"type":"object"}')
    assert [piece["type"] for piece in body["messages"][2]["content"]] == ["text", "image_url", "text"]
    assert body["messages"][3]["tool_calls"][0]["function"]["name"] == "get-time"
    assert body["messages"][4]["content"] == "9"
    assert body["tools"][0]["function"]["name"] == "get-time"
    assert body["temperature"] == 0.5


async def failed(completer: Completer) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await said(completer, request(user("x"), model="acme/m"))
    return caught.value


async def test_a_failure_is_ours_and_asked_for_once() -> None:
    async def answer(visit: Visit) -> None:
        body = b'{"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}'
        await visit.whole(body, "429 Too Many Requests", "application/json", retry_after="7")

    async with fake_provider(answer) as fake:
        failure = (await failed(bridged("openai_chat", fake.url))).failure
        assert len(fake.visits) == 1
    assert (failure.error_class, failure.retry_after) == ("rate_limit", 7.0)


async def test_an_answer_that_is_cut_is_no_answer(serving: tuple[FakeProvider, list[bytes]]) -> None:
    fake, recorded = serving
    recorded.append((FIXTURES / "openai_chat" / "cut.sse").read_bytes())
    assert (await failed(bridged("openai_chat", fake.url))).failure.error_class == "network"


@pytest.mark.parametrize(
    ("error", "error_class"),
    [
        (ModelHTTPError(500, "m", "oops"), "server_error"),
        (ModelConnectionError("m", "gone"), "network"),
        (ModelAPIError("m", "The model is broken."), "server_error"),
        (TimeoutError(), "timeout"),
        (UserError("no"), "invalid_request"),
        (UnexpectedModelBehavior("what"), "malformed_output"),
    ],
)
def test_what_went_wrong_there_has_a_class_here(error: Exception, error_class: str) -> None:
    assert translated(error, Failures("acme", model="m")).failure.error_class == error_class


async def test_who_is_named_goes_through_it_and_what_is_missing_is_told() -> None:
    environment = {"PYDANTIC_AI_PROVIDERS": "nobody, bedrock", "OLLAMA_BASE_URL": "http://localhost:1"}
    registry = Registry(environment, clock=ManualClock())
    found = registry.find("nobody/m")
    assert isinstance(found, PydanticAiCompleter)
    assert found is registry.find("nobody/other")
    assert not isinstance(registry.find("ollama/m"), PydanticAiCompleter)
    error = await failed(found)
    assert error.failure.error_type == "validation_error"
    assert "nobody" in error.failure.message


def test_without_the_extra_the_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mainspring.providers.pydantic_ai_bridge", None)
    registry = Registry({"PYDANTIC_AI_PROVIDERS": "cohere"}, clock=ManualClock())
    with pytest.raises(
        ProviderError, match=r"pip install 'mainspring\[pydantic-ai\]' 'pydantic-ai-slim\[cohere\]'"
    ):
        registry.find("cohere/m")
