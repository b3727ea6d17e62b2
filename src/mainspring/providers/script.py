"""Owns what a script of the scripted model is: turns, their conditions, and the pieces of an answer.

The same pieces serve the YAML form and the Python form (see `scripted.py`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Callable, Iterable
from typing import TypeAlias

import msgspec

from mainspring.model.diagnostics import Diagnostic
from mainspring.model.errors import InvalidRequest
from mainspring.model.generation import FinishReason, ModelChunk, ModelRequest, Usage
from mainspring.model.values import Json


class Say(msgspec.Struct, frozen=True):
    """Text. `deltas`: the pieces it streams in; None: word by word."""

    text: str
    deltas: tuple[str, ...] | None = None


class Think(msgspec.Struct, frozen=True):
    """Reasoning. `metadata` is handed over as the provider's own (a signature ...)."""

    text: str
    deltas: tuple[str, ...] | None = None
    metadata: dict[str, Json] | None = None


class Call(msgspec.Struct, frozen=True):
    """A tool call. `arguments`: raw text instead of `args`, which may be wrong JSON. `split`: characters a delta."""

    name: str
    args: dict[str, Json] = {}
    arguments: str | None = None
    deltas: tuple[str, ...] | None = None
    split: int = 16
    metadata: dict[str, Json] | None = None


class Data(msgspec.Struct, frozen=True):
    """A JSON value, said as text: the answer to a request with a response schema."""

    value: Json


class Cite(msgspec.Struct, frozen=True):
    """A source."""

    url: str
    title: str | None = None


class Pause(msgspec.Struct, frozen=True):
    """Nothing for that many milliseconds."""

    milliseconds: float


class Fail(msgspec.Struct, frozen=True):
    """The call fails here: as an error response or frame, or `cut`: the connection is lost.

    `after`: only once that many deltas of the pieces before have been streamed.
    """

    status: int | None = None
    type: str | None = None
    message: str = ""
    after: int | None = None
    cut: bool = False
    retry_after: float | None = None
    usage: Usage | None = None
    """What the provider counts all the same."""


class End(msgspec.Struct, frozen=True):
    """How the answer ends; what is None is worked out from the answer."""

    reason: FinishReason | None = None
    usage: Usage | None = None
    raw_reason: str | None = None


Piece: TypeAlias = Say | Think | Call | Data | Cite | Pause | Fail | End
Simple: TypeAlias = "str | Piece | ModelChunk"
"""What the Python form may give: text, a piece, or a chunk (which is passed on as it is)."""

ScriptFunction: TypeAlias = Callable[[ModelRequest], "Simple | Iterable[Simple] | AsyncIterable[Simple]"]


class Pattern(msgspec.Struct, frozen=True):
    """Text to find: as it is, whatever the case; or a regular expression."""

    source: str
    regex: re.Pattern[str] | None = None

    def search(self, text: str) -> dict[str, str] | None:
        """None if it is not there; else the groups of the regular expression, by number and by name."""
        if self.regex is None:
            return {} if self.source.casefold() in text.casefold() else None
        found = self.regex.search(text)
        if found is None:
            return None
        numbered = {str(number): value or "" for number, value in enumerate(found.groups(), 1)}
        return {"0": found[0], **numbered, **{key: value or "" for key, value in found.groupdict().items()}}


class When(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions of a turn; all that are given must hold."""

    user: Pattern | None = None
    system: Pattern | None = None
    result: Pattern | None = None
    tool_result: str | None = None
    offered: str | None = None
    model: Pattern | None = None
    thread: Pattern | None = None
    agent: Pattern | None = None
    response: str | None = None
    step: int | None = None
    turn: int | None = None
    attempt: int | None = None


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the script. `repeat`: how many calls of a thread it may answer; None: any number.

    `delay`: milliseconds before the first piece. `pace`: between deltas; None: that of the script. `line`: its place.
    """

    pieces: tuple[Piece, ...]
    when: When | None = None
    repeat: int | None = None
    delay: float = 0
    pace: float | None = None
    line: int = 0

    @property
    def fails(self) -> bool:
        """Whether a call that it answers leaves no message."""
        return any(isinstance(piece, Fail) for piece in self.pieces)


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A whole script. `pace`: milliseconds between deltas. `together`: deltas that arrive together."""

    turns: tuple[Turn, ...] = ()
    default: Turn | None = None
    pace: float = 0
    together: int = 1
    file: str = "script"


class InvalidScript(InvalidRequest):
    """A script cannot be used as it is written; `diagnostics` say why and where."""

    code = "INVALID_SCRIPT"

    def __init__(self, message: str, *, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics
