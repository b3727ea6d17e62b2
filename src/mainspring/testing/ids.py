"""Owns chance for tests: ids that count."""

from __future__ import annotations

LENGTH = 22


class SequenceIds:
    """`Ids` whose tokens are 22 digits, counting from `start`."""

    def __init__(self, start: int = 1) -> None:
        self._next = start

    def token(self) -> str:
        """The next number, filled with zeros on the left."""
        number = self._next
        self._next += 1
        return f"{number:0{LENGTH}d}"
