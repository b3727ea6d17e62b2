"""Owns what an OpenAI model's name tells: whether it reasons, how hard it may be asked to, what it refuses.

Sources: the public pages on reasoning, prompt caching, and the models' own pages.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from mainspring.model.generation import Thinking

_MODEL: Final = re.compile(r"(?:o(\d+)|gpt-(\d+)(?:\.(\d+))?)(?![\d.])")
_KEEPS: Final = re.compile(r"gpt-4\.1(?!\d)")


class OpenAiModel(msgspec.Struct, frozen=True):
    """A model by generation: the o series is (4, n), before GPT-5. None: it does not reason, or says nothing."""

    name: str
    generation: tuple[int, int] | None

    @property
    def reasons(self) -> bool:
        """Whether it thinks before it answers, and takes an effort."""
        return self.generation is not None

    @property
    def keeps_cache_long(self) -> bool:
        """Whether the cache of its prompts can be asked to last a day."""
        return _KEEPS.match(self.name) is not None or (self.generation or (0, 0)) >= (5, 0)

    def effort(self, thinking: Thinking | None) -> str | None:
        """The word for how hard to think; None: nothing is said."""
        generation = self.generation
        if thinking is None or generation is None:
            return None
        if thinking == "off":
            return "none" if generation >= (5, 1) else "minimal" if generation == (5, 0) else "low"
        if thinking == "max":
            return "max" if generation >= (5, 6) else "xhigh" if generation >= (5, 2) else "high"
        return thinking

    def fixed_temperature(self, effort: str | None) -> bool:
        """Reasoning models refuse any other temperature than their own."""
        generation = self.generation
        return generation is not None and not (generation >= (5, 1) and effort in (None, "none"))


def openai_model(name: str) -> OpenAiModel:
    """What a model name says."""
    return OpenAiModel(name, _generation(name))


def _generation(name: str) -> tuple[int, int] | None:
    found = _MODEL.match(name)
    if found is None:
        return None
    if found[1]:
        return (4, int(found[1]))
    generation = (int(found[2]), int(found[3] or 0))
    return generation if generation >= (5, 0) and "-chat" not in name else None
