"""Owns the table of faults as people read it; `faults.toml` has what it says."""

import tomllib
from pathlib import Path
from typing import Any

SAID = {
    "both": ("proved", "proved"),
    "above": ("proved, above the store", "the same code"),
    "sqlite": ("proved", "cannot happen"),
    "postgres": ("cannot happen", "proved"),
}
FAULTS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def faults_table() -> str:
    """Every fault, what holds after it, and what proves it on each store."""
    head = ("id", "what happens", "what is true afterwards", "SQLite", "PostgreSQL", "proved by")
    rows = [head, ("---",) * len(head)]
    for name, row in FAULTS.items():
        but = row.get("but", "")
        then = f"{row['then']} ({but})" if but else row["then"]
        tests = "<br>".join(f"`{test}`" for test in row["tests"])
        rows.append((name, row["what"], then, *SAID[row["where"]], tests))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
