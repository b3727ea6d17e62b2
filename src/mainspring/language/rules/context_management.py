"""Owns the rules for `contextManagement`: its worker, and when it would run."""

from __future__ import annotations

from mainspring.language.syntax import MapNode
from mainspring.language.unit import Unit
from mainspring.model.program import Program

THRESHOLD = 80


def context_management(unit: Unit, program: Program) -> None:
    """The summarizer is a declared worker that the model cannot call; without `recentPercent` it never runs."""
    place = unit.written("agent", "contextManagement")
    if place is None or program.agent is None or not isinstance(place.node, MapNode):
        return
    worker = unit.written("agent", "contextManagement", "summarizerWorker")
    slug = None if worker is None else worker.value
    if worker is not None and isinstance(slug, str):
        if slug not in unit.names["worker"]:
            message = f"there is no worker `{slug[:80]}` in `workers`"
            worker.error("unknown-worker", message, allowed=unit.names["worker"])
        elif slug in program.agent.workers:
            worker.error("bad-value", f"the summarizer `{slug}` may not stand in `agent.workers`")
    recent = unit.written("agent", "contextManagement", "recentPercent")
    threshold = unit.written("agent", "contextManagement", "thresholdPercent")
    most = THRESHOLD if threshold is None else threshold.value
    if recent is None:
        message = "without `recentPercent` a thread is only shortened when its model has refused it"
        (worker or place).warn("summarizer-never-runs", message)
    elif isinstance(recent.value, int) and isinstance(most, int) and recent.value >= most > 0:
        message = f"`recentPercent` has to be less than `thresholdPercent` ({most}), else nothing is left out"
        recent.error("bad-value", message)
