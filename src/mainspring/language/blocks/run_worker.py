"""Owns `run-worker`: a worker runs to its end."""

from __future__ import annotations

from mainspring.language.draft import BlockKind, Draft
from mainspring.language.operands import arguments
from mainspring.language.report import did_you_mean
from mainspring.model.program import Program, RunWorker


def _read(draft: Draft) -> RunWorker | None:
    unit = draft.unit
    place = draft.section.need("worker")
    slug = None if place is None else place.text()
    if place is not None and slug is not None and slug not in unit.names["worker"]:
        message = f"there is no worker `{slug[:80]}` in `workers`"
        place.error("unknown-worker", message, allowed=unit.names["worker"])
    values = arguments(draft.section, draft.scope)
    worker = unit.workers.get(slug or "")
    shown = draft.shown("stream" if worker is None else worker.display)
    output = draft.output()
    if slug is None:
        return None
    program = (unit.programs or {}).get(slug)
    if program is not None and worker is not None:
        _check_input(program, set(values), draft)
    return RunWorker(**shown, worker=slug, input=values, output=output)


def _check_input(program: Program, given: set[str], draft: Draft) -> None:
    for key, place in draft.section.members("input"):
        if key not in program.input:
            hint = did_you_mean(key, program.input)
            message = f"the worker `{program.slug}` has no input `{key[:80]}`"
            place.error("unknown-input", message, allowed=tuple(program.input), hint=hint)
    for key, declared in program.input.items():
        if key not in given and not declared.optional and not declared.has_default:
            at = draft.section.get("input") or draft.section.place
            at.error("missing-input", f"the worker `{program.slug}` needs the input `{key}`")


RUN_WORKER = BlockKind(name="run-worker", members=("worker", "input", "output"), read=_read)
