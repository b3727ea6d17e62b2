"""Owns what can be told of a Claude model by its name: how it thinks, what it refuses, how much it may write.

Sources: the public pages on thinking, effort, structured outputs, fast mode and the models' migration guides.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

_NEW: Final = re.compile(r"claude-(?P<family>[a-z]+)-(?P<major>\d+)(?:[-.](?P<minor>\d{1,2}))?(?![\d])")
_OLD: Final = re.compile(r"claude-(?P<major>\d)(?:[-.](?P<minor>\d))?-(?P<family>[a-z]+)")
_ALWAYS_THINK: Final = frozenset({"fable", "mythos"})


class ClaudeModel(msgspec.Struct, frozen=True):
    """A model by family and version; version (0, 0): the name says nothing, as with other servers of this wire."""

    family: str
    version: tuple[int, int]

    @property
    def adaptive(self) -> bool:
        """Thinks as much as the effort allows; older ones take a budget of tokens."""
        return self.version >= (4, 6)

    @property
    def always_thinks(self) -> bool:
        """Refuses to be told not to think."""
        return self.family in _ALWAYS_THINK or self.version >= (5, 5)

    @property
    def takes_temperature(self) -> bool:
        """Later models refuse sampling parameters."""
        return self.version < (4, 7)

    @property
    def structured(self) -> bool:
        """Can be held to a JSON schema."""
        return self.version >= (4, 5)

    @property
    def fast(self) -> bool:
        """Has a fast mode."""
        return self.family == "opus" and (4, 8) <= self.version < (6, 0)

    @property
    def most_tokens(self) -> int:
        """The longest answer it may be asked for."""
        if self.version >= (4, 5) or self.version == (3, 7):
            return 64_000
        if self.version >= (4, 0):
            return 32_000
        return 8_192 if self.version >= (3, 5) or self.version == (0, 0) else 4_096


def claude_model(name: str) -> ClaudeModel:
    """What a model name says."""
    found = _OLD.search(name) or _NEW.search(name)
    if found is not None:
        return ClaudeModel(found["family"], (int(found["major"]), int(found["minor"] or 0)))
    family = next((word for word in _ALWAYS_THINK if f"claude-{word}" in name), "")
    return ClaudeModel(family, (5, 0) if family else (0, 0))
