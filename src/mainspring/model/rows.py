"""Owns the unit the journal is stored and read in: a row of one fact or of several deltas of one part."""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True, array_like=True):
    """Events `first`..`last` (cursors, inclusive) of a journal; `at` is Unix seconds.

    `kind`: 0 one fact (private or public), 1 deltas of one part, joined by newline, one event a cursor; 2 a stub: the
    deltas were dropped after retention, `data` is `{"settled": cursor, "part": id}`, the fact that carries their text.
    """

    first: int
    last: int
    kind: int
    data: bytes
    at: float


FACT = 0
DELTAS = 1
STUB = 2
