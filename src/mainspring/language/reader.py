"""Owns YAML: text in, our own tree with a span on every node out. Nothing else imports the YAML library.

The tree is built from the parser's events and not from composed nodes, so that depth and the size of what
aliases stand for are bounded before anything is built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from mainspring.language.scalars import resolve
from mainspring.language.syntax import Entry, ListNode, MapNode, Node, ScalarNode
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.spans import Span

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 40
MAX_NODES: Final = 20_000
MAX_KEYS: Final = 1_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\U00010000-\U0010ffff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_ADVICE = (
    ("mapping values are not allowed", "put text that holds `: ` in quotes, and check the indentation"),
    ("cannot start any token", "indent with spaces, and put text that begins with @, ` or % in quotes"),
    ("expected <block end>", "check the indentation of this line and the one before it"),
    ("could not find expected ':'", "is a colon missing, or the text of this line not indented?"),
    ("while scanning a quoted scalar", "a quotation mark is not closed"),
)


class _Refused(Exception):
    """The text cannot be read any further."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(slots=True)
class _Measure:
    """How much a node stands for when its aliases are written out."""

    nodes: int = 1
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A collection that is not closed yet."""

    mapping: bool
    start: Any
    anchor: str | None
    items: list[Node] = field(default_factory=list[Node])
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    key: ScalarNode | None = None
    waiting: bool = False
    measure: _Measure = field(default_factory=_Measure)


def read_yaml(text: str, file: str) -> tuple[Node | None, list[Diagnostic]]:
    """The tree of a YAML text, and what is wrong with it; no tree if it is empty or cannot be read."""
    builder = _Builder(file)
    try:
        check_text(text, file)
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except _Refused as refused:
        return None, [*builder.found, refused.diagnostic]
    except yaml.YAMLError as error:
        return None, [*builder.found, _syntax_error(error, file, text)]
    return builder.root, builder.found


def unreadable(text: str, file: str) -> Diagnostic | None:
    """What keeps a text from being read at all: its size, or a character no text file has."""
    try:
        check_text(text, file)
    except _Refused as refused:
        return refused.diagnostic
    return None


def check_text(text: str, file: str) -> None:
    """Refuse a text that is too large or holds characters that no text file has."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024} KiB"
        raise _Refused(Diagnostic(code="too-large", message=message, span=Span(file=file)))
    found = _UNPRINTABLE.search(text)
    if found is not None:
        message = f"the character U+{ord(found.group()):04X} may not stand in a text file"
        span = span_of(text, file, found.start(), found.end())
        raise _Refused(Diagnostic(code="bad-character", message=message, span=span))


def span_of(text: str, file: str, start: int, end: int) -> Span:
    """The span between two offsets of a text."""
    line, column = _position(text, start)
    end_line, end_column = _position(text, end)
    return Span(file=file, line=line, column=column, end_line=end_line, end_column=end_column)


def _position(text: str, offset: int) -> tuple[int, int]:
    breaks = list(_BREAK.finditer(text, 0, offset))
    return len(breaks) + 1, offset - (breaks[-1].end() if breaks else 0) + 1


def _syntax_error(error: yaml.YAMLError, file: str, text: str) -> Diagnostic:
    problem = str(getattr(error, "problem", None) or error).splitlines()[0]
    context = str(getattr(error, "context", None) or "")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    span = _within(_span(file, mark, mark), text) if mark else Span(file=file)
    where = f"{context} {problem}"
    hint = next((advice for words, advice in _ADVICE if words in where), "")
    return Diagnostic(code="yaml-syntax", message=f"this is not YAML: {problem}", span=span, hint=hint)


def _within(span: Span, text: str) -> Span:
    """A point that lies in the text: the parser may put the end of a file into the line after it."""
    lines = _BREAK.split(text)
    line = min(span.line, len(lines))
    longest = len(lines[line - 1]) + 1
    column = longest if line < span.line else min(span.column, longest)
    return Span(file=span.file, line=line, column=column, end_line=line, end_column=column)


def _span(file: str, start: Any, end: Any) -> Span:
    return Span(
        file=file,
        line=start.line + 1,
        column=start.column + 1,
        end_line=end.line + 1,
        end_column=end.column + 1,
    )


