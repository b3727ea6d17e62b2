"""Owns reading the YAML form of a script: every mistake is found, at its line, with what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, get_args

from mainspring.language.places import Place, Section
from mainspring.language.reader import read_yaml
from mainspring.language.report import Report
from mainspring.language.syntax import ListNode, MapNode, ScalarNode
from mainspring.model.diagnostics import has_errors
from mainspring.model.generation import FinishReason, Usage
from mainspring.model.json_shape import is_list, is_object
from mainspring.model.spans import Span
from mainspring.model.values import Json
from mainspring.providers.script import (
    Call,
    Cite,
    Data,
    End,
    Fail,
    InvalidScript,
    Pattern,
    Pause,
    Piece,
    Say,
    Script,
    Think,
    Turn,
    When,
)
from mainspring.providers.script_templates import ROOTS, complaint, holes

_REASONS: Final[tuple[FinishReason, ...]] = get_args(FinishReason)
_ANSWER: Final = ("reasoning", "text", "json", "tools", "sources", "parts", "failure", "finish", "usage")
_TURN: Final = ("when", "repeat", "delay", "pace", *_ANSWER)
_SCRIPT: Final = ("turns", "default", "pace", "together")
_PATTERNS: Final = ("user", "system", "result", "model", "thread", "agent")
_NAMES: Final = ("tool-result", "offered", "response")
_COUNTS: Final = ("step", "turn", "attempt")
_WHEN: Final = (*_PATTERNS, *_NAMES, *_COUNTS)
_PIECES: Final = ("text", "reasoning", "tool", "json", "source", "delay", "failure")
_CALL: Final = ("name", "args", "arguments", "split", "metadata")
_USAGE: Final = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cached": "cached_input_tokens",
    "cached-write": "cached_write_tokens",
    "reasoning": "reasoning_output_tokens",
}
_REGEX: Final = re.compile(r"/(.*)/([ims]*)", re.DOTALL)
_FLAGS: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_HOUR: Final = 3_600_000


def load_script(text: str, file: str) -> Script:
    """The script a YAML text says; raises `InvalidScript` with everything that is wrong with it."""
    report = Report()
    root, found = read_yaml(text, file)
    report.extend(found)
    script = Script(file=file)
    if root is not None:
        script = _script(Place(root, (), report), file)
    elif not found:
        Place(ScalarNode(value=None, span=Span(file=file)), (), report).error(
            "empty-script", "the script is empty"
        )
    diagnostics = report.sorted()
    if has_errors(diagnostics):
        first = diagnostics[0]
        where = f"{file}:{first.span.line}: " if first.span else ""
        raise InvalidScript(f"{where}{first.message}", diagnostics=diagnostics)
    return script


def _script(root: Place, file: str) -> Script:
    """A whole script: a mapping, or only the list of turns."""
    if isinstance(root.node, ListNode):
        return Script(turns=tuple(_turn(item) for item in root.items()), file=file)
    section = root.section(_SCRIPT)
    if section is None:
        return Script(file=file)
    if section.get("turns") is None and section.get("default") is None:
        root.error("missing-key", "a script needs `turns`, or at least `default`")
    default = section.get("default")
    return Script(
        turns=tuple(_turn(item) for item in section.items("turns")),
        default=None if default is None else _turn(default),
        pace=_milliseconds(section, "pace") or 0,
        together=section.integer("together", most=10_000) or 1,
        file=file,
    )


def _turn(place: Place) -> Turn:
    line = place.node.span.line
    section = place.section(_TURN) if isinstance(place.node, MapNode) else None
    if section is None:
        text = place.string()
        return Turn(pieces=() if text is None else (Say(_checked(place, text)),), repeat=1, line=line)
    if not any(section.get(key) for key in _ANSWER):
        place.error("empty-turn", "the turn says nothing", hint="give it `text`, `tools` or `failure`")
    when = section.get("when")
    return Turn(
        pieces=tuple(_pieces(section)),
        when=None if when is None else _when(when),
        repeat=_repeat(section, default=1 if when is None else None),
        delay=_milliseconds(section, "delay") or 0,
        pace=_milliseconds(section, "pace"),
        line=line,
    )


def _repeat(section: Section, *, default: int | None) -> int | None:
    place = section.get("repeat")
    if place is None:
        return default
    if place.value == "forever":
        return None
    if isinstance(place.value, str):
        place.error("bad-value", "`repeat` has to be a number or `forever`", allowed=("forever",))
        return default
    return place.integer(least=1)


def _milliseconds(section: Section, key: str) -> float | None:
    place = section.get(key)
    return None if place is None else place.number(least=0, most=_HOUR)


# ---------------------------------------------------------------- conditions


def _when(place: Place) -> When:
    section = place.section(_WHEN)
    if section is None:
        return When()
    found: dict[str, Any] = {}
    for key in _PATTERNS:
        value = section.get(key)
        found[key] = None if value is None else _pattern(value)
    for key in _NAMES:
        found[key.replace("-", "_")] = section.text(key)
    for key in _COUNTS:
        found[key] = section.integer(key)
    return When(**found)


def _pattern(place: Place) -> Pattern | None:
    text = place.text()
    if text is None:
        return None
    regex = _REGEX.fullmatch(text)
    if regex is None:
        return Pattern(text)
    flags = re.RegexFlag(0)
    for letter in regex[2]:
        flags |= _FLAGS[letter]
    try:
        return Pattern(text, re.compile(regex[1], flags))
    except re.error as error:
        place.error("bad-pattern", f"{place.name} is not a regular expression: {error}")
        return None


# ---------------------------------------------------------------- answers


def _pieces(section: Section) -> list[Piece]:
    """The pieces of a turn: reasoning, text, JSON, sources, tool calls, then `parts`, failure and end."""
    found: list[Piece | None] = []
    for key, read in (("reasoning", _think), ("text", _say), ("json", _data)):
        place = section.get(key)
        if place is not None:
            found.append(read(place))
    found += [_cite(item) for item in section.items("sources")]
    found += [_call(item) for item in section.items("tools")]
    found += [_part(item) for item in section.items("parts")]
    failure = section.get("failure")
    if failure is not None:
        found.append(_fail(failure))
    if section.get("finish") or section.get("usage"):
        found.append(_end(section))
    return [piece for piece in found if piece is not None]


def _part(place: Place) -> Piece | None:
    section = place.section((*_PIECES, *(_CALL if _has(place, "tool") else ())))
    if section is None:
        return None
    if "tool" in section.found:
        return _call(place)
    readers: dict[str, Callable[[Place], Piece | None]] = {
        "text": _say,
        "reasoning": _think,
        "json": _data,
        "source": _cite,
        "delay": _pause,
        "failure": _fail,
    }
    given = [key for key in readers if section.get(key)]
    if len(given) != 1:
        place.error("bad-part", f"{place.name} has to be exactly one piece", allowed=_PIECES)
        return None
    return readers[given[0]](section.found[given[0]])


def _has(place: Place, key: str) -> bool:
    return isinstance(place.node, MapNode) and place.node.entry(key) is not None


def _checked(place: Place, text: str) -> str:
    """The text; complains about holes that can never be filled."""
    for hole in holes(text):
        problem = complaint(hole)
        if problem is not None:
            place.error("bad-template", problem, hint="known: " + ", ".join(ROOTS))
    return text


def _deltas(place: Place) -> tuple[str, tuple[str, ...] | None] | None:
    """A text, or the list of deltas it streams in."""
    if isinstance(place.node, ListNode):
        texts = [_checked(item, text) for item in place.items() if (text := item.string()) is not None]
        return "".join(texts), tuple(texts)
    text = place.string()
    return None if text is None else (_checked(place, text), None)


def _say(place: Place) -> Say | None:
    found = _deltas(place)
    return None if found is None else Say(*found)


def _think(place: Place) -> Think | None:
    if not isinstance(place.node, MapNode):
        found = _deltas(place)
        return None if found is None else Think(*found)
    section = place.section(("text", "signature", "metadata"))
    text = None if section is None else section.need("text")
    found = None if text is None else _deltas(text)
    if section is None or found is None:
        return None
    metadata = _object(section, "metadata")
    signature = section.text("signature")
    if signature is not None:
        metadata = {**(metadata or {}), "signature": signature}
    return Think(found[0], found[1], metadata)


def _data(place: Place) -> Data:
    return Data(_json(place))


def _json(place: Place) -> Json:
    _check_texts(place, place.json())
    return place.json()


def _check_texts(place: Place, value: Json) -> None:
    if isinstance(value, str):
        _checked(place, value)
    elif is_list(value):
        for item in value:
            _check_texts(place, item)
    elif is_object(value):
        for item in value.values():
            _check_texts(place, item)


def _object(section: Section, key: str) -> dict[str, Json] | None:
    place = section.get(key)
    if place is None:
        return None
    value = _json(place)
    if not is_object(value):
        place.wrong("a mapping")
        return None
    return value


def _cite(place: Place) -> Cite | None:
    if not isinstance(place.node, MapNode):
        url = place.text()
        return None if url is None else Cite(_checked(place, url))
    section = place.section(("url", "title"))
    address = None if section is None else section.need("url")
    url = None if address is None else address.text()
    return None if section is None or url is None else Cite(url, section.text("title"))


def _pause(place: Place) -> Pause | None:
    milliseconds = place.number(least=0, most=_HOUR)
    return None if milliseconds is None else Pause(milliseconds)


def _call(place: Place) -> Call | None:
    """A tool call: its name alone, or a mapping; `tool` names it within `parts`."""
    if not isinstance(place.node, MapNode):
        name = place.text()
        return None if name is None else Call(name)
    key = "tool" if _has(place, "tool") else "name"
    section = place.section((key, *_CALL[1:]))
    named = None if section is None else section.need(key)
    name = None if named is None else named.text()
    if section is None or name is None:
        return None
    raw = section.get("arguments")
    found = None if raw is None else _deltas(raw)
    if raw is not None and section.get("args") is not None:
        raw.error("bad-part", "give `args` or `arguments`, not both")
    return Call(
        name,
        _object(section, "args") or {},
        None if found is None else found[0],
        None if found is None else found[1],
        section.integer("split", most=1_000_000) or 16,
        _object(section, "metadata"),
    )


def _fail(place: Place) -> Fail | None:
    section = place.section(("status", "type", "message", "after", "cut", "retry-after", "usage"))
    if section is None:
        return None
    wait, usage = section.get("retry-after"), section.get("usage")
    return Fail(
        section.integer("status", least=400, most=599),
        section.text("type"),
        section.text("message") or "",
        section.integer("after", least=0),
        section.flag("cut"),
        None if wait is None else wait.number(least=0, most=_HOUR),
        None if usage is None else _usage(usage),
    )


def _usage(place: Place) -> Usage | None:
    counts = place.section(tuple(_USAGE))
    if counts is None:
        return None
    return Usage(**{member: counts.integer(key, least=0) or 0 for key, member in _USAGE.items()})


def _end(section: Section) -> End:
    finish, usage = section.get("finish"), section.get("usage")
    return End(
        None if finish is None else finish.choice(_REASONS),
        None if usage is None else _usage(usage),
    )
