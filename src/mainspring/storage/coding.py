"""Owns how journal rows lie in a database: keys, deltas without what they all have in common, packs of old rows.

A stored row is (key, span, kind, at, data); the first migration of each database says what each is.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from mainspring.model.errors import StoreError
from mainspring.model.rows import DELTAS, FACT, Row

PACK = 3
CURSOR_BITS = 32
LAST_CURSOR = (1 << CURSOR_BITS) - 1
PACK_BYTES = 64 * 1024
PACK_LEVEL = 6

StoredRow: TypeAlias = tuple[int, int, int, float, bytes]

TEMPLATES = {
    4: (b'{"type":"text-delta","id":"', b'","delta":"'),
    5: (b'{"type":"reasoning-delta","id":"', b'","delta":"'),
    6: (b'{"type":"tool-input-delta","toolCallId":"', b'","inputTextDelta":"'),
    7: (b'{"type":"worker-input-delta","workerId":"', b'","delta":"'),
}
"""What deltas have in common, by the kind of row they are stored as: what is before and after the id of their part."""
CLOSE = b'"}'

_decode_rows = msgspec.msgpack.Decoder(list[Row]).decode
_encode_rows = msgspec.msgpack.Encoder().encode
_decode_text = msgspec.json.Decoder(str).decode


def shortened(data: bytes) -> tuple[int, bytes] | None:
    """Deltas as (kind, the part's id and then the rest of each event, a line each); None if no template fits.

    JSON has no line breaks of its own, so what is cut away can be put back exactly.
    """
    for kind, (head, middle) in TEMPLATES.items():
        if data.startswith(head):
            end = data.find(middle)
            part = data[len(head) : end]
            if end < 0 or b"\n" in part or not data.endswith(CLOSE):
                return None
            beginning = data[: end + len(middle)]
            rest = data[len(beginning) : -len(CLOSE)]
            between = CLOSE + b"\n" + beginning
            short = rest.replace(between, b"\n")
            if len(rest) - len(short) != rest.count(b"\n") * (len(between) - 1):
                return None
            return kind, part + b"\n" + short
    return None


def lengthened(kind: int, data: bytes) -> bytes:
    """The deltas as they were appended."""
    head, middle = TEMPLATES[kind]
    part, _, short = data.partition(b"\n")
    beginning = head + part + middle
    return beginning + short.replace(b"\n", CLOSE + b"\n" + beginning) + CLOSE


def part_of(data: bytes) -> str:
    """The id of the part that shortened deltas belong to; raises `msgspec.MsgspecError` if it cannot be read."""
    return _decode_text(b'"' + data.partition(b"\n")[0] + b'"')


def store_row(row: Row, *, origin: int) -> StoredRow:
    """A row as it is stored; `origin` is the session's number, shifted."""
    kind, data = row.kind, row.data
    if kind == DELTAS:
        kind, data = shortened(data) or (kind, data)
    return (origin + row.last, row.last - row.first, kind, row.at, data)


def read_row(stored: StoredRow) -> list[Row]:
    """What a stored row holds: one row, or those of a pack; raises `StoreError` if it is damaged."""
    key, span, kind, at, data = stored
    if kind == PACK:
        try:
            return _decode_rows(zlib.decompress(data))
        except (zlib.error, msgspec.MsgspecError) as error:
            raise StoreError(f"The journal is damaged at key {key}: {error}") from error
    last = key & LAST_CURSOR
    if kind in TEMPLATES:
        return [Row(last - span, last, DELTAS, lengthened(kind, data), at)]
    return [Row(last - span, last, kind, data, at)]


def read_rows(stored: Iterable[StoredRow], *, after: int = 0) -> list[Row]:
    """The rows whose `last` > `after`, in order."""
    rows: list[Row] = []
    for each in stored:
        if each[2] == PACK:
            rows += [row for row in read_row(each) if row.last > after]
        else:
            rows += read_row(each)
    return rows


def read_facts(stored: Iterable[StoredRow], *, after: int = 0) -> list[Row]:
    """The facts whose cursor > `after`, in order."""
    return [row for row in read_rows(stored, after=after) if row.kind == FACT]


def pack_rows(rows: Sequence[Row], *, origin: int) -> list[StoredRow]:
    """Old rows as packs of about 64 KB before compression; a row that gains nothing is stored plain."""
    packs: list[StoredRow] = []
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row.data)
        if size >= PACK_BYTES:
            packs += _pack(chunk, origin=origin)
            chunk, size = [], 0
    if chunk:
        packs += _pack(chunk, origin=origin)
    return packs


def _pack(rows: list[Row], *, origin: int) -> list[StoredRow]:
    data = zlib.compress(_encode_rows(rows), PACK_LEVEL)
    if len(data) >= sum(len(row.data) for row in rows):
        return [store_row(row, origin=origin) for row in rows]
    last = rows[-1]
    return [(origin + last.last, last.last - rows[0].first, PACK, last.at, data)]
