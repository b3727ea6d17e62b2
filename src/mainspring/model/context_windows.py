"""Owns what is known of the context windows of models: how many tokens a request and its answer may have together."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = 128_000
"""What a model is taken to have that nothing is known of."""
_WINDOWS: Final[tuple[tuple[str, int], ...]] = (
    ("claude-2", 100_000),
    ("claude-", 200_000),
    ("gemini-", 1_048_576),
    ("gpt-5", 272_000),
    ("gpt-4.1", 1_047_576),
    ("gpt-4o", 128_000),
    ("gpt-4-turbo", 128_000),
    ("gpt-4-", 8_192),
    ("gpt-3.5", 16_385),
    ("o1", 200_000),
    ("o3", 200_000),
    ("o4", 200_000),
    ("grok-4", 256_000),
    ("grok-", 131_072),
    ("deepseek-", 128_000),
    ("mistral-", 128_000),
    ("llama-", 128_000),
    ("qwen", 128_000),
    ("command-", 128_000),
)
"""The beginning of a model's id, and its window; the first that fits counts."""


def window_of(model: str) -> int:
    """The window of `provider/model-id` in tokens; what a router puts before the id does not matter."""
    name = model.rpartition("/")[2]
    return next((window for stem, window in _WINDOWS if name.startswith(stem)), UNKNOWN)
