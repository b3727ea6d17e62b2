"""Owns complaints about an agent's files: values with a stable code, a place, what is allowed and a hint."""

from __future__ import annotations

from typing import Literal

from mainspring.model.spans import Span
from mainspring.model.values import Value

Severity = Literal["error", "warning"]


class Diagnostic(Value, frozen=True, kw_only=True):
    """One problem: `path` is the dotted place (`handlers.user-message.Respond.tool`, `agent.tools[0]`)."""

    code: str
    message: str
    severity: Severity = "error"
    path: str = ""
    span: Span | None = None
    allowed: tuple[str, ...] = ()
    hint: str = ""


def has_errors(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> bool:
    """Whether any of the diagnostics forbids running the agent."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)
