"""Owns the rules for `contextManagement`: its worker, when it would run, and that nothing summarises yet."""

from __future__ import annotations

from mainspring.language.syntax import MapNode
from mainspring.language.unit import Unit
from mainspring.model.program import Program


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
        if unit.written("agent", "contextManagement", "recentPercent") is None:
            worker.warn("summarizer-never-runs", "without `recentPercent` the summarizer never runs")
    message = "`contextManagement` is accepted, but this server sends threads whole: nothing is summarised"
    place.warn("not-run", message)
