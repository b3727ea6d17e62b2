"""Owns what the tests of the foreign wires share: turns to read, their events, journals with everything in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mainspring.model.generation import Usage
from mainspring.model.stream_events import (
    AttemptSuperseded,
    FileAvailable,
    PendingToolCall,
    ReasoningDelta,
    ReasoningEnded,
    ReasoningStarted,
    ResourceUpdate,
    Source,
    TextDelta,
    TextEnded,
    TextStarted,
    TodoItem,
    TodoUpdate,
    ToolRequest,
    WorkerInputDelta,
    WorkerInputReady,
    WorkerInputStart,
    WorkerResult,
    WorkerStart,
)
from mainspring.wires.turns import Turn, TurnReader
from tests.wires.journal import (
    Journal,
    added,
    asked,
    available,
    begun,
    block,
    block_over,
    called,
    ended,
    finished,
    round_closed,
    said,
    settled,
    text,
    tool,
)

Make = Callable[[Turn], TurnReader]
Events = list[dict[str, Any]]


def turn(**given: Any) -> Turn:
    """The first turn of a journal, read from its beginning."""
    members: dict[str, Any] = {"session_id": "s1", "execution_id": "e1", "begin": 0, "after": 0}
    return Turn(**{**members, **given})


def after_results(journal: Journal, **given: Any) -> Turn:
    """What follows the first request for results of the caller."""
    after = next(row.last for row in journal.rows if b'"tool-request"' in row.data)
    return turn(after=after, message_id="m1", **given)


def read(make: Make, journal: Journal, **given: Any) -> bytes:
    """The whole answer."""
    return read_as(make, journal, turn(**given))


def read_as(make: Make, journal: Journal, given: Turn) -> bytes:
    """The whole answer to a turn."""
    reader = make(given)
    data = reader.open() + reader.feed(journal.rows)
    assert reader.done
    assert reader.feed(journal.rows) == b""
    return data


def events(data: bytes) -> Events:
    """The events of a stream, without its `[DONE]`."""
    assert data.endswith(b"\n\n")
    assert b"\r" not in data
    found: Events = []
    for block_of_lines in data.decode().removesuffix("\n\n").split("\n\n"):
        *named, line = block_of_lines.split("\n")
        assert all(name.startswith("event: ") for name in named)
        assert line.startswith("data: ")
        if line != "data: [DONE]":
            found.append(msgspec.json.decode(line[6:]))
    return found


def of_type(found: Events, kind: str) -> Events:
    """The events of one type."""
    return [event for event in found if event["type"] == kind]


def talk() -> Journal:
    """A turn of text alone."""
    journal = Journal().add(*begun(), *block(), asked())
    journal.text("x1", "Good ", "day.")
    return journal.add(said(("x1", text("Good day."))), *block_over(), *finished_with())


def finished_with(reason: Any = "stop", **usage: int) -> tuple[Any, ...]:
    """The end of the first turn, with what it used."""
    used = Usage(**{"input_tokens": 3, "output_tokens": 2, **usage})
    return finished(reason=reason)[0], ended(usage=used)


def everything() -> Journal:
    """A turn in which all happens: reasoning, objects, workers, builtin and refused calls, files, todos, a crash."""
    journal = Journal().add(*begun(), added("u1", text("Go.")), *block(), asked())
    _crashes(journal)
    journal.text("x1", "Let me see.")
    journal.add(Source(source_type="url", id="src1", url="https://example.org/", title="Example"))
    journal.add(Source(source_type="url", id="src2", url="https://example.org/2"))
    _calls(journal)
    _works(journal)
    journal.add(
        settled("cx", "finder", ran="worker", output="A spring.", display="hidden"),
        round_closed(),
        asked(2),
        TextStarted(id="o1", response_type="Verdict"),
    )
    journal.deltas(TextDelta(id="o1", delta='{"label":'), TextDelta(id="o1", delta='"good"}'))
    return journal.add(
        TextEnded(id="o1"),
        said(("o1", text('{"label":"good"}')), number=2, response_type="Verdict"),
        FileAvailable(id="f1", media_type="image/png", url="https://example.org/f.png", filename="f.png"),
        ResourceUpdate(name="MOOD", value={"is": "good"}),
        *block_over(),
        *finished_with(),
    )


def _crashes(journal: Journal) -> None:
    journal.add(ReasoningStarted(id="r1")).deltas(ReasoningDelta(id="r1", delta="Hm."))
    journal.add(ReasoningEnded(id="r1"))
    journal.text("x0", "Half a ")
    journal.call("c0", "get-time", '{"zo')
    journal.add(AttemptSuperseded(generation_id="g1", attempt=1, parts=("r1", "x0", "c0", "wrk_0")))


def _calls(journal: Journal) -> None:
    journal.call("c1", "octavus_reference_list", "{}", display="name")
    journal.call("c2", "nonsense", '{"a":1}', display="stream", title="Nonsense")
    journal.add(WorkerInputStart(worker_id="wrk_1", worker_slug="finder", description="Finds"))
    journal.deltas(WorkerInputDelta(worker_id="wrk_1", delta='{"TOPIC":"springs"}'))
    journal.add(WorkerInputReady(worker_id="wrk_1", input={"TOPIC": "springs"}))
    journal.add(
        said(("x1", text("Let me see.")), ("c1", tool("c1", "octavus_reference_list"))),
        called("c1", "octavus_reference_list"),
        available("c1", "octavus_reference_list"),
        settled("c1", "octavus_reference_list", ran="builtin", output=[{"name": "a"}]),
        available("c2", "nonsense", a=1),
        settled("c2", "nonsense", ran="synthetic", error="There is no tool 'nonsense'."),
        TodoUpdate(todos=(TodoItem(id="1", content="Look", status="in_progress"),)),
    )


def _works(journal: Journal) -> None:
    journal.add(
        WorkerStart(worker_id="wrk_1", worker_slug="finder", input={"TOPIC": "springs"}),
        asked(5, frame="wrk_1", thread="work"),
        *block(3, worker_id="wrk_1"),
    )
    journal.text("w1", "Nested.", worker_id="wrk_1")
    journal.add(ReasoningStarted(id="w2", worker_id="wrk_1"))
    journal.deltas(ReasoningDelta(id="w2", delta="Deep.", worker_id="wrk_1"))
    journal.add(ReasoningEnded(id="w2", worker_id="wrk_1"))
    journal.call("cw", "get-time", "{}", worker_id="wrk_1")
    journal.add(
        available("cw", "get-time", worker_id="wrk_1"),
        AttemptSuperseded(generation_id="g5", attempt=1, parts=(), worker_id="wrk_1"),
        settled("cw", "get-time", ran="builtin", output=1, worker_id="wrk_1"),
        TodoUpdate(todos=(), worker_id="wrk_1"),
        *block_over(3, worker_id="wrk_1"),
        WorkerResult(worker_id="wrk_1", output="A spring."),
        Source(source_type="url", id="src3", url="https://example.org/3", worker_id="wrk_1"),
    )


def two_calls() -> Journal:
    """A turn that asks the caller for two calls, one of them hidden, gets one result, asks again, gets the other."""
    journal = Journal().add(*begun(), *block(), asked())
    journal.call("c1", "get-weather", '{"city":', '"Rome"}', title="Looks", display="stream")
    first = PendingToolCall(
        tool_call_id="c1", tool_name="get-weather", args={"city": "Rome"}, source="llm", thread=None
    )
    second = PendingToolCall(tool_call_id="c2", tool_name="secret-audit", args={"note": "n"}, source="llm")
    journal.add(
        said(("c1", tool("c1", "get-weather", city="Rome")), ("c2", tool("c2", "secret-audit", note="n"))),
        called("c1", "get-weather"),
        available("c1", "get-weather", city="Rome"),
        called("c2", "secret-audit", display="hidden"),
        ToolRequest(tool_calls=(first, second), execution_id="e1"),
        settled("c1", "get-weather", output={"degrees": 21}, display="stream"),
        ToolRequest(tool_calls=(second,), execution_id="e1"),
        settled("c2", "secret-audit", error="No paper.", display="hidden"),
        round_closed(),
        asked(2),
    )
    journal.text("x2", "Warm.")
    return journal.add(said(("x2", text("Warm.")), number=2), *block_over(), *finished_with())


def failed(event: Any) -> Journal:
    """A turn that fails after its first words."""
    journal = Journal().add(*begun(), *block(), asked())
    journal.text("x1", "Half a ")
    return journal.add(
        said(("x1", text("Half a ")), interrupted=True), *block_over(), event, ended(1, "failed")
    )
