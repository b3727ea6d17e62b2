"""Owns the collecting of diagnostics: added as they are found, each once, never more than a person would read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mainspring.model.diagnostics import Diagnostic
from mainspring.model.spans import Span

MOST = 200
_WORD = 100


class Report:
    """The diagnostics of one compilation."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, Span | None, str], Diagnostic] = {}
        self.full = False

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless the same was found before or there are too many."""
        key = (diagnostic.code, diagnostic.message, diagnostic.span, diagnostic.path)
        if len(self._found) >= MOST and key not in self._found:
            self.full = True
            return
        self._found.setdefault(key, diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep several."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All of them, in the order of files and lines; the protocol first."""
        found = sorted(self._found.values(), key=_order)
        if self.full:
            more = "there are more problems than these: correct some and compile again"
            found.append(Diagnostic(code="too-many-problems", message=more))
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