class _Builder:
    """Makes the tree of a stream of events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.found: list[Diagnostic] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, _Measure] | None] = {}
        self._documents = 0
        self._nodes = 0

    def take(self, event: Any) -> None:
        """Use the next event."""
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._document(event)
            case _:
                pass

    def _complain(self, code: str, message: str, event: Any, *, hint: str = "") -> Diagnostic:
        span = _span(self.file, event.start_mark, event.end_mark)
        return Diagnostic(code=code, message=message, span=span, hint=hint)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            message = "a protocol is one YAML document: remove the `---` and what follows it"
            raise _Refused(self._complain("yaml-documents", message, event))

    def _count(self, event: Any, measure: _Measure) -> None:
        self._nodes += measure.nodes
        if self._nodes > MAX_NODES:
            message = f"the file stands for more than {MAX_NODES} values"
            raise _Refused(self._complain("yaml-too-many-values", message, event))
        if len(self._stack) + measure.height > MAX_DEPTH:
            message = f"the values are nested deeper than {MAX_DEPTH} levels"
            raise _Refused(self._complain("yaml-too-deep", message, event))

    def _tag(self, event: Any) -> None:
        if event.tag is not None:
            message = f"YAML tags are not used in a protocol: remove `{str(event.tag)[:60]}`"
            self.found.append(self._complain("yaml-tag", message, event))

    def _scalar(self, event: Any) -> None:
        self._tag(event)
        measure = _Measure()
        self._count(event, measure)
        self._check_value(event)
        value = resolve(event.value) if event.implicit[0] and event.style in {None, ""} else event.value
        node = ScalarNode(value=value, span=_span(self.file, event.start_mark, event.end_mark))
        self._placed(node, measure, event)

    def _check_value(self, event: Any) -> None:
        """Escapes can write what text may not hold."""
        found = None if str(event.value).isprintable() else _UNSTORABLE.search(event.value)
        if found is not None:
            message = f"the character U+{ord(found.group()):04X} may not stand in a value"
            raise _Refused(self._complain("bad-character", message, event))

    def _open(self, event: Any) -> None:
        self._tag(event)
        self._count(event, _Measure())
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        mapping = isinstance(event, yaml.MappingStartEvent)
        self._stack.append(_Open(mapping=mapping, start=event.start_mark, anchor=event.anchor))

    def _close(self, event: Any) -> None:
        done = self._stack.pop()
        span = _span(self.file, done.start, event.end_mark)
        node: Node
        if done.mapping:
            node = MapNode(entries=tuple(done.entries.values()), span=span)
        else:
            node = ListNode(items=tuple(done.items), span=span)
        self._add(node, done.measure, event)
        if done.anchor is not None:
            self._anchors[done.anchor] = (node, done.measure)

    def _alias(self, event: Any) -> None:
        known = self._anchors.get(event.anchor)
        if known is None:
            name = str(event.anchor)[:80]
            inside = event.anchor in self._anchors
            message = f"`*{name}` stands inside the value it repeats" if inside else ""
            message = message or f"there is no `&{name}` before `*{name}`"
            raise _Refused(self._complain("yaml-alias", message, event))
        node, measure = known
        self._count(event, measure)
        self._add(node, measure, event)

    def _placed(self, node: Node, measure: _Measure, event: Any) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, measure)
        self._add(node, measure, event)

    def _add(self, node: Node, measure: _Measure, event: Any) -> None:
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        top.measure.nodes += measure.nodes
        top.measure.height = max(top.measure.height, measure.height + 1)
        if not top.mapping:
            top.items.append(node)
        elif top.waiting:
            self._value(top, node, event)
        else:
            self._key(top, node, event)

    def _key(self, top: _Open, node: Node, event: Any) -> None:
        top.waiting = True
        if isinstance(node, ScalarNode) and isinstance(node.value, str):
            top.key = node
            return
        top.key = None
        message, hint = "a key has to be text", "put it in quotes"
        self.found.append(self._complain("yaml-key", message, event, hint=hint))

    def _value(self, top: _Open, node: Node, event: Any) -> None:
        top.waiting = False
        if top.key is None:
            return
        key, span = str(top.key.value), top.key.span
        first = top.entries.get(key)
        if first is not None:
            message = f"`{key[:80]}` stands here twice; the first is in line {first.key_span.line}"
            self.found.append(Diagnostic(code="duplicate-key", message=message, span=span))
            return
        if len(top.entries) >= MAX_KEYS:
            message = f"a mapping has more than {MAX_KEYS} keys"
            raise _Refused(self._complain("yaml-too-many-values", message, event))
        top.entries[key] = Entry(key=key, key_span=span, value=node)
