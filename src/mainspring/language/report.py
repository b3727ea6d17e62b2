"""Owns the collecting of diagnostics: added as they are found, each once, never more than a person would read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mainspring.model.diagnostics import Diagnostic, Severity
from mainspring.model.spans import Span

MOST = 200
HINTED = 40
"""After so many, no more guessing at what was meant: it is the costly part."""
_WORD = 100


class Report:
    """The diagnostics of one compilation."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, Span | None, str], Diagnostic] = {}
        self._room: dict[Severity, int] = {"error": MOST, "warning": MOST}

    @property
    def hints(self) -> bool:
        """Whether a further diagnostic should still say what was perhaps meant."""
        return len(self._found) < HINTED

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless the same was found before or there are too many of its severity."""
        key = (diagnostic.code, diagnostic.message, diagnostic.span, diagnostic.path)
        if key in self._found:
            return
        self._room[diagnostic.severity] -= 1
        if self._room[diagnostic.severity] >= 0:
            self._found[key] = diagnostic

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All of them, in the order of files and lines; the protocol first."""
        found = sorted(self._found.values(), key=_order)
        for severity, room in self._room.items():
            if room < 0:
                more = f"and {-room} more: correct some and compile again"
                found.append(Diagnostic(code="too-many-problems", message=more, severity=severity))
        return tuple(found)


def _order(diagnostic: Diagnostic) -> tuple[bool, str, int, int]:
    span = diagnostic.span
    if span is None:
        return (True, "", 0, 0)
    return (False, "" if span.file == "protocol.yaml" else span.file, span.line, span.column)


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """A hint that names the option most like `word`, or nothing."""
    folded: dict[str, str] = {}
    for option in options:
        folded.setdefault(_folded(option), option)
    near = difflib.get_close_matches(_folded(word), folded, 1, 0.6)
    return f"did you mean `{folded[near[0]]}`?" if near else ""


def _folded(word: str) -> str:
    return word[:_WORD].lower().replace("_", "-")
