"""Owns how the figures are shown: both subjects side by side, and their ratio. It reports, it does not judge."""

Medians = dict[str, dict[str, float]]
"""Measure -> subject -> figure."""

GOALS = {
    "added time to first delta, ms": "<= 2",
    "A turns/s, 16 at once": ">= 300",
    "B turns/s, 16 at once": ">= 250",
    "CPU s per 1000 A": "<= 3.3, 2.5x",
    "CPU s per 1000 B": "<= 3.5, 2.7x",
    "CPU us per delta, burst": "<= 16",
    "CPU us per delta, paced": "<= 130",
    "A turn p99/p50, 64 at once": "<= 2",
    "many paced streams: turn time, s": "<= 4.3 (ideal 4)",
    "many paced streams: lag p99, ms": "<= 150",
    "many paced streams: deltas lost": "0",
    "memory idle, MB": "<= 80",
    "memory with many streams, MB": "<= 140",
    "cold start, s": "<= 0.9",
    "the last of many turns, ms": "<= 10",
    "added by each earlier turn, us": "<= 30",
    "disk per B turn, kB": "<= 10",
    "disk per B turn, pruned, kB": "<= 3",
}


def shown(value: float | None) -> str:
    """A figure with as many digits as it deserves."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def table(medians: Medians) -> str:
    """The table as text."""
    lines = [f"{'':38} {'relay':>9} {'mainspring':>11} {'ratio':>7}   goal on the machine it was set on"]
    for name, figures in medians.items():
        relay, ours = figures.get("relay"), figures.get("mainspring")
        ratio = f"{ours / relay:.2f}x" if relay and ours is not None else "-"
        lines.append(f"{name:38} {shown(relay):>9} {shown(ours):>11} {ratio:>7}   {GOALS.get(name, '')}")
    return "\n".join(lines)
