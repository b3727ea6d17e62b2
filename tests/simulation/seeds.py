"""Owns running a seed, and telling of one that failed all that a person needs: steps, journals, how to replay it."""

import tempfile
import traceback
from pathlib import Path

from tests.simulation.many import ManyHosts
from tests.simulation.simulation import STEPS, Simulation

SHOWN = 700
"""The most characters of a journal row that are told."""
FILE_EVERY = 8
"""Every so many seeds the database is a file."""


def run(seed: int, *, steps: int = STEPS, many: bool = False) -> tuple[Simulation, Exception | None]:
    """The run, with one host after another or with many at once, and what it found."""
    with tempfile.TemporaryDirectory() as folder:
        file = None if seed % FILE_EVERY else Path(folder) / "simulation.db"
        simulation = (ManyHosts if many else Simulation)(seed, steps=steps, file=file)
        try:
            simulation.run()
        except Exception as found:  # noqa: BLE001 - whatever it is, it is what the seed found
            return simulation, found
    return simulation, None


def failure(seed: int, *, steps: int = STEPS, many: bool = False) -> str | None:
    """What a seed found, in one line."""
    _, found = run(seed, steps=steps, many=many)
    return None if found is None else f"seed {seed}: {type(found).__name__}: {str(found)[:300]}"


def explain(seed: int, *, steps: int = STEPS, many: bool = False) -> str | None:
    """Everything about a seed that found something."""
    simulation, found = run(seed, steps=steps, many=many)
    if found is None:
        return None
    lines = [
        f"seed {seed} (again: python -m tests.simulation {seed} --steps {steps}{' --many' if many else ''})",
        *simulation.said,
    ]
    for session_id, rules in simulation.rules.items():
        lines.append(f"--- the journal of {session_id}")
        lines += [f"{row.first}-{row.last} {row.data.decode()[:SHOWN]}" for row in rules.rows]
    return "\n".join((*lines, *traceback.format_exception(found)))
