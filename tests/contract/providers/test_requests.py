"""The exact body that each wire sends for a thread that has everything, and for what its options change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mainspring.model.generation import ModelRequest, ToolSpec
from mainspring.model.parts import FilePart, FileReference, ReasoningPart, ToolCallPart
from mainspring.providers.anthropic import AnthropicCompleter
from mainspring.providers.endpoints import endpoint_of
from mainspring.providers.gemini import GeminiCompleter
from mainspring.providers.http import ProviderHttp
from mainspring.providers.openai_chat import ChatCompleter
from mainspring.providers.openai_responses import ResponsesCompleter
from tests.providers.threads import assistant, call, request, result, results, system, user

REQUESTS = Path(__file__).parent / "requests"
Golden = Callable[[Path, str], None]

IMAGE = FileReference(id="f1", media_type="image/png", url="https://files.example/f1.png")
INLINE = FileReference(id="f2", media_type="image/jpeg", url="data:image/jpeg;base64,/9j/4AAQ")
PDF = FileReference(
    id="f3", media_type="application/pdf", url="https://files.example/f3.pdf", filename="a.pdf"
)
INLINE_PDF = FileReference(id="f6", media_type="application/pdf", url="data:application/pdf;base64,JVBERg==")
TAGS = {"agent": "support", "session": "ses_1", "thread": "main"}
SHEET = FileReference(id="f4", media_type="text/csv", url="https://files.example/f4.csv")
TINY = FileReference(id="f5", media_type="text/plain", url="data:text/plain,hi", filename="hi.txt")
WEATHER = ToolSpec(
    name="get-weather",
    description="The weather of a city.",
    schema={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
TIME = ToolSpec(name="get-time", description="The time.", schema={"type": "object", "properties": {}})
CLOSED = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
    "required": ["name", "tags"],
    "additionalProperties": False,
}
OPEN = {
    "type": "object",
    "properties": {
        "age": {"type": "integer", "minimum": 0},
        "pets": {
            "anyOf": [{"type": "object", "properties": {"minimum": {"type": "string", "maxLength": 3}}}, {}]
        },
    },
    "required": ["age"],
}


def thought(text: str, provider: str, **metadata: Any) -> ReasoningPart:
    return ReasoningPart(text=text, provider=provider, metadata=metadata or None)


THREAD = (
    system("Early rules."),
    user("Look at these: ", FilePart(file=IMAGE), FilePart(file=PDF), FilePart(file=SHEET)),
    assistant(
        thought("Mine.", "anthropic", signature="c2ln"),
        thought("", "anthropic", redactedData="cmVk"),
        thought("Unsigned.", "anthropic"),
        thought("Foreign.", "openai", signature="eA=="),
        thought("Deep.", "deepseek"),
        "Let me see.",
        call("get-weather", "call_1", city="Oslo"),
        call("get-time", "call_2"),
    ),
    results(
        result("get-weather", {"celsius": 3}, call_id="call_1", files=(IMAGE,)),
        result("get-time", call_id="call_2", error="No clock."),
    ),
    assistant("It is cold.  ", "  "),
    system("Be brief from now on."),
    user("Thanks", FilePart(file=INLINE)),
    user("And now?", FilePart(file=TINY)),
)
SHORT = (user("Hi"),)


def asked(*, thread: Any = SHORT, model: str, **members: Any) -> ModelRequest:
    return request(*thread, model=model, **members)


def everything(model: str) -> ModelRequest:
    return asked(
        thread=THREAD, model=model, system="You are kind.", tools=(WEATHER, TIME), max_output_tokens=500
    )


CASES: dict[str, ModelRequest] = {
    "openai-chat-everything": everything("openai-chat/gpt-4.1"),
    "openai-chat-plain": asked(model="openai-chat/gpt-4.1", temperature=0.5, thinking="high"),
    "openai-chat-empty": asked(
        thread=(assistant(), user("")), model="openai-chat/gpt-4.1", system="Just work."
    ),
    "openai-chat-reasoning": asked(
        model="openai-chat/gpt-5-mini", temperature=0.5, thinking="off", max_output_tokens=9
    ),
    "openai-chat-json-strict": asked(
        model="openai-chat/gpt-4.1", response_schema=CLOSED, response_name="Person"
    ),
    "openai-chat-json-loose": asked(model="openai-chat/gpt-4.1", response_schema=OPEN),
    "responses-everything": everything("openai-responses/gpt-4.1"),
    "responses-plain": asked(model="openai/gpt-4.1", temperature=0.5, thinking="high"),
    "responses-empty": asked(thread=(assistant(), user("")), model="openai/gpt-4.1", system="Just work."),
    "responses-reasoning": asked(
        model="openai/gpt-5.2", temperature=0.5, thinking="max", max_output_tokens=9, tools=(TIME,)
    ),
    "responses-off": asked(model="openai/gpt-5.1", temperature=0.5, thinking="off"),
    "responses-json-strict": asked(model="openai/gpt-5", response_schema=CLOSED, response_name="Person"),
    "responses-json-loose": asked(model="openai/gpt-5", response_schema=OPEN),
    "responses-cache": asked(model="openai/gpt-5.1", tags=TAGS),
    "responses-cache-extended": asked(model="openai/gpt-5.1", tags=TAGS, cache="extended"),
    "responses-cache-extended-not-kept": asked(model="openai/gpt-4o", tags=TAGS, cache="extended"),
    "responses-cache-off": asked(model="openai/gpt-5.1", tags=TAGS, cache="off"),
    "responses-reasoning-back": asked(
        thread=(
            user("Hi"),
            assistant(
                thought("Deep.", "openai", itemId="rs_1", encryptedContent="gAAA1"),
                "Let me see.",
                thought("", "openai", itemId="rs_2", encryptedContent="gAAA2"),
                thought("Not encrypted.", "openai", itemId="rs_3"),
                thought("Foreign.", "google", encryptedContent="gAAA3"),
                call("get-time"),
                thought("Leads to nothing.", "openai", itemId="rs_4", encryptedContent="gAAA4"),
            ),
            results(result("get-time", "9")),
            user(FilePart(file=INLINE_PDF)),
        ),
        model="openai/gpt-5.1",
    ),
    "deepseek-json": asked(
        model="deepseek/deepseek-chat",
        system="Be kind.",
        response_schema=CLOSED,
        tools=(TIME,),
        thinking="low",
    ),
    "groq-json": asked(model="groq/openai/gpt-oss-20b", response_schema=CLOSED, max_output_tokens=9),
    "groq-json-beside-tools": asked(model="groq/openai/gpt-oss-20b", response_schema=CLOSED, tools=(TIME,)),
    "openrouter-reasoning-back": asked(
        thread=(user("Hi"), assistant(thought("Deep.", "openrouter"), "Yes."), user("Well?")),
        model="openrouter/anthropic/claude-sonnet-4.5",
        thinking="high",
    ),
    "azure-everything": everything("azure/gpt-4.1"),
    "xai-plain": asked(model="xai/grok-4", thinking="max", max_output_tokens=7, temperature=0.5),
    "together-off": asked(model="together/deepseek-ai/DeepSeek-V3.1", thinking="off"),
    "fireworks-off": asked(model="fireworks/accounts/fireworks/models/kimi-k2", thinking="off"),
    "vllm-off": asked(model="vllm/Qwen/Qwen3-8B", thinking="off", response_schema=CLOSED),
    "lmstudio-plain": asked(model="lmstudio/gpt-oss-20b", thinking="low", temperature=0.0),
    "deepseek-reasoning-back": asked(
        thread=(
            user("Hi"),
            assistant(thought("Deep.", "deepseek"), call("get-time")),
            results(result("get-time", "9")),
        ),
        model="deepseek/deepseek-reasoner",
        thinking="max",
    ),
    "mistral-plain": asked(model="mistral/large", thinking="low", max_output_tokens=7),
    "ollama-off": asked(model="ollama/qwen3:8b", thinking="off", temperature=0.0),
    "anthropic-everything": everything("anthropic/claude-sonnet-4-5"),
    "anthropic-plain": asked(model="anthropic/claude-opus-4-1", temperature=1.5, cache="off"),
    "anthropic-cache-extended": asked(
        model="anthropic/claude-opus-4-6", system="You are kind.", tools=(WEATHER,), cache="extended"
    ),
    "anthropic-adaptive": asked(
        model="anthropic/claude-opus-4-8", temperature=0.2, thinking="max", speed="fast"
    ),
    "anthropic-budget": asked(
        model="anthropic/claude-haiku-4-5", temperature=0.2, thinking="medium", max_output_tokens=100
    ),
    "anthropic-off": asked(
        model="anthropic/claude-sonnet-4-6", temperature=0.2, thinking="off", speed="fast"
    ),
    "anthropic-always-thinks": asked(model="anthropic/claude-fable-5", thinking="off"),
    "anthropic-old-does-not-think": asked(model="anthropic/claude-3-5-sonnet-20241022", thinking="high"),
    "anthropic-json": asked(model="anthropic/claude-opus-4-6", response_schema=OPEN, thinking="low"),
    "anthropic-json-old": asked(
        model="anthropic/claude-sonnet-4-0", response_schema=CLOSED, response_name="Person", thinking="high"
    ),
    "anthropic-json-old-tools": asked(
        model="anthropic/claude-sonnet-4-0", response_schema=CLOSED, tools=(WEATHER,), cache="off"
    ),
    "anthropic-starts-and-ends-with-assistant": asked(
        thread=(assistant("Welcome!"), user("  "), assistant("Still there?")),
        model="anthropic/claude-sonnet-4-5",
    ),
    "mistral-tools": asked(
        thread=(user("Hi"), assistant(call("get-time")), results(result("get-time", "9")), user("Well?")),
        model="mistral/large",
    ),
    "google-everything": everything("google/gemini-2.5-flash"),
    "google-plain": asked(model="google/gemini-2.5-pro", temperature=0.5, thinking="max"),
    "google-off": asked(model="google/gemini-2.5-flash", thinking="off", max_output_tokens=9),
    "google-levels": asked(model="google/gemini-3-pro-preview", thinking="medium"),
    "google-flash-levels": asked(model="google/gemini-3-flash", thinking="off"),
    "google-unknown-model": asked(model="google/next", thinking="max"),
    "google-old-does-not-think": asked(model="google/gemini-2.0-flash", thinking="high"),
    "google-json": asked(model="google/gemini-2.5-pro", response_schema=CLOSED),
    "google-signatures": asked(
        thread=(
            assistant(
                "I will look.",
                ToolCallPart(
                    call_id="c1",
                    tool="get-time",
                    args={},
                    provider="google",
                    metadata={"thoughtSignature": "c2ln"},
                ),
            ),
            results(result("get-time", "9", call_id="c1")),
            assistant(call("get-time", "c2"), call("get-time", "c3")),
            results(result("get-time", "9", call_id="c2"), result("get-time", error="no", call_id="c3")),
            assistant("Nine."),
        ),
        model="google/gemini-3-pro-preview",
    ),
    "google-nothing": asked(thread=(system("Only rules."),), model="google/gemini-2.5-pro"),
    "anthropic-nothing": asked(thread=(), model="anthropic/claude-sonnet-4-5", system="Just work."),
}


def sent(asked: ModelRequest) -> str:
    provider = asked.model.partition("/")[0]
    endpoint = endpoint_of(provider)
    http = ProviderHttp()
    if endpoint.wire == "anthropic":
        made = AnthropicCompleter(provider, "https://a.example/", key="secret", http=http).call(asked)
    elif endpoint.wire == "gemini":
        made = GeminiCompleter(provider, "https://a.example/v1beta", key="secret", http=http).call(asked)
    elif endpoint.wire in {"openai", "openai-responses"}:
        made = ResponsesCompleter(provider, "https://a.example/v1", key="secret", http=http).call(asked)
    else:
        made = ChatCompleter(
            provider,
            "https://a.example/v1",
            key="secret" if provider == "azure" else None,
            http=http,
            quirks=endpoint.quirks,
        ).call(asked)
    head = "\n".join([f"POST {made.url}", *(f"{name}: {value}" for name, value in made.headers.items())])
    return f"{head}\n\n{msgspec.json.format(made.body, indent=2).decode()}\n"


@pytest.mark.parametrize("name", CASES)
def test_the_request_is_exactly_this(name: str, golden: Golden) -> None:
    golden(REQUESTS / f"{name}.http", sent(CASES[name]))
