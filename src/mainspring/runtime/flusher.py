"""Owns when pending deltas go to disk: when nothing was committed for 20 ms, else 20 ms after the last commit.

The first piece of an answer is an exception (`SessionJournal.hurry`): a person waits for it.

All sessions of the process go together, so that under load the commits grow, not their number. Facts that somebody
waits for do not pass here: they are written at once.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

FLUSH_INTERVAL = 0.02


class Flushable(Protocol):
    """Something with pending deltas."""

    def flush(self) -> None:
        """Writes them."""
        ...


class Flusher:
    """Decides when the pending deltas of a process are written."""

    __slots__ = ("_dirty", "_last_commit", "_timer")

    def __init__(self) -> None:
        self._dirty: dict[Flushable, None] = {}
        self._last_commit = -1.0
        self._timer: asyncio.Handle | None = None

    def mark(self, journal: Flushable) -> None:
        """Deltas are pending in a journal."""
        self._dirty[journal] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            due = self._last_commit + FLUSH_INTERVAL
            self._timer = (
                loop.call_soon(self._flush) if loop.time() >= due else loop.call_at(due, self._flush)
            )

    def committed(self) -> None:
        """Something reached the disk."""
        self._last_commit = asyncio.get_running_loop().time()

    def forget(self, journal: Flushable) -> None:
        """Nothing of a journal is pending any more."""
        self._dirty.pop(journal, None)

    def _flush(self) -> None:
        self._timer = None
        dirty, self._dirty = self._dirty, {}
        self._last_commit = asyncio.get_running_loop().time()
        for journal in dirty:
            journal.flush()
