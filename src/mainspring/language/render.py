"""Owns how diagnostics look: for people (`file:line:col`, the line, a mark under the place) and for machines (JSON).

Agent files are foreign text: control characters, direction marks and lone surrogates are shown as escapes, so nothing
in a file can move a terminal's cursor or pass for something else.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from mainspring.model.diagnostics import Diagnostic
from mainspring.model.spans import Span
from mainspring.model.values import Json

EXCERPT = 100
"""The most characters shown of a line."""
LEAD = 40
"""How many of them stand before the place, where the line is longer."""
TAB = "    "
LISTED = 12
"""The most allowed values named in a line."""

RESET = "\x1b[0m"
BOLD = "\x1b[1m"
RED = "\x1b[1;31m"
YELLOW = "\x1b[1;33m"
BLUE = "\x1b[34m"


def render_text(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], *, color: bool = False) -> str:
    """Every diagnostic with its source line, then the summary; empty without diagnostics. Ends in a line break.

    `sources`: the text of each file of the agent by the path that spans name; a file that is missing is not quoted.
    """
    found = list(diagnostics)
    if not found:
        return ""
    split = {file: text.split("\n") for file, text in sources.items()}
    paint = _Paint(color)
    blocks = ["\n".join(_block(diagnostic, split, paint)) for diagnostic in found]
    return "\n\n".join([*blocks, summary(found)]) + "\n"


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """How many there are: `2 errors, 1 warning`, or `No problems`."""
    errors = warnings = 0
    for diagnostic in diagnostics:
        if diagnostic.severity == "error":
            errors += 1
        else:
            warnings += 1
    counted = [_count(errors, "error"), _count(warnings, "warning")]
    return ", ".join(part for part in counted if part) or "No problems"


def render_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Json]]:
    """`{message, path, severity, code}` of each, with `file`, `line`, `column`, `allowed` and `hint` where known.

    The same objects are the issues of an HTTP answer.
    """
    return [_issue(diagnostic) for diagnostic in diagnostics]


def _issue(diagnostic: Diagnostic) -> dict[str, Json]:
    issue: dict[str, Json] = {
        "message": diagnostic.message,
        "path": diagnostic.path,
        "severity": diagnostic.severity,
        "code": diagnostic.code,
    }
    if diagnostic.span is not None:
        issue |= {
            "file": diagnostic.span.file,
            "line": diagnostic.span.line,
            "column": diagnostic.span.column,
        }
    if diagnostic.allowed:
        issue["allowed"] = list(diagnostic.allowed)
    if diagnostic.hint:
        issue["hint"] = diagnostic.hint
    return issue


class _Paint:
    """Colours for a terminal, or none."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled

    def __call__(self, style: str, text: str) -> str:
        return f"{style}{text}{RESET}" if self._enabled else text


def _block(diagnostic: Diagnostic, sources: Mapping[str, list[str]], paint: _Paint) -> Iterator[str]:
    """The lines of one diagnostic."""
    span = diagnostic.span
    style = RED if diagnostic.severity == "error" else YELLOW
    place = f"{span.file}:{span.line}:{span.column}" if span is not None else diagnostic.path
    lead = paint(BOLD, f"{_visible(place)}: ") if place else ""
    kind = "" if diagnostic.severity == "error" else paint(style, "warning: ")
    yield f"{lead}{kind}{_visible(diagnostic.message)} [{diagnostic.code}]"
    if span is not None and span.file in sources:
        yield from _quote(span, sources[span.file], style, paint)
    if diagnostic.allowed:
        yield f"  allowed: {_listed(diagnostic.allowed)}"
    if diagnostic.hint:
        yield f"  hint: {_visible(diagnostic.hint)}"


def _quote(span: Span, lines: list[str], style: str, paint: _Paint) -> Iterator[str]:
    """The line of a span with a mark under the place; nothing where the file has no such line."""
    if not 1 <= span.line <= len(lines):
        return
    line = lines[span.line - 1].rstrip("\r")
    begin = min(max(span.column - 1, 0), len(line))
    end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line)
    shown, offset, width = _excerpt(line, begin, max(end, begin))
    gutter = f"{span.line:>5} | "
    yield paint(BLUE, gutter) + shown
    yield paint(BLUE, " " * 5 + " | ") + " " * offset + paint(style, "^" * width)


def _excerpt(line: str, begin: int, end: int) -> tuple[str, int, int]:
    """The part of a line to show, and where (columns on screen) its mark begins and how wide it is."""
    start = max(0, begin - LEAD) if len(line) > EXCERPT else 0
    stop = min(len(line), start + EXCERPT)
    before = ("…" if start else "") + _visible(line[start:begin])
    marked = _visible(line[begin : min(end, stop)])
    after = _visible(line[min(end, stop) : stop]) + ("…" if stop < len(line) else "")
    return before + marked + after, _width(before), max(_width(marked), 1)


def _visible(text: str) -> str:
    """Text as it is safe to print: a tab as spaces, what cannot be seen as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character == "\t":
        return TAB
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def _width(text: str) -> int:
    """The columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _listed(values: tuple[str, ...]) -> str:
    shown = ", ".join(_visible(value) for value in values[:LISTED])
    return shown if len(values) <= LISTED else f"{shown} and {len(values) - LISTED} more"


def _count(number: int, noun: str) -> str:
    return "" if not number else f"{number} {noun}" if number == 1 else f"{number} {noun}s"
