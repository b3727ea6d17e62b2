"""Bodies: what is taken, what is refused, and how soon."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Message

from mainspring.model.errors import InvalidRequest, RequestTimeout, TooLarge
from mainspring.server.bodies import MAX_DEPTH, ClientLeft, parse_body, read_body
from tests.server.asgi import Exchange


def nested(depth: int) -> bytes:
    """An object that is `depth` levels deep."""
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


REFUSED = {
    "no json": b"hello",
    "half": b'{"a": 1',
    "more after it": b'{"a": 1} x',
    "an array": b"[1]",
    "a number": b"7",
    "null": b"null",
    "not utf-8": b'{"a": "\xff"}',
    "surrogates in utf-8": b'{"a": "\xed\xa0\x80"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "nan": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "overflow": b'{"a": 1e999}',
    "an endless integer": b'{"a": ' + b"9" * 5000 + b"}",
    "a huge integer": b'{"a": ' + b"9" * 400 + b"}",
    "the same name twice": b'{"a": 1, "a": 1}',
    "the same name spelled twice": rb'{"a": 1, "\u0061": 2}',
    "the same name twice, inside": b'{"a": [{"b": 1, "c": {}, "b": 2}]}',
    "65 levels": nested(MAX_DEPTH + 1),
    "65 arrays": b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
    "5,000 levels": nested(5000),
    "a single quote": b"{'a': 1}",
    "a bare half escape": rb'{"a": "\ud8"}',
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"^The body"):
        parse_body(body)


TAKEN = {
    "nothing": (b"", {}),
    "an object": (b'{"a": [1, 2.5, "x", null, true]}', {"a": [1, 2.5, "x", None, True]}),
    "64 levels": (nested(MAX_DEPTH), json.loads(nested(MAX_DEPTH))),
    "many levels, side by side": (b'{"a": [' + b"[[]]," * 500 + b"[]]}", {"a": [[[]]] * 500 + [[]]}),
    "brackets in text": (b'{"a": "' + b"[{" * 500 + b'"}', {"a": "[{" * 500}),
    "quotes and colons in text": (rb'{"a\":\\": "\":,\"a\":\\"}', {'a":\\': '":,"a":\\'}),
    "the same name in two objects": (
        b'[{"a": 1}, {"a": 2}]'.join([b'{"x": ', b"}"]),
        {"x": [{"a": 1}, {"a": 2}]},
    ),
    "nul": (rb'{"a": "\u0000"}', {"a": "\0"}),
    "a pair of surrogates": (rb'{"a": "\ud83d\ude00"}', {"a": "😀"}),
    "half a pair": (rb'{"a": "x\ud83d"}', {"a": "x\ufffd"}),
    "the other half": (
        rb'{"\uDE00": ["\ud83d\ude00", "\uD83D\ud83d\ude00"]}',
        {"\ufffd": ["😀", "\ufffd😀"]},
    ),
    "what only looks like half a pair": (
        rb'{"a": "\\ud83d", "b": "\ud83d"}',
        {"a": "\\ud83d", "b": "\ufffd"},
    ),
    "an integer beyond 64 bits": (b'{"a": [100000000000000000000]}', {"a": [1e20]}),
    "the largest integers": (
        b'{"a": [18446744073709551615, -9223372036854775808]}',
        {"a": [2**64 - 1, -(2**63)]},
    ),
    "long numbers in text": (b'{"a": "100000000000000000000"}', {"a": "100000000000000000000"}),
}


@pytest.mark.parametrize(("body", "value"), TAKEN.values(), ids=TAKEN)
def test_taken(body: bytes, value: object) -> None:
    taken = parse_body(body)
    assert taken == value
    assert json.dumps(taken) == json.dumps(value)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(), VALUES, max_size=4), st.booleans())
def test_any_object_is_taken_as_it_is(value: dict[str, object], ascii_only: bool) -> None:
    assert parse_body(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body: bytes) -> None:
    with contextlib.suppress(InvalidRequest):
        assert isinstance(parse_body(body), dict)


async def read(*pieces: bytes, length: bytes = b"", limit: int = 10) -> bytes:
    return await read_body(Exchange(pieces).receive, length, limit=limit, seconds=60)


async def test_a_body_in_pieces() -> None:
    assert await read(b"12345", b"", b"67890") == b"1234567890"
    assert await read(b"1234567890", length=b"10") == b"1234567890"


async def test_a_large_body_is_not_read_when_its_length_is_told() -> None:
    async def receive() -> Message:
        raise AssertionError("nothing should be read")

    for length in (b"11", b"9" * 1000):
        with pytest.raises(TooLarge):
            await read_body(receive, length, limit=10, seconds=60)


async def test_a_large_body_is_cut_where_the_limit_is() -> None:
    exchange = Exchange([b"12345"] * 100)
    with pytest.raises(TooLarge):
        await read_body(exchange.receive, b"", limit=10, seconds=60)
    assert (await exchange.receive())["body"] == b"12345"


async def test_a_length_that_lies_does_not_help() -> None:
    with pytest.raises(TooLarge):
        await read(b"12345678901", length=b"3")
    with pytest.raises(TooLarge):
        await read(b"12345678901", length=b"-1")


async def test_a_body_that_never_comes() -> None:
    with pytest.raises(RequestTimeout):
        await read_body(Exchange([]).receive, b"", limit=10, seconds=0)


async def test_a_client_that_leaves_before_its_body_is_there() -> None:
    exchange = Exchange([b"12", b"34"])
    await exchange.receive()
    await exchange.receive()
    exchange.leave()
    with pytest.raises(ClientLeft):
        await read_body(exchange.receive, b"", limit=10, seconds=60)
