"""Owns the tags of a prompt's text: which `{{...}}` is one of our forms, and what is wrong with one that nearly is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal

import msgspec

from mainspring.model.program import Condition
from mainspring.model.spans import Span

TagKind = Literal["variable", "include", "if", "else-if", "else", "end"]

CONDITION_FORMS = ("VAR", "!VAR", 'VAR == "text"', 'VAR != "text"')

# A body ends at the first `}}` outside double quotes and never holds a line break, so a scan of any text is linear.
TAG = re.compile(
    r"""\{\{ (?: (?P<body> (?: "[^"\n]*" | [^"{}\n] | \}(?!\}) )* ) \}\}
        | [ \t]* (?P<broken> \#if\b | /if\b | @ | else[ \t]+if\b ) [^{}\n]* )""",
    re.VERBOSE,
)
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
CONDITION = re.compile(
    r'(?P<bang>!?)[ \t]*(?P<name>[A-Z][A-Z0-9_]*)(?:[ \t]*(?P<op>==|!=)[ \t]*"(?P<literal>[^"]*)")?'
)
ELSE_IF = re.compile(r"\s+if(?=$|[\s!(\"])")
WORD = re.compile(r"(?P<word>[#/]?[A-Za-z]+)(?P<rest>.*)", re.DOTALL)


class Fault(msgspec.Struct, frozen=True):
    """A malformed tag; `start` and `end` are offsets in the text."""

    code: str
    message: str
    start: int
    end: int
    hint: str = ""
    allowed: tuple[str, ...] = ()
    severity: Literal["error", "warning"] = "error"


class Tag(msgspec.Struct, frozen=True):
    """One of our forms. `inner` is the range of its condition, path or name; `condition` None: absent or malformed."""

    kind: TagKind
    start: int
    end: int
    inner: tuple[int, int]
    name: str = ""
    condition: Condition | None = None


class Places:
    """Turns offsets of a text into spans of its file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def span(self, start: int, end: int) -> Span:
        """The span of `text[start:end]`."""
        line, column = self._place(start)
        end_line, end_column = self._place(end)
        return Span(file=self.file, line=line, column=column, end_line=end_line, end_column=end_column)

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def scan(text: str) -> Iterator[Tag | Fault]:
    """The tags and faults of a text, in order; a malformed `{{#if}}` gives both, so that blocks still balance."""
    for match in TAG.finditer(text):
        if (body := match["body"]) is not None:
            yield from _classify(body, match)
        else:
            yield _unclosed(match)
            yield from _classify(match["broken"], match) if "if" in match["broken"] else ()


def _unclosed(match: re.Match[str]) -> Fault:
    found = match["broken"]
    return Fault(
        "prompt-unclosed-tag",
        f"the tag `{{{{{found}` is not closed: there is no `}}}}` on its line",
        match.start(),
        match.end(),
        hint="close it with `}}`; a tag stays on one line, and a text in a condition needs both of its double quotes",
    )


def _classify(body: str, match: re.Match[str]) -> Iterator[Tag | Fault]:
    """What a tag's body is; nothing for text that only looks like a tag."""
    content = body.strip(" \t\r")
    at = match.start() + 2 + len(body) - len(body.lstrip(" \t\r"))
    inner = (at, at + len(content))
    if VARIABLE.fullmatch(content):
        yield Tag("variable", match.start(), match.end(), inner, content)
    elif content.startswith("@"):
        yield Tag("include", match.start(), match.end(), (at + 1, inner[1]), content[1:].strip(" \t"))
    elif word := WORD.match(content):
        yield from _keyword(word, at, match)


