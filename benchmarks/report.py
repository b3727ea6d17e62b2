"""Owns how the figures are shown: beside a reference, as ratios, with missed goals marked."""

import statistics
from dataclasses import dataclass, field

from benchmarks.goals import GOALS
from benchmarks.progress import Progress

WIDTH = 52


@dataclass
class Section:
    """Measures with one kind of reference. `found`: measure -> `reference` or `mainspring` -> what each round gave."""

    title: str
    reference: str
    progress: Progress
    found: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, measure: str, *, ours: float | None = None, theirs: float | None = None) -> None:
        """One round's figure of either or both."""
        for side, value in (("reference", theirs), ("mainspring", ours)):
            if value is not None:
                self.found.setdefault(measure, {}).setdefault(side, []).append(value)
                self.progress.figure(side if side == "mainspring" else self.reference, measure, value)

    def say(self, text: str) -> None:
        """Something that the table has to tell in words: what was not measured, and why."""
        self.notes.append(text)
        self.progress.said(text)

    def medians(self) -> dict[str, dict[str, float]]:
        """By measure: each side's median, their ratio, and whether the goal is met, as far as these can be told."""
        told: dict[str, dict[str, float]] = {}
        for measure, sides in self.found.items():
            figures = {side: statistics.median(values) for side, values in sides.items()}
            theirs, ours = figures.get("reference"), figures.get("mainspring")
            if theirs and theirs > 0 and ours is not None:
                figures["ratio"] = ours / theirs
            goal = GOALS.get(measure)
            met = goal.met(ours, figures.get("ratio")) if goal and ours is not None else None
            if met is not None:
                figures["met"] = met
            told[measure] = figures
        return told

    def lines(self) -> list[str]:
        """This part of the table."""
        told = [f"{self.title:{WIDTH}} {self.reference:>12} {'mainspring':>11} {'ratio':>7}   goal"]
        for measure, figures in self.medians().items():
            ratio = f"{figures['ratio']:.2f}x" if "ratio" in figures else "-"
            goal = GOALS[measure].shown() if measure in GOALS else ""
            verdict = {1.0: "  met", 0.0: "  MISSED"}.get(figures.get("met", -1.0), "")
            theirs, ours = shown(figures.get("reference")), shown(figures.get("mainspring"))
            told.append(
                f"  {measure:{WIDTH - 2}} {theirs:>12} {ours:>11} {ratio:>7}   {goal}{verdict}".rstrip()
            )
        return [*told, *(f"  ({text})" for text in self.notes)]


def shown(value: float | None) -> str:
    """A figure with as many digits as it deserves."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def table(sections: list[Section], machine: str) -> str:
    """The table as text."""
    told = [line for section in sections for line in ("", *section.lines())]
    kept = [
        met
        for section in sections
        for each in section.medians().values()
        if (met := each.get("met")) is not None
    ]
    missed = len(kept) - int(sum(kept))
    return "\n".join([machine, *told, "", f"{len(kept)} goals, {missed} missed."])
