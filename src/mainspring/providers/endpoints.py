"""Owns the table of providers: who speaks which wire, where, and which variable holds the key.

A provider that is not in the table has to speak Chat Completions, at `<NAME>_BASE_URL` with `<NAME>_API_KEY`.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from mainspring.providers import chat_quirks as quirks
from mainspring.providers.chat_quirks import Quirks

WireName = Literal["anthropic", "gemini", "openai", "openai-chat", "openai-responses"]
"""`openai`: Responses at OpenAI itself, Chat Completions at any other address, which every server speaks."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider is. `key` and `base` name variables; `url` is used unless `base` is set.

    `keyless`: works without a key, as servers on one's own machine do.
    """

    url: str | None
    base: str
    key: str
    wire: WireName = "openai-chat"
    keyless: bool = False
    quirks: Quirks = Quirks()


def _hosted(name: str, url: str, differs: Quirks | None = None) -> Endpoint:
    return Endpoint(url=url, base=f"{name}_BASE_URL", key=f"{name}_API_KEY", quirks=differs or Quirks())


def _openai(wire: WireName) -> Endpoint:
    return Endpoint(
        url="https://api.openai.com/v1",
        base="OPENAI_BASE_URL",
        key="OPENAI_API_KEY",
        wire=wire,
        quirks=quirks.OPENAI,
    )


def _own(name: str, url: str | None, differs: Quirks | None = None) -> Endpoint:
    return Endpoint(
        url=url, base=f"{name}_BASE_URL", key=f"{name}_API_KEY", keyless=True, quirks=differs or Quirks()
    )


ENDPOINTS: Final[dict[str, Endpoint]] = {
    "anthropic": Endpoint(
        url="https://api.anthropic.com", base="ANTHROPIC_BASE_URL", key="ANTHROPIC_API_KEY", wire="anthropic"
    ),
    "google": Endpoint(
        url="https://generativelanguage.googleapis.com/v1beta",
        base="GEMINI_BASE_URL",
        key="GEMINI_API_KEY",
        wire="gemini",
    ),
    "openai": _openai("openai"),
    "openai-responses": _openai("openai-responses"),
    "openai-chat": _openai("openai-chat"),
    "openai-compatible": _own("OPENAI_COMPATIBLE", None),
    "azure": Endpoint(
        url=None, base="AZURE_OPENAI_BASE_URL", key="AZURE_OPENAI_API_KEY", quirks=quirks.AZURE
    ),
    "ollama": _own("OLLAMA", "http://localhost:11434/v1", quirks.OLLAMA),
    "vllm": _own("VLLM", "http://localhost:8000/v1", quirks.VLLM),
    "llamacpp": _own("LLAMACPP", "http://localhost:8080/v1", quirks.LLAMACPP),
    "lmstudio": _own("LMSTUDIO", "http://localhost:1234/v1", quirks.LMSTUDIO),
    "openrouter": _hosted("OPENROUTER", "https://openrouter.ai/api/v1", quirks.OPENROUTER),
    "vercel": _hosted("AI_GATEWAY", "https://ai-gateway.vercel.sh/v1"),
    "groq": _hosted("GROQ", "https://api.groq.com/openai/v1", quirks.GROQ),
    "mistral": _hosted("MISTRAL", "https://api.mistral.ai/v1", quirks.MISTRAL),
    "deepseek": _hosted("DEEPSEEK", "https://api.deepseek.com/v1", quirks.DEEPSEEK),
    "moonshotai": _hosted("MOONSHOT", "https://api.moonshot.ai/v1", quirks.MOONSHOT),
    "x-ai": _hosted("XAI", "https://api.x.ai/v1", quirks.XAI),
    "xai": _hosted("XAI", "https://api.x.ai/v1", quirks.XAI),
    "together": _hosted("TOGETHER", "https://api.together.xyz/v1", quirks.TOGETHER),
    "fireworks": _hosted("FIREWORKS", "https://api.fireworks.ai/inference/v1", quirks.FIREWORKS),
    "cerebras": _hosted("CEREBRAS", "https://api.cerebras.ai/v1", quirks.CEREBRAS),
    "huggingface": Endpoint(
        url="https://router.huggingface.co/v1", base="HUGGINGFACE_BASE_URL", key="HF_TOKEN"
    ),
}


def endpoint_of(provider: str) -> Endpoint:
    """The line of the table, or what the names of variables give for a provider that has none."""
    known = ENDPOINTS.get(provider)
    return known or _own(re.sub(r"\W", "_", provider).upper(), None)
