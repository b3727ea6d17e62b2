"""Owns the items that OpenAI's wires are made of: what was said, what is asked of caller and people, what we ran."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from mainspring.model.stream_events import Source
from mainspring.model.values import Json, encode_json

SESSION_MARK: Final = "--"
"""Between the id of a call or an approval and its session's: a client that answers names no session."""
APPROVAL_MARK: Final = "mcpr_"
"""How the ids of approval requests begin on the wire."""


class Said:
    """A text or a thought; `aside`: not in the main thread. `pieces`: its text as the inside of JSON strings."""

    __slots__ = ("aside", "id", "index", "pieces", "sources", "thought", "void")

    def __init__(self, part_id: str, index: int, *, thought: bool, aside: bool) -> None:
        self.id = part_id
        self.index = index
        self.thought = thought
        self.aside = aside
        self.pieces: list[bytes] = []
        self.sources: list[tuple[int, Source]] = []
        """Each with the length of the text where it was cited."""
        self.void = False

    @property
    def text(self) -> str:
        """What was said so far."""
        return msgspec.json.decode(b'"' + b"".join(self.pieces) + b'"', type=str)


class Asked:
    """A call that the caller has to run; `id` names its session too."""

    __slots__ = ("arguments", "id", "index", "name", "void")

    def __init__(self, call_id: str, index: int, *, name: str, arguments: str) -> None:
        self.id = call_id
        self.index = index
        self.name = name
        self.arguments = arguments
        self.void = False


class Wanted:
    """A call that waits for a person; `id` is that of the approval request, and names its session too."""

    __slots__ = ("arguments", "id", "index", "name", "void")

    def __init__(self, approval_id: str, index: int, *, name: str, args: Json) -> None:
        self.id = approval_id
        self.index = index
        self.name = name
        self.arguments = encode_json(args).decode()
        self.void = False


class Ran:
    """A call that Mainspring answered or refused itself, or a worker: with its `output`, or its `error`.

    `approval`: the id of the request to a person that came before it.
    """

    __slots__ = ("approval", "arguments", "error", "id", "index", "name", "output", "void")

    def __init__(self, call_id: str, index: int, *, name: str, args: Json) -> None:
        self.id = call_id
        self.index = index
        self.name = name
        self.arguments = encode_json(args).decode()
        self.output: str | None = None
        self.error: str | None = None
        self.approval: str | None = None
        self.void = False


Item: TypeAlias = Said | Asked | Wanted | Ran


def call_and_session(call_id: str) -> tuple[str, str | None]:
    """What a client's id of a call or an approval names: ours, and its session if it says so."""
    ours, mark, session = call_id.partition(SESSION_MARK)
    return ours, session if mark else None


def as_output(value: Json) -> str:
    """A result as text: text as it is, any other value as JSON."""
    return value if isinstance(value, str) else encode_json(value).decode()
