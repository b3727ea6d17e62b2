"""Owns reading a node as what it should be: typed, with a complaint at the right place when it is something else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from mainspring.language.report import Report, did_you_mean
from mainspring.language.syntax import (
    ListNode,
    MapNode,
    Node,
    Path,
    ScalarNode,
    kind_of,
    path_text,
    plain,
)
from mainspring.model.diagnostics import Diagnostic, Severity
from mainspring.model.spans import Span
from mainspring.model.values import Json

Word = TypeVar("Word", bound=str)

_LARGEST = 2**63
_SHOWN = 60
_LISTED = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A node, where it stands, and where complaints about it go. `key_span`: the key it is the value of."""

    node: Node
    path: Path
    report: Report
    key_span: Span | None = None

    @property
    def span(self) -> Span:
        """The span that a complaint points at: a scalar itself, the key of a collection."""
        if isinstance(self.node, ScalarNode) and self.node.value is not None:
            return self.node.span
        return self.key_span or start_of(self.node.span)

    @property
    def is_null(self) -> bool:
        """Whether nothing is written."""
        return isinstance(self.node, ScalarNode) and self.node.value is None

    @property
    def value(self) -> Json:
        """The JSON value as written, unchecked."""
        return plain(self.node)

    def error(self, code: str, message: str, *, allowed: Iterable[str] = (), hint: str = "") -> None:
        """Complain; `allowed` also gives the did-you-mean hint unless `hint` says something."""
        self._complain("error", (code, message), tuple(allowed), hint)

    def warn(self, code: str, message: str, *, hint: str = "") -> None:
        """Warn."""
        self._complain("warning", (code, message), (), hint)

    def _complain(
        self, severity: Severity, what: tuple[str, str], allowed: tuple[str, ...], hint: str
    ) -> None:
        if not hint and allowed and self.report.hints:
            hint = did_you_mean(self._word(what[0]), allowed)
        self.report.add(
            Diagnostic(
                code=what[0],
                message=what[1],
                severity=severity,
                path=path_text(self.path),
                span=self.span,
                allowed=allowed[:_LISTED],
                hint=hint,
            )
        )

    def _word(self, code: str) -> str:
        """The word that was perhaps misspelt: the text itself, or the key of what is unknown."""
        value = self.node.value if isinstance(self.node, ScalarNode) else None
        if isinstance(value, str):
            return value
        return str(self.path[-1]) if self.path and code.startswith("unknown-") else ""

    def wrong(self, wanted: str) -> None:
        """Complain that the node is not what it should be."""
        self.error("wrong-type", f"{self.name} has to be {wanted}, not {kind_of(self.node)}")

    @property
    def name(self) -> str:
        """The node as a message calls it: its own key, or `item 0 of tools`."""
        if not self.path:
            return "the file"
        last = self.path[-1]
        if isinstance(last, int):
            return f"item {last + 1} of `{path_text(self.path[:-1]).rpartition('.')[2]}`"
        return f"`{last[:_SHOWN]}`"

    # ------------------------------------------------------------ scalars

    def text(self) -> str | None:
        """Text that is not empty."""
        value = self.string()
        if value is not None and not value.strip():
            self.error("empty-value", f"{self.name} is empty")
            return None
        return value

    def string(self) -> str | None:
        """Any text."""
        if isinstance(self.node, ScalarNode) and isinstance(self.node.value, str):
            return self.node.value
        self.wrong("text")
        return None

    def boolean(self) -> bool | None:
        """`true` or `false`."""
        if isinstance(self.node, ScalarNode) and isinstance(self.node.value, bool):
            return self.node.value
        self.wrong("true or false")
        return None

    def integer(self, *, least: int = 0, most: int = _LARGEST - 1) -> int | None:
        """A whole number within bounds."""
        value = self.node.value if isinstance(self.node, ScalarNode) else None
        if not isinstance(value, int) or isinstance(value, bool):
            self.wrong("a whole number")
            return None
        return value if self._within(value, least, most) else None

    def number(self, *, least: float, most: float) -> int | float | None:
        """A number within bounds."""
        value = self.node.value if isinstance(self.node, ScalarNode) else None
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.wrong("a number")
            return None
        return value if self._within(value, least, most) else None

    def _within(self, value: float, least: float, most: float) -> bool:
        inside = least <= value <= most
        if not inside:
            bounds = f"at least {least}" if most == _LARGEST - 1 else f"between {least} and {most}"
            self.error("bad-value", f"{self.name} has to be {bounds}")
        return inside

    def choice(self, allowed: tuple[Word, ...]) -> Word | None:
        """One of several words."""
        value = self.value
        for word in allowed:
            if word == value:
                return word
        self.error("bad-value", f"{self.name} has to be one of {listed(allowed)}", allowed=allowed)
        return None

    def json(self) -> Json:
        """Any value that JSON can carry; None with a complaint if it holds a number that JSON cannot."""
        if all(_finite(scalar) for scalar in _scalars(self.node)):
            return self.value
        self.error("bad-value", f"{self.name} holds a number that JSON cannot carry")
        return None

    # ------------------------------------------------------------ collections

    def items(self) -> list[Place]:
        """The items of a list."""
        if not isinstance(self.node, ListNode):
            self.wrong("a list")
            return []
        return [Place(item, (*self.path, index), self.report) for index, item in enumerate(self.node.items)]

    def members(self) -> list[tuple[str, Place]]:
        """The members of a mapping whose keys are free names; keys with `x-` are skipped. Nothing written is empty."""
        if self.is_null:
            return []
        if not isinstance(self.node, MapNode):
            self.wrong("a mapping")
            return []
        return [
            (entry.key, Place(entry.value, (*self.path, entry.key), self.report, entry.key_span))
            for entry in self.node.entries
            if not entry.key.startswith("x-")
        ]

    def section(self, allowed: tuple[str, ...]) -> Section | None:
        """A mapping whose keys are known; complains about every other key."""
        if not isinstance(self.node, MapNode):
            self.wrong("a mapping")
            return None
        section = Section(self, dict(self.members()))
        section.refuse_unknown(allowed)
        return section


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with known keys."""

    place: Place
    found: dict[str, Place]

    def refuse_unknown(self, allowed: tuple[str, ...]) -> None:
        """Complain about keys that are none of `allowed`."""
        for key, place in self.found.items():
            if key not in allowed:
                at = Place(ScalarNode(value=key, span=place.key_span or place.span), place.path, place.report)
                where = f" in `{path_text(self.place.path)}`" if self.place.path else ""
                hint = "merge keys are not part of YAML 1.2: write the members out" if key == "<<" else ""
                at.error("unknown-key", f"unknown key `{key[:_SHOWN]}`{where}", allowed=allowed, hint=hint)

    def get(self, key: str) -> Place | None:
        """The member `key`, if something is written."""
        place = self.found.get(key)
        return None if place is None or place.is_null else place

    def need(self, key: str) -> Place | None:
        """The member `key`; complains if nothing is written."""
        place = self.get(key)
        if place is None:
            at = self.found.get(key) or self.place
            whose = f"`{path_text(self.place.path)}`" if self.place.path else "the protocol"
            Place(at.node, (*self.place.path, key), at.report, at.key_span).error(
                "missing-key", f"{whose} needs `{key}`"
            )
        return place

    def text(self, key: str) -> str | None:
        """The text of a member, if written."""
        place = self.get(key)
        return None if place is None else place.text()

    def flag(self, key: str, *, default: bool = False) -> bool:
        """The boolean of a member."""
        place = self.get(key)
        value = None if place is None else place.boolean()
        return default if value is None else value

    def choice(self, key: str, allowed: tuple[Word, ...], *, default: Word) -> Word:
        """The word of a member."""
        place = self.get(key)
        value = None if place is None else place.choice(allowed)
        return default if value is None else value

    def integer(self, key: str, *, least: int = 1, most: int = _LARGEST - 1) -> int | None:
        """The whole number of a member, if written."""
        place = self.get(key)
        return None if place is None else place.integer(least=least, most=most)

    def members(self, key: str) -> list[tuple[str, Place]]:
        """The members of a mapping with free names; nothing if it is not written."""
        place = self.get(key)
        return [] if place is None else place.members()

    def items(self, key: str) -> list[Place]:
        """The items of a list; nothing if it is not written."""
        place = self.get(key)
        return [] if place is None else place.items()


def find(root: Place, path: Path) -> Place | None:
    """The place of a path, if something stands there."""
    place: Place | None = root
    for step in path:
        place = None if place is None else _step(place, step)
    return place


def locate(root: Place, path: Path) -> Place:
    """The place of a path, or the deepest place on the way that is written."""
    place = root
    for step in path:
        inner = _step(place, step)
        if inner is None:
            return Place(place.node, path, root.report, place.key_span)
        place = inner
    return place


def _step(place: Place, step: str | int) -> Place | None:
    entry = place.node.entry(str(step)) if isinstance(place.node, MapNode) else None
    return None if entry is None else Place(entry.value, (*place.path, step), place.report, entry.key_span)


def listed(words: Iterable[str]) -> str:
    """Words as a message lists them."""
    return ", ".join(f"`{word}`" for word in words)


def start_of(span: Span) -> Span:
    """The first character of a span, as a point."""
    return Span(
        file=span.file, line=span.line, column=span.column, end_line=span.line, end_column=span.column
    )


def _scalars(node: Node) -> Iterator[Any]:
    if isinstance(node, ScalarNode):
        yield node.value
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _scalars(item)
    else:
        for entry in node.entries:
            yield from _scalars(entry.value)


def _finite(value: Any) -> bool:
    if isinstance(value, int):
        return -_LARGEST <= value < 2 * _LARGEST
    return not isinstance(value, float) or math.isfinite(value)
