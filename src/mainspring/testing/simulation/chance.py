"""Owns chance for simulations: a stream of choices that a seed decides, the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_MASK = (1 << 64) - 1


class Chance:
    """Choices from a seed (SplitMix64)."""

    def __init__(self, seed: int) -> None:
        self._state = (seed * 0x9E3779B97F4A7C15 + 0x1234567) & _MASK

    def _next(self) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, bound: int) -> int:
        """A number from 0 to `bound` - 1."""
        return self._next() % bound

    def between(self, low: float, high: float) -> float:
        """A number between two, to the microsecond."""
        return low + (high - low) * self.below(1_000_000) / 1_000_000

    def happens(self, probability: float) -> bool:
        """True that often."""
        return self.below(1_000_000) < probability * 1_000_000

    def of(self, items: Sequence[T]) -> T:
        """One of them."""
        return items[self.below(len(items))]

    def some(self, items: Sequence[T]) -> list[T]:
        """A part of them, in order; maybe none, maybe all."""
        return [item for item in items if self.happens(0.5)]

    def weighted(self, items: Sequence[tuple[T, int]]) -> T:
        """One of (item, weight), the heavier the likelier."""
        left = self.below(sum(weight for _, weight in items))
        for item, weight in items:
            left -= weight
            if left < 0:
                return item
        raise ValueError("weights are positive")

    def fork(self) -> Chance:
        """Another stream, decided by this one."""
        return Chance(self._next())
