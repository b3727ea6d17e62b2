"""Tests how rows lie on disk: whatever is put in comes out, and the model's deltas take little room."""

import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.model.errors import StoreError
from mainspring.model.events import DeltaEvent, encode_event
from mainspring.model.rows import DELTAS, FACT, STUB, Row
from mainspring.model.stream_events import ReasoningDelta, TextDelta, ToolInputDelta, WorkerInputDelta
from mainspring.storage.coding import (
    CLOSE,
    PACK,
    PACK_BYTES,
    TEMPLATES,
    pack_rows,
    part_of,
    read_facts,
    read_row,
    read_rows,
    shortened,
    store_row,
)

ORIGIN = 7 << 32
TEXTS = st.lists(st.text(max_size=12), min_size=1, max_size=6)


def make(kind: int, part: str, text: str, worker: str | None = None) -> DeltaEvent:
    if kind == 0:
        return TextDelta(id=part, delta=text, worker_id=worker)
    if kind == 1:
        return ReasoningDelta(id=part, delta=text, worker_id=worker)
    if kind == 2:
        return ToolInputDelta(tool_call_id=part, input_text_delta=text, worker_id=worker)
    return WorkerInputDelta(worker_id=part, delta=text)


def row_of(*events: DeltaEvent) -> Row:
    return Row(3, 2 + len(events), DELTAS, b"\n".join(map(encode_event, events)), 1.5)


@given(st.integers(0, 3), st.text(max_size=8), TEXTS, st.none() | st.text(max_size=5))
def test_deltas_come_back(kind: int, part: str, texts: list[str], worker: str | None) -> None:
    row = row_of(*(make(kind, part, text, worker) for text in texts))
    stored = store_row(row, origin=ORIGIN)
    assert read_row(stored) == [row]
    assert stored[2] == 4 + kind
    assert part_of(stored[4]) == part


@given(
    st.lists(
        st.sampled_from([*(part for pair in TEMPLATES.values() for part in pair), CLOSE, b"\n", b"a", b'"'])
    )
)
def test_anything_comes_back(pieces: list[bytes]) -> None:
    row = Row(1, 9, DELTAS, b"".join(pieces), 1.5)
    assert read_row(store_row(row, origin=ORIGIN)) == [row]


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.text(max_size=3)), min_size=1))
def test_mixed_deltas_come_back(pieces: list[tuple[int, str, str]]) -> None:
    row = row_of(*(make(*piece) for piece in pieces))
    assert read_row(store_row(row, origin=ORIGIN)) == [row]


def test_what_all_deltas_share_is_not_stored() -> None:
    row = row_of(*(TextDelta(id="txt_1", delta=word) for word in ("so ", "it ", "is")))
    assert shortened(row.data) == (4, b"txt_1\nso \nit \nis")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"type":"text-delta","id":"a"',
        b'{"type":"text-delta","id":"a","delta":"b',
        b'{"type":"text-delta","id":"a\nb","delta":"c"}',
        b'{"type":"text-delta","id":"a","delta":"b"}\n{"type":"text-delta","id":"z","delta":"b"}',
    ],
)
def test_odd_deltas_stay_as_they_are(data: bytes) -> None:
    assert shortened(data) is None


def test_facts_and_stubs_are_stored_plain() -> None:
    for kind in (FACT, STUB):
        assert store_row(Row(5, 6, kind, b'{"type":"text-delta"', 2.0), origin=ORIGIN) == (
            ORIGIN + 6,
            1,
            kind,
            2.0,
            b'{"type":"text-delta"',
        )


def rows(count: int, size: int = 100) -> list[Row]:
    return [Row(cursor, cursor, FACT, b"%d" % cursor * size, float(cursor)) for cursor in range(1, count + 1)]


def test_packs_hold_rows_and_open_at_any_cursor() -> None:
    packed = pack_rows(rows(50), origin=ORIGIN)
    assert [(key - ORIGIN, span, kind, at) for key, span, kind, at, _ in packed] == [(50, 49, PACK, 50.0)]
    assert read_rows(packed) == rows(50)
    assert read_rows(packed, after=48) == rows(50)[48:]
    assert (
        read_facts([*packed, store_row(Row(51, 51, STUB, b"{}", 1.0), origin=ORIGIN)], after=49)
        == rows(50)[49:]
    )


def test_packs_are_of_a_readable_size() -> None:
    large = rows(10, PACK_BYTES // 2)
    packed = pack_rows(large, origin=ORIGIN)
    assert 5 <= len(packed) <= 10
    assert read_rows(packed) == large


def test_what_does_not_shrink_is_stored_plain() -> None:
    small = [Row(1, 1, FACT, b"{}", 1.0), row_of(TextDelta(id="a", delta="b"))]
    assert [kind for _, _, kind, _, _ in pack_rows(small[:1], origin=ORIGIN)] == [FACT]
    assert pack_rows([], origin=ORIGIN) == []


@pytest.mark.parametrize(
    "data", [b"plain", zlib.compress(b"text"), zlib.compress(msgspec.msgpack.encode([1]))]
)
def test_a_damaged_pack_is_a_store_error(data: bytes) -> None:
    with pytest.raises(StoreError, match="damaged"):
        read_row((ORIGIN + 5, 4, PACK, 1.0, data))
