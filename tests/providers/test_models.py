"""What follows from a model's name: how it may be asked to think, to write, to answer in JSON."""

import pytest

from mainspring.model.generation import Thinking
from mainspring.providers.claude_models import claude_model
from mainspring.providers.endpoints import endpoint_of
from mainspring.providers.openai_chat_request import chat_request, is_strict
from tests.providers.threads import request, user


@pytest.mark.parametrize(
    ("name", "family", "version"),
    [
        ("claude-opus-4-6", "opus", (4, 6)),
        ("claude-opus-4.8", "opus", (4, 8)),
        ("claude-opus-4-20250514", "opus", (4, 0)),
        ("claude-sonnet-4-5-20250929", "sonnet", (4, 5)),
        ("claude-haiku-5-5", "haiku", (5, 5)),
        ("claude-sonnet-5", "sonnet", (5, 0)),
        ("claude-opus-4-0", "opus", (4, 0)),
        ("claude-3-7-sonnet-latest", "sonnet", (3, 7)),
        ("claude-3-5-haiku-20241022", "haiku", (3, 5)),
        ("claude-3-opus-20240229", "opus", (3, 0)),
        ("claude-fable-5", "fable", (5, 0)),
        ("claude-mythos-preview", "mythos", (5, 0)),
        ("us.anthropic.claude-opus-4-6-v1", "opus", (4, 6)),
        ("SmolLM2-135M", "", (0, 0)),
    ],
)
def test_a_claude_name_says_family_and_version(name: str, family: str, version: tuple[int, int]) -> None:
    model = claude_model(name)
    assert (model.family, model.version) == (family, version)


@pytest.mark.parametrize(
    ("name", "tokens"),
    [("claude-opus-4-6", 64_000), ("claude-3-7-sonnet", 64_000), ("claude-opus-4-1", 32_000),
     ("claude-3-5-sonnet-20241022", 8_192), ("claude-3-opus-20240229", 4_096), ("other", 8_192)],
)  # fmt: skip
def test_the_longest_answer(name: str, tokens: int) -> None:
    assert claude_model(name).most_tokens == tokens


@pytest.mark.parametrize(
    ("model", "thinking", "effort", "temperature"),
    [
        ("openai-chat/gpt-4o", "high", None, True),
        ("openai-chat/gpt-4.1-mini", "off", None, True),
        ("openai-chat/gpt-5-chat-latest", "low", None, True),
        ("openai-chat/o3", "high", "high", False),
        ("openai-chat/o4-mini", "off", "low", False),
        ("openai-chat/o3", "max", "high", False),
        ("openai-chat/gpt-5", "off", "minimal", False),
        ("openai-chat/gpt-5", "max", "high", False),
        ("openai-chat/gpt-5.1", "off", "none", True),
        ("openai-chat/gpt-5.1", None, None, True),
        ("openai-chat/gpt-5", None, None, False),
        ("openai-chat/gpt-5.1-codex", "medium", "medium", False),
        ("openai-chat/gpt-5.2", "max", "xhigh", False),
        ("openai-chat/gpt-5.6-sol", "max", "max", False),
        ("openai-chat/gpt-6", "max", "max", False),
        ("openai-chat/ft:gpt-4o:me", "low", None, True),
        ("xai/grok-4", "max", "xhigh", True),
        ("xai/grok-3-mini", "medium", "low", True),
        ("xai/grok-3", "high", None, True),
        ("groq/llama", "max", None, True),
        ("groq/openai/gpt-oss-20b", "max", "high", True),
        ("groq/qwen/qwen3-32b", "off", "none", True),
        ("groq/qwen/qwen3-32b", "low", "default", True),
        ("fireworks/x", "off", "none", True),
        ("vllm/openai/gpt-oss-20b", "low", "low", True),
        ("azure/gpt-5.1", "max", "high", False),
        ("deepseek/deepseek-reasoner", "high", None, False),
        ("mistral/large", "high", None, True),
    ],
)
def test_how_hard_to_think(
    model: str, thinking: Thinking | None, effort: str | None, temperature: bool
) -> None:
    provider = model.partition("/")[0]
    asked = request(user("x"), model=model, thinking=thinking, temperature=0.3)
    body = chat_request(asked, provider=provider, quirks=endpoint_of(provider).quirks)
    assert body.get("reasoning_effort") == effort
    assert ("temperature" in body) == temperature


@pytest.mark.parametrize(
    ("model", "thinking", "members"),
    [
        ("openrouter/openai/gpt-5", "off", {"reasoning": {"effort": "none"}}),
        ("openrouter/openai/gpt-5", "max", {"reasoning": {"effort": "xhigh"}}),
        ("deepseek/deepseek-chat", "low", {"thinking": {"type": "enabled"}}),
        ("deepseek/deepseek-chat", "off", {"thinking": {"type": "disabled"}}),
        ("deepseek/deepseek-chat", None, {}),
        ("moonshotai/kimi-k2.5", "off", {"thinking": {"type": "disabled"}}),
        ("moonshotai/kimi-k2-turbo", "off", {}),
        ("together/deepseek-ai/DeepSeek-V3.1", "max", {"reasoning": {"enabled": True}}),
        ("together/openai/gpt-oss-20b", "off", {}),
        ("vllm/Qwen/Qwen3-8B", "off", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("llamacpp/q", "high", {"chat_template_kwargs": {"enable_thinking": True}}),
    ],
)
def test_thinking_is_told_in_many_ways(
    model: str, thinking: Thinking | None, members: dict[str, object]
) -> None:
    provider = model.partition("/")[0]
    asked = request(user("x"), model=model, thinking=thinking)
    body = chat_request(asked, provider=provider, quirks=endpoint_of(provider).quirks)
    sent = {name: body[name] for name in _THINKING if name in body}
    assert sent == members


_THINKING = ("reasoning_effort", "reasoning", "thinking", "chat_template_kwargs")


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        ({"type": "string"}, True),
        ({"type": "object", "properties": {}, "additionalProperties": False}, True),
        ({"type": "object", "properties": {}}, False),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, False),
        ({"type": "array", "items": {"type": "object"}}, False),
        ({"anyOf": [{"type": "null"}, {"type": "object", "additionalProperties": True}]}, False),
    ],
)
def test_a_schema_is_strict_if_it_leaves_nothing_open(schema: object, strict: bool) -> None:
    assert is_strict(schema) == strict
