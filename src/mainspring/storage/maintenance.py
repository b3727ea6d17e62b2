"""Owns what a database tells of itself to those who look after it: its parts, its sizes, what is wrong, what is due."""

from __future__ import annotations

from mainspring.model.values import Value


class Count(Value, frozen=True, kw_only=True):
    """How many sessions there are. `running`: an execution is at work; `waiting`: for results; `due`: time is over."""

    active: int = 0
    expired: int = 0
    running: int = 0
    waiting: int = 0
    due: int = 0


class Sizes(Value, frozen=True, kw_only=True):
    """Bytes on disk. `facts`, `deltas`, `packed`: the journals' data; `free`: pages of the file that hold nothing."""

    file: int = 0
    log: int = 0
    facts: int = 0
    deltas: int = 0
    packed: int = 0
    snapshots: int = 0
    agents: int = 0
    free: int = 0


class Freeable(Value, frozen=True, kw_only=True):
    """What pruning would drop: delta rows of settled executions, the bytes of data that frees, in how many sessions."""

    rows: int = 0
    bytes: int = 0
    sessions: int = 0


class Report(Value, frozen=True, kw_only=True):
    """A database, looked at. `schema`: its version, beside the `latest` that this release knows.

    `problems`: one sentence each, in words of the store; none: all that was looked at is right.
    """

    engine: str
    schema: int
    latest: int
    sessions: Count
    sizes: Sizes
    freeable: Freeable
    problems: tuple[str, ...] = ()