def _keyword(word: re.Match[str], at: int, match: re.Match[str]) -> Iterator[Tag | Fault]:
    """The tags that begin with a word: `#if`, `else`, `else if`, `/if`, and the ways to misspell them."""
    name, rest = word["word"], word["rest"]
    whole = (match.start(), match.end())
    if name == "#if" and _separate(rest):
        yield from _conditional("if", rest, at + len("#if"), match)
    elif name.startswith("#"):
        yield Fault(
            "prompt-unknown-block",
            f"`{{{{{name}}}}}` is not a block of the prompt language and stays as text",
            *whole,
            hint="the only block is `{{#if VAR}} ... {{/if}}`",
            severity="warning",
        )
    elif name == "/if" and _separate(rest):
        if rest:
            yield _malformed("`{{/if}}` takes nothing after its name", whole, "write `{{/if}}`")
        yield Tag("end", *whole, whole)
    elif name in ("else", "elif", "elseif", "elsif") and _separate(rest):
        yield from _alternative(word, at, match)


def _alternative(word: re.Match[str], at: int, match: re.Match[str]) -> Iterator[Tag | Fault]:
    """`else` or `else if`; a fault for any other way to say it."""
    name, rest = word["word"], word["rest"]
    whole = (match.start(), match.end())
    if name == "else" and not rest:
        yield Tag("else", *whole, whole)
    elif name == "else" and (found := ELSE_IF.match(rest)):
        yield from _conditional("else-if", rest[found.end() :], at + len("else") + found.end(), match)
    else:
        yield _malformed(
            f"`{{{{{name}{rest}}}}}` is not a tag", whole, "write `{{else}}` or `{{else if VAR}}`"
        )


def _separate(rest: str) -> bool:
    """Whether a keyword ended where `rest` begins, rather than going on as another word."""
    return not rest or rest[0].isspace() or rest[0] in '!("'


def _malformed(message: str, span: tuple[int, int], hint: str) -> Fault:
    return Fault("prompt-malformed-tag", message, *span, hint=hint)


def _conditional(
    kind: Literal["if", "else-if"], text: str, at: int, match: re.Match[str]
) -> Iterator[Tag | Fault]:
    """The tag of `{{#if C}}` or `{{else if C}}`; a fault before it if C is malformed (and its tag was closed)."""
    content = text.strip()
    start = at + len(text) - len(text.lstrip()) if content else at
    inner = (start, start + len(content))
    condition = _condition(content)
    if condition is None and match["body"] is not None:
        place = inner if content else (match.start(), match.end())
        what = f"`{content}` is not a condition" if content else "the condition is missing"
        yield Fault(
            "prompt-bad-condition", what, *place, hint=_condition_hint(content), allowed=CONDITION_FORMS
        )
    yield Tag(kind, match.start(), match.end(), inner, condition=condition)


def _condition(content: str) -> Condition | None:
    found = CONDITION.fullmatch(content)
    if found is None or (found["bang"] and found["op"]):
        return None
    if found["op"]:
        return Condition(
            variable=found["name"],
            operator="equals" if found["op"] == "==" else "differs",
            literal=found["literal"],
        )
    return Condition(variable=found["name"], operator="falsy" if found["bang"] else "truthy")


HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"&&|\|\||\b(?:and|or|AND|OR)\b"),
        "nest one `{{#if}}` in another instead of joining conditions",
    ),
    (re.compile(r"'"), "put the text in double quotes"),
    (re.compile(r"^[A-Z0-9_]+\s*=[^=]"), "compare with `==`"),
    (re.compile(r"^!.*[!=]="), "use `!=` instead of `!` and `==`"),
    (re.compile(r"[<>]"), "numbers cannot be compared; `==` and `!=` compare texts"),
    (re.compile(r"[!=]=\s*[^\"\s]"), "put the text in double quotes"),
    (re.compile(r"^!?\s*[a-z]"), "names of variables are UPPER_SNAKE_CASE"),
    (re.compile(r"\."), "only whole variables can be tested, not their members"),
)


def _condition_hint(content: str) -> str:
    """Advice for the commonest mistakes; empty if none is recognised."""
    outside_quotes = re.sub(r'"[^"]*"', '""', content)
    return next((hint for pattern, hint in HINTS if pattern.search(outside_quotes)), "")
