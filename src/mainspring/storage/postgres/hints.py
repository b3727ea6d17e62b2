"""Owns what hosts tell each other over NOTIFY: small hints, several in one, never more than a notification holds."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mainspring.storage.postgres.text import written

CHANNEL = "mainspring"
MOST_SESSIONS = 64
LONGEST_ID = 100
"""So that a hint stays below the 8000 bytes of a notification; sessions with longer ids are found by looking."""


class Hint(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """`grown`: sessions with a cursor that is on disk; `work`: executions are free; `letters`: hosts that have some;
    `answered`: letters whose sender may look. Of connected workers: `calls`: (project, tool) of calls that are ready;
    `outcomes`: hosts that wait for some; `workers`: (project, worker) that have something to drop; `tools`: there are
    others.
    """

    grown: tuple[tuple[str, int], ...] = ()
    work: bool = False
    letters: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    outcomes: tuple[str, ...] = ()
    workers: tuple[tuple[str, str], ...] = ()
    tools: bool = False


EVERYTHING = Hint(calls=(("", ""),), tools=True)
"""What is told of calls when it would not fit: all who wait look."""
LONGEST_HINT = 7_000

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Hint).decode


def hint_text(hint: Hint) -> str:
    """A hint as it travels; names of sessions in it are as in text columns."""
    return _encode(hint).decode()


def call_hint_text(hint: Hint) -> str:
    """A hint about calls as it travels, names in it as in text columns."""
    text = hint_text(hint)
    return text if len(text) <= LONGEST_HINT else hint_text(EVERYTHING)


def hint_of(text: str) -> Hint:
    """What was told; nothing, if it is not ours."""
    try:
        return _decode(text)
    except msgspec.MsgspecError:
        return Hint()


def hints_of(grown: Mapping[str, int]) -> list[str]:
    """As few hints as hold all the sessions that grew."""
    told = [(written(name), cursor) for name, cursor in grown.items() if len(name) <= LONGEST_ID]
    return [
        hint_text(Hint(grown=tuple(told[start : start + MOST_SESSIONS])))
        for start in range(0, len(told), MOST_SESSIONS)
    ]
