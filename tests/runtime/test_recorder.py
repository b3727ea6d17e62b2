"""From chunks to events: what is shown, how parts close, what a cut leaves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mainspring.engine.generations import Presentation
from mainspring.model.events import Event, decode_event
from mainspring.model.generation import (
    Finished,
    ModelChunk,
    PartEnd,
    ReasoningDelta,
    ReasoningStart,
    SourceFound,
    TextDelta,
    TextStart,
    ToolInputDelta,
    ToolInputStart,
    Usage,
)
from mainspring.model.parts import ReasoningPart, TextPart
from mainspring.model.program import Program, Tool, Worker
from mainspring.model.session import Thread
from mainspring.model.signals import CallWritten
from mainspring.runtime.recorder import Recorder

PROGRAM = Program(
    slug="a",
    name="A",
    format="interactive",
    hash="h",
    tools={
        name: Tool(name=name, description="Looks", title="Looking", display=name)  # type: ignore[arg-type]  # names are displays
        for name in ("hidden", "name", "description", "stream", "title")
    },
    workers={
        "talker": Worker(slug="talker", description="Talks"),
        "quiet": Worker(slug="quiet", display="name"),
    },
)


class Sink:
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.hurried: list[int] = []

    def hurry(self) -> None:
        self.hurried.append(len(self.events))

    def add_event(self, event: Event, /) -> None:
        self.events.append(event)

    def add_delta(self, part_id: str, data: bytes, /) -> None:
        self.events.append(decode_event(data))

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


def recorder(**changes: Any) -> tuple[Recorder, Sink]:
    show = Presentation(
        key="1_0_1_1_1",
        call_key="call_T_0_1_1_1",
        streams=True,
        tools_shown=True,
        worker_id=None,
        response_type=None,
        program=PROGRAM,
        thread=Thread(name="main"),
    )
    sink = Sink()
    return Recorder(msgspec.structs.replace(show, **changes), sink), sink


ANSWER: list[ModelChunk] = [
    ReasoningStart(part=0),
    ReasoningDelta(part=0, text="Hm"),
    PartEnd(part=0, metadata={"signature": "s"}),
    TextStart(part=1),
    TextDelta(part=1, text=""),
    TextDelta(part=1, text='Say "hé\n'),
    SourceFound(url="https://example.com/a", title="A"),
    PartEnd(part=1),
    TextStart(part=2),
    PartEnd(part=2),
    Finished(reason="stop", usage=Usage(output_tokens=1)),
]


def test_an_answer_streams_part_by_part() -> None:
    given, sink = recorder()
    given.feed(ANSWER)
    assert sink.names() == [
        "ReasoningStarted",
        "ReasoningDelta",
        "ReasoningEnded",
        "TextStarted",
        "TextDelta",
        "Source",
        "TextEnded",
    ]
    assert sink.hurried == [0]
    parts, ids = given.answer_parts("scripted")
    assert parts == (
        ReasoningPart(text="Hm", provider="scripted", metadata={"signature": "s"}),
        TextPart(text='Say "hé\n'),
        TextPart(text=""),
    )
    assert ids == ("rsn_1_0_1_1_1_0", "txt_1_0_1_1_1_1", "txt_1_0_1_1_1_2")
    assert given.finished is not None


def test_what_is_not_shown_is_still_said() -> None:
    given, sink = recorder(streams=False, tools_shown=False)
    given.feed(
        [*ANSWER, ToolInputStart(part=3, name="stream"), ToolInputDelta(part=3, text="{}"), PartEnd(part=3)]
    )
    assert sink.events == []
    assert given.answer_parts("x")[0][-1] == CallWritten(
        call_id="call_T_0_1_1_1_1", name="stream", arguments="{}"
    )


def test_a_worker_stands_on_every_event() -> None:
    given, sink = recorder(worker_id="wrk_1", response_type="Point")
    given.feed(ANSWER)
    assert {getattr(event, "worker_id", None) for event in sink.events} == {"wrk_1"}
    assert getattr(sink.events[3], "response_type", None) == "Point"


@pytest.mark.parametrize(
    ("name", "shown", "title"),
    [
        ("hidden", [], None),
        ("unknown", [], None),
        ("name", ["ToolInputStarted", "ToolInputEnded"], None),
        ("title", ["ToolInputStarted", "ToolInputEnded"], "Looking"),
        ("description", ["ToolInputStarted", "ToolInputDelta", "ToolInputEnded"], "Looks"),
        ("stream", ["ToolInputStarted", "ToolInputDelta", "ToolInputEnded"], "Looks"),
        ("octavus_reference_read", ["ToolInputStarted", "ToolInputEnded"], None),
        ("octavus_todo_write", [], None),
    ],
)
def test_a_tool_shows_as_its_display_says(name: str, shown: list[str], title: str | None) -> None:
    given, sink = recorder()
    given.feed([ToolInputStart(part=0, name=name), ToolInputDelta(part=0, text="{}"), PartEnd(part=0)])
    assert sink.names() == shown
    if shown:
        assert getattr(sink.events[0], "title", None) == title


@pytest.mark.parametrize(
    ("text", "closing"),
    [('{"WORD": "tea"}', "WorkerInputReady"), ("", "WorkerInputReady"), ("[1", None), ("[1]", None)],
)
def test_a_workers_input_streams_under_its_own_id(text: str, closing: str | None) -> None:
    given, sink = recorder()
    given.feed([ToolInputStart(part=0, name="talker"), ToolInputDelta(part=0, text=text), PartEnd(part=0)])
    given.close()
    assert sink.names()[0] == "WorkerInputStart"
    assert {getattr(event, "worker_id", None) for event in sink.events} == {"wrk_T_0_1_1_1_1"}
    assert (sink.names()[-1] == "WorkerInputReady") == (closing is not None)


def test_a_worker_that_never_begins_is_over_though_its_input_was_complete() -> None:
    given, sink = recorder()
    given.feed([ToolInputStart(part=0, name="talker"), ToolInputDelta(part=0, text="{}"), PartEnd(part=0)])
    given.close(cut=True)
    given.close(cut=True)
    assert sink.names() == ["WorkerInputStart", "WorkerInputDelta", "WorkerInputReady", "WorkerResult"]


def test_a_quiet_workers_input_is_not_shown() -> None:
    given, sink = recorder()
    given.feed([ToolInputStart(part=0, name="quiet"), ToolInputDelta(part=0, text="{}"), PartEnd(part=0)])
    assert sink.events == []


def test_a_cut_closes_everything_once_and_keeps_no_call() -> None:
    given, sink = recorder()
    given.feed(
        [
            ReasoningStart(part=0),
            ReasoningDelta(part=0, text="Hm"),
            TextStart(part=1),
            TextDelta(part=1, text="One"),
            ToolInputStart(part=2, name="stream"),
            ToolInputDelta(part=2, text='{"a'),
            ToolInputStart(part=3, name="talker"),
            ToolInputDelta(part=3, text='{"b'),
        ]
    )
    given.close(cut=True)
    given.close(cut=True)
    assert sink.names()[-4:] == ["ReasoningEnded", "TextEnded", "ToolInputEnded", "WorkerResult"]
    assert given.partial("scripted") == (
        (ReasoningPart(text="Hm", provider="scripted"), TextPart(text="One")),
        ("rsn_1_0_1_1_1_0", "txt_1_0_1_1_1_1"),
    )


def test_sources_of_a_hidden_answer_stay_hidden() -> None:
    given, sink = recorder(streams=False)
    given.feed([SourceFound(url="https://example.com")])
    assert sink.events == []
