"""Owns what the figures should be: by measure, a limit for the figure itself and one for its ratio to the reference."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A limit. `figure` was set on one two-core machine; `ratio` holds anywhere, and where there is one it decides."""

    figure: float | None = None
    ratio: float | None = None
    at_least: bool = False

    def shown(self) -> str:
        """As the table says it."""
        sign = ">=" if self.at_least else "<="
        limits = [] if self.figure is None else [f"{self.figure:g}"]
        limits += [] if self.ratio is None else [f"{self.ratio:g}x"]
        return f"{sign} {', '.join(limits)}"

    def met(self, figure: float, ratio: float | None) -> bool | None:
        """Whether it is kept; None if that cannot be told, because the reference is missing."""
        limit, value = (self.figure, figure) if self.ratio is None else (self.ratio, ratio)
        if limit is None or value is None:
            return None
        return value >= limit if self.at_least else value <= limit


def store_goals() -> dict[str, Goal]:
    """Turns of a store beside a bare loop on the same database."""
    shares = {"SQLite": 0.6, "PostgreSQL": 0.5}
    return {
        f"{store}: turns/s, {at_once} at once": Goal(ratio=share, at_least=True)
        for store, share in shares.items()
        for at_once in (1, 16, 128)
    }


GOALS = {
    "added time to first delta, ms": Goal(2),
    "A turns/s, 16 at once": Goal(300, at_least=True),
    "B turns/s, 16 at once": Goal(250, at_least=True),
    "CPU s per 1000 A": Goal(3.3, 2.5),
    "CPU s per 1000 B": Goal(3.5, 2.7),
    "CPU us per delta, burst": Goal(16),
    "CPU us per delta, paced": Goal(130),
    "A turn p99/p50, 64 at once": Goal(2),
    "many paced streams: turn time, s": Goal(4.3),
    "many paced streams: lag p99, ms": Goal(150),
    "many paced streams: deltas lost": Goal(0),
    "memory idle, MB": Goal(80),
    "memory with many streams, MB": Goal(140),
    "cold start, s": Goal(0.9),
    "turns late in a session: ms": Goal(10, 1.2),
    "turns late in a session: CPU ms": Goal(ratio=1.2),
    "disk per B turn, kB": Goal(10),
    "disk per B turn, pruned, kB": Goal(3),
    "A turns in one session, pruned: kB a turn": Goal(ratio=1.5),
    "B turns in one session, pruned: kB a turn": Goal(ratio=1.5),
    "opening a session of many turns, ms": Goal(50),
    "tool at a connected worker: CPU s per 1000 B": Goal(ratio=2.7),
    "connected worker: calls/s, 200 at once": Goal(1000, at_least=True),
    "connected worker: request to handler, ms": Goal(5),
    **{f"{wire}: CPU s per 1000 A": Goal(ratio=1.5) for wire in ("ai-sdk", "ag-ui", "responses", "chat")},
    **store_goals(),
}
