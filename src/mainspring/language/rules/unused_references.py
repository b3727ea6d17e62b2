"""Owns the warning about a reference that no thread may read."""

from __future__ import annotations

from mainspring.language.sources import reference_path
from mainspring.language.unit import Unit
from mainspring.language.walk import threads_of
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.program import Program
from mainspring.model.spans import Span


def unused_references(unit: Unit, program: Program) -> None:
    """Warn at the file."""
    used = {name for _, config in threads_of(program) for name in config.references}
    for name in program.references:
        if name not in used:
            unit.report.add(
                Diagnostic(
                    code="unused-reference",
                    message=f"no thread lists the reference `{name[:80]}`",
                    severity="warning",
                    path=f"references.{name}",
                    span=Span(file=reference_path(name)),
                    hint="add it to `agent.references`, or remove the file",
                )
            )
