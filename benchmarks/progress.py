"""Owns what is said on stderr while it runs: which part, how far, each figure as it comes."""

import sys
import time


class Progress:
    """Counts the parts. `total`: how many there are."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._begun = 0
        self._since = time.monotonic()

    def part(self, name: str) -> None:
        """A part begins."""
        self._begun += 1
        took = time.monotonic() - self._since
        self._say(f"[{self._begun}/{self._total}, {took:.0f} s] {name}")

    def figure(self, subject: str, measure: str, value: float) -> None:
        """A figure is there."""
        self._say(f"    {subject:12} {measure:46} {value:10.2f}")

    def said(self, text: str) -> None:
        """Words."""
        self._say(f"    {text}")

    def _say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)
