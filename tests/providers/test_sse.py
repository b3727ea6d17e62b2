"""Server-sent events: every way the standard allows to write them, and bounds for what is too large."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.providers.sse import EventTooLarge, SseParser

STREAMS = {
    b"data: a\n\n": [(b"", b"a")],
    b"data:a\n\ndata:  b\n\n": [(b"", b"a"), (b"", b" b")],
    b"data: a\r\n\r\n": [(b"", b"a")],
    b"data: a\r\rdata: b\r\n\r\n": [(b"", b"a"), (b"", b"b")],
    b"data: a\r\n\ndata: b\n\r\n": [(b"", b"a"), (b"", b"b")],
    b"\n\n\ndata: a\n\n\n\ndata: b\n\n": [(b"", b"a"), (b"", b"b")],
    b": hello\n\ndata: a\n: within\ndata: b\n\n": [(b"", b"a\nb")],
    b"event: ping\ndata: {}\n\n": [(b"ping", b"{}")],
    b"event:ping\ndata\n\n": [(b"ping", b"")],
    b"event: nothing\n\n": [],
    b"id: 7\nretry: 10\nunknown: x\nword\ndata: a\n\n": [(b"", b"a")],
    b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n": [(b"", b"a")],
    "data: ë🌍\n\n".encode(): [(b"", "ë🌍".encode())],
    b"data: last": [(b"", b"last")],
    b"data: last\n": [(b"", b"last")],
    b"": [],
}


def parse(*pieces: bytes) -> list[tuple[bytes, bytes]]:
    parser = SseParser()
    found = [event for piece in pieces for event in parser.feed(piece)]
    return found + parser.close()


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_gives_its_events_wherever_it_is_cut(stream: bytes) -> None:
    assert parse(stream) == STREAMS[stream]
    assert parse(*(stream[at : at + 1] for at in range(len(stream)))) == STREAMS[stream]
    for one in range(len(stream) + 1):
        for two in range(one, len(stream) + 1):
            assert parse(stream[:one], stream[one:two], stream[two:]) == STREAMS[stream], (one, two)


@given(
    st.lists(st.sampled_from([b"data: a", b":c", b"event: e", b"\r", b"\n", b"\r\n", b"\n\n"]), max_size=12)
)
def test_cutting_never_matters(pieces: list[bytes]) -> None:
    assert parse(*pieces) == parse(b"".join(pieces))


def test_an_event_is_given_as_soon_as_it_is_complete() -> None:
    parser = SseParser()
    assert parser.feed(b"data: a\n") == []
    assert parser.feed(b"\n") == [(b"", b"a")]
    assert parser.feed(b"data: b\r\n\r") == [(b"", b"b")]
    assert parser.feed(b"\ndata: c\n\n") == [(b"", b"c")]


@pytest.mark.parametrize(
    "pieces",
    [
        [b"data: " + b"x" * 100],
        [b"data: " + b"x" * 50, b"x" * 50],
        [b"data: " + b"x" * 100 + b"\n\n"],
        [b"data: x\n" * 30],
        [b"data: x\n" * 30 + b"\n"],
        [b": " + b"x" * 100],
    ],
)
def test_what_is_too_large_is_refused(pieces: list[bytes]) -> None:
    parser = SseParser(max_line=64, max_event=128)
    for piece in pieces[:-1]:
        assert parser.feed(piece) == []
    with pytest.raises(EventTooLarge):
        parser.feed(pieces[-1])


def test_many_small_events_are_not_too_large() -> None:
    parser = SseParser(max_line=64, max_event=128)
    assert len(parser.feed(b"data: 0123456789\n\n" * 100)) == 100
    assert (
        len(parser.feed(b"data: 0123456789012345678901234567890\ndata: 0123456789012345678901234567890\n\n"))
        == 1
    )


def test_a_large_event_in_single_bytes_takes_linear_time() -> None:
    parser = SseParser()
    for _ in range(200_000):
        parser.feed(b"x")
    assert parser.feed(b"\n\n") == []
