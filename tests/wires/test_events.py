"""Tells how a session is followed by cursor: every public event with its id, and the output of every call."""

from hypothesis import given
from hypothesis import strategies as st

from mainspring.model.facts import SessionCreated
from mainspring.model.generation import Usage
from mainspring.model.rows import STUB, Row
from mainspring.wires.events import EventsWriter
from tests.wires.journal import Journal, begun, ended, requested, settled, turn_with_tool


def feed(journal: Journal, after: int = 0) -> bytes:
    return EventsWriter(after=after).feed(journal.rows)


def events(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    for event in data.split(b"\n\n")[:-1]:
        identity, body = event.split(b"\n")
        found.append((int(identity.removeprefix(b"id: ")), body.removeprefix(b"data: ")))
    return found


def test_public_events_carry_their_cursor_and_private_ones_stay_private() -> None:
    data = feed(Journal().add(*begun()).text("x1", "a", "b"))
    assert data == (
        b'id: 2\ndata: {"type":"start","executionId":"e1","messageId":"m1","sessionId":"s1"}\n\n'
        b'id: 3\ndata: {"type":"text-start","id":"x1"}\n\n'
        b'id: 4\ndata: {"type":"text-delta","id":"x1","delta":"a"}\n\n'
        b'id: 5\ndata: {"type":"text-delta","id":"x1","delta":"b"}\n\n'
        b'id: 6\ndata: {"type":"text-end","id":"x1"}\n\n'
    )


def test_every_settled_call_has_its_output_but_the_hidden_ones() -> None:
    journal = Journal().add(
        settled("c1", output=None),
        settled("c2", ran="builtin", error="No."),
        settled("c3", ran="synthetic", display="hidden"),
    )
    assert events(feed(journal)) == [
        (1, b'{"type":"tool-output-available","toolCallId":"c1","output":null}'),
        (2, b'{"type":"tool-output-error","toolCallId":"c2","error":"No."}'),
    ]


def test_the_end_of_an_execution_tells_its_usage() -> None:
    data = feed(Journal().add(ended(usage=Usage(input_tokens=1, output_tokens=2))))
    assert b'"tokens":{"inputTokens":1,"outputTokens":2,"totalTokens":3},"executionId":"e1"}' in data


@given(st.integers(0, 60))
def test_any_cursor_resumes_with_exactly_what_follows(after: int) -> None:
    journal = turn_with_tool()
    everything = events(feed(journal))
    assert events(feed(journal, after)) == [event for event in everything if event[0] > after]


@given(st.data())
def test_any_batching_gives_the_same_bytes(data: st.DataObject) -> None:
    journal = turn_with_tool()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(journal.rows)))))
    writer = EventsWriter(after=0)
    out = b""
    for begin, end in zip([0, *cuts], [*cuts, len(journal.rows)], strict=True):
        out += writer.feed(journal.rows[data.draw(st.integers(0, begin)) : end])
    assert out == feed(journal)
    assert writer.cursor == journal.cursor


def test_text_given_back_whole_stands_at_its_last_cursor() -> None:
    row = Row(3, 22, 1, b'{"type":"text-delta","id":"x","delta":"All."}', 0.0)
    assert EventsWriter(after=10).feed([row]).startswith(b"id: 22\ndata: ")
    assert EventsWriter(after=0).feed([Row(1, 4, STUB, b"{}", 0.0)]) == b""


def test_it_is_known_whether_anything_goes_on() -> None:
    journal = Journal().add(
        SessionCreated(
            session_id="s1",
            project_id="p",
            agent_id="a",
            version="v",
            format="interactive",
            input={},
            variables={},
            resources={},
            at=0.0,
        ),
        *begun(),
        requested("c1"),
    )
    writer = EventsWriter(after=0)
    writer.feed(journal.rows)
    assert (writer.waiting, writer.idle) == (True, False)
    writer.feed(journal.add(settled("c1"), ended()).rows)
    assert (writer.waiting, writer.idle) == (False, True)
    writer.feed(journal.add(*begun(2)).rows)
    assert (writer.waiting, writer.idle) == (False, False)
