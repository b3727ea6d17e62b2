"""Owns how journal rows lie on disk: keys, deltas with their common beginning written once, packs of old rows.

A stored row is (key, span, kind, at, data); `0001_core.sql` says what each is.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from mainspring.model.errors import StoreError
from mainspring.model.rows import DELTAS, FACT, Row

PACK = 3
SQUEEZED = 4
CURSOR_BITS = 32
LAST_CURSOR = (1 << CURSOR_BITS) - 1
PACK_BYTES = 64 * 1024
PACK_LEVEL = 6
DELTA_MEMBER = b'elta":"'
"""Ends the beginning that all deltas of a part share: `"delta":"` or `"inputTextDelta":"`."""

StoredRow: TypeAlias = tuple[int, int, int, float, bytes]

_decode_rows = msgspec.msgpack.Decoder(list[Row]).decode
_encode_rows = msgspec.msgpack.Encoder().encode


def squeezed(data: bytes) -> bytes | None:
    """Deltas with their common beginning only on the first line; None if they have none in common."""
    end = data.find(DELTA_MEMBER, 0, data.find(b"\n"))
    if end < 0:
        return None
    beginning = b"\n" + data[: end + len(DELTA_MEMBER)]
    short = data.replace(beginning, b"\n")
    if len(data) - len(short) == data.count(b"\n") * (len(beginning) - 1) > 0:
        return short
    return None


def unsqueezed(data: bytes) -> bytes:
    """The deltas as they were appended."""
    beginning = data[: data.find(DELTA_MEMBER) + len(DELTA_MEMBER)]
    return data.replace(b"\n", b"\n" + beginning)


def store_row(row: Row, *, origin: int) -> StoredRow:
    """A row as it is stored; `origin` is the session's number, shifted."""
    if row.kind == DELTAS and row.last > row.first:
        short = squeezed(row.data)
        if short is not None:
            return (origin + row.last, row.last - row.first, SQUEEZED, row.at, short)
    return (origin + row.last, row.last - row.first, row.kind, row.at, row.data)


def read_row(stored: StoredRow) -> list[Row]:
    """What a stored row holds: one row, or those of a pack; raises `StoreError` if it is damaged."""
    key, span, kind, at, data = stored
    if kind == PACK:
        try:
            return _decode_rows(zlib.decompress(data))
        except (zlib.error, msgspec.MsgspecError) as error:
            raise StoreError(f"The journal is damaged at key {key}: {error}") from error
    last = key & LAST_CURSOR
    if kind == SQUEEZED:
        return [Row(last - span, last, DELTAS, unsqueezed(data), at)]
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
