"""Owns what becomes of old deltas: which rows are looked at together, and what became of the part of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from mainspring.model.rows import DELTAS, STUB, Row
from mainspring.storage.coding import TEMPLATES, StoredRow, part_of, read_row

WINDOW_ROWS = 512
WINDOW_BYTES = 256 * 1024
SETTLED = b'{"type":"generation-settled"'
SUPERSEDED = b'{"type":"attempt-superseded"'
ENDED = b'{"type":"execution-ended"'
CALL = "call_"
WORKER = "wrk_"
"""A worker's input streams under the id of the frame that will answer the call: the call's, with another stem."""
VERDICTS = (SETTLED, SUPERSEDED, ENDED)


class DeltaName(msgspec.Struct, frozen=True, rename="camel"):
    """The member of a delta that names its part: the first of these that is there."""

    id: str = ""
    tool_call_id: str = ""
    worker_id: str = ""


class CallName(msgspec.Struct, frozen=True, rename="camel"):
    """The part of a message that a tool call is."""

    call_id: str = ""


class AnswerNames(msgspec.Struct, frozen=True):
    """The parts of a settled message."""

    parts: tuple[CallName, ...] = ()


class Verdict(msgspec.Struct, frozen=True, rename="camel"):
    """The members of a fact that say what became of streamed parts."""

    part_ids: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    message: AnswerNames = AnswerNames()


@dataclass(slots=True)
class Deltas:
    """Neighbouring delta rows of one part."""

    part: str
    first: int
    last: int
    at: float
    rows: int = 1


_decode_name = msgspec.json.Decoder(DeltaName).decode
_decode_verdict = msgspec.json.Decoder(Verdict).decode


class Window:
    """The oldest rows of a journal, neighbouring deltas of a part as one: never a part of such a group.

    `origin`: what the keys of the session are counted from. Rows at `before` and later are not taken.
    """

    def __init__(self, *, origin: int, before: float) -> None:
        self.items: list[Row | Deltas] = []
        self._origin = origin
        self.before = before
        self._rows = 0
        self._size = 0

    def take(self, stored: StoredRow) -> bool:
        """Takes the next row; False: it does not belong to this window, which is complete."""
        if stored[3] >= self.before:
            return False
        self._rows += 1
        part = _part_of(stored)
        last = self.items[-1] if self.items else None
        if part and isinstance(last, Deltas) and last.part == part:
            last.last = stored[0] - self._origin
            last.rows += 1
            return True
        if self._rows > WINDOW_ROWS or self._size > WINDOW_BYTES:
            return False
        if part:
            cursor = stored[0] - self._origin
            self.items.append(Deltas(part, cursor - stored[1], cursor, stored[3]))
        else:
            self._size += len(stored[4])
            self.items += read_row(stored)
        return True


def _part_of(stored: StoredRow) -> str:
    """The part that a row of deltas belongs to; "" for every other row, and for one that cannot be read."""
    _, _, kind, _, data = stored
    try:
        if kind in TEMPLATES:
            return part_of(data)
        if kind == DELTAS:
            name = _decode_name(data.partition(b"\n")[0])
            return name.id or name.tool_call_id or name.worker_id
    except msgspec.MsgspecError:
        return ""
    return ""


class Fates:
    """What became of each part, told by the first fact after its deltas that names it; so facts are met backwards."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}
        self._ended = False

    def read_on(self, ahead: Iterable[tuple[int, bytes]]) -> None:
        """Meets the facts after the window (cursor, data; in order), as far as the end of the execution that runs."""
        met: list[tuple[int, bytes]] = []
        for cursor, data in ahead:
            met.append((cursor, data))
            if data.startswith(ENDED):
                break
        for cursor, data in reversed(met):
            self.meet(cursor, data)

    def meet(self, cursor: int, data: bytes) -> None:
        """A fact: notes what it says about parts. One that cannot be read says nothing."""
        if data.startswith(ENDED):
            self._ended = True
        if not data.startswith((SETTLED, SUPERSEDED)):
            return
        try:
            verdict = _decode_verdict(data)
        except msgspec.MsgspecError:
            return
        if data.startswith(SETTLED):
            calls = [part.call_id for part in verdict.message.parts]
            workers = [WORKER + call.removeprefix(CALL) for call in calls]
            self._of.update(dict.fromkeys((*verdict.part_ids, *calls, *workers), cursor))
        else:
            self._of.update(dict.fromkeys(verdict.parts, 0))

    def judge(self, window: list[Row | Deltas]) -> list[tuple[Row, int]]:
        """The rows that stay, each with how many delta rows it stands for, up to the first part without a fate."""
        judged: list[tuple[Row, int]] = []
        for item in reversed(window):
            if isinstance(item, Row):
                self.meet(item.last, item.data)
                judged.append((item, 0))
                continue
            settled = self._of.get(item.part, 0 if self._ended else None)
            if settled is None:
                judged = []
                continue
            stub = msgspec.json.encode({"settled": settled, "part": item.part})
            judged.append((Row(item.first, item.last, STUB, stub, item.at), item.rows))
        judged.reverse()
        return judged
