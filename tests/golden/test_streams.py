"""A protocol, a scripted model and steps from outside give exactly these events; invariants hold after each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from mainspring.engine.evolve import evolve
from mainspring.model.events import Event, decode_event, encode_event
from mainspring.model.facts import ExecutionEnded, GenerationStarted
from mainspring.model.generation import ModelRequest
from mainspring.model.parts import ToolCallPart, ToolResultPart
from mainspring.model.session import State
from mainspring.model.stream_events import AttemptSuperseded
from tests.golden.stream_case import Case, cases

Golden = Callable[[Path, str], None]

PAIRS = {
    "text-start": ("text-end", "id"),
    "reasoning-start": ("reasoning-end", "id"),
    "tool-input-start": ("tool-input-end", "toolCallId"),
    "block-start": ("block-end", "blockId"),
    "worker-start": ("worker-result", "workerId"),
}


@pytest.mark.parametrize("path", cases(), ids=lambda path: path.stem)
async def test_a_case_gives_these_events(path: Path, golden: Golden) -> None:
    case = Case(path)
    text = await case.run()
    golden(path.with_suffix(".events"), text)
    events = events_of(text)
    check_cursors(text)
    check_fold(events)
    check_closed(text)
    for request in case.model.requests:
        check_pairs(request)


def events_of(text: str) -> list[Event]:
    return [decode_event(line.split(" ", 1)[1].encode()) for line in text.splitlines()]


def check_cursors(text: str) -> None:
    cursors = [int(line.split(" ", 1)[0]) for line in text.splitlines()]
    assert cursors == list(range(1, len(cursors) + 1))


def check_fold(events: list[Event]) -> None:
    """Encoding loses nothing, and only one execution is open at a time."""
    state: State | None = None
    for event in events:
        assert decode_event(encode_event(event)) == event
        state = evolve(state, event)
        if isinstance(event, GenerationStarted):
            assert state.execution is not None
        if isinstance(event, ExecutionEnded):
            assert state.execution is None
    assert state is not None
    assert state.execution is None


def check_closed(text: str) -> None:
    """Everything that was opened is closed, once."""
    for opener, (closer, key) in PAIRS.items():
        opened = sorted(values(text, opener, key))
        closed = sorted(values(text, closer, key))
        assert set(opened) <= set(closed)
        assert len(opened) == len(set(opened))
        assert len(closed) == len(set(closed))


def values(text: str, kind: str, key: str) -> list[str]:

    found: list[str] = []
    for line in text.splitlines():
        event = msgspec.json.decode(line.split(" ", 1)[1])
        if event["type"] == kind:
            found.append(event[key])
    return found


def check_pairs(request: ModelRequest) -> None:
    """No model is asked while a tool call has no result, or two."""
    calls = [
        part.call_id
        for message in request.messages
        for part in message.parts
        if isinstance(part, ToolCallPart)
    ]
    results = [
        part.call_id
        for message in request.messages
        for part in message.parts
        if isinstance(part, ToolResultPart)
    ]
    assert calls == results
    assert len(calls) == len(set(calls))


def test_the_crash_case_names_what_to_forget() -> None:
    text = (Path(__file__).parent / "streams" / "crash-in-text.events").read_text(encoding="utf-8")
    superseded = [event for event in events_of(text) if isinstance(event, AttemptSuperseded)]
    assert [event.parts for event in superseded] == [("txt_1_0_1_1_1_0",)]
