"""Owns what must hold of a journal, wherever the model calls in it failed."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mainspring.model.events import Event
from mainspring.model.facts import GenerationSettled, GenerationStarted
from mainspring.model.parts import ToolCallPart
from mainspring.model.stream_events import (
    AttemptSuperseded,
    ErrorEvent,
    Finish,
    ReasoningDelta,
    ReasoningEnded,
    ReasoningStarted,
    TextDelta,
    TextEnded,
    TextStarted,
    ToolInputEnded,
    ToolInputStarted,
    ToolRequest,
)

if TYPE_CHECKING:
    from tests.faults.positions import Attempt

STAMP = re.compile(r"(?:say|think)(\d+)-")
WORD = re.compile(r"(?:say|think)\d+-\d+")


def of(events: list[Event], *kinds: type) -> list[Any]:
    """The events of some kinds."""
    return [event for event in events if isinstance(event, kinds)]


def check(events: list[Event], attempts: "list[Attempt]", *, turns: int) -> list[str]:
    """Everything that is wrong; empty: nothing is."""
    found = [
        f"request {number}: {wrong}" for number, attempt in enumerate(attempts) for wrong in attempt.wrong
    ]
    found += _closed(events, turns)
    found += _once(events)
    for settled in of(events, GenerationSettled):
        found += _answer(settled, attempts)
    found += _calls(events, attempts)
    return found


def _closed(events: list[Event], turns: int) -> Iterator[str]:
    """What opens closes, once, and each turn ends once."""
    opened = [event.id for event in of(events, TextStarted, ReasoningStarted)]
    closed = [event.id for event in of(events, TextEnded, ReasoningEnded)]
    if sorted(opened) != sorted(closed) or len(set(opened)) != len(opened):
        yield f"parts opened {opened}, closed {closed}"
    begun = [event.tool_call_id for event in of(events, ToolInputStarted)]
    if sorted(begun) != sorted(event.tool_call_id for event in of(events, ToolInputEnded)):
        yield f"calls opened {begun}"
    ends = of(events, Finish, ErrorEvent)
    if len(ends) != turns:
        yield f"{turns} turns have {len(ends)} ends"


def _once(events: list[Event]) -> Iterator[str]:
    """No word is shown twice, and what one model call shows and does not take back comes from one attempt."""
    words = [word for event in of(events, TextDelta, ReasoningDelta) for word in WORD.findall(event.delta)]
    taken_back = {part for event in of(events, AttemptSuperseded) for part in event.parts}
    if len(set(words)) != len(words):
        yield f"shown twice: {sorted(word for word in words if words.count(word) > 1)}"
    shown: set[str] = set()
    for event in of(events, GenerationStarted, TextDelta, ReasoningDelta):
        if isinstance(event, GenerationStarted):
            shown = set()
        elif event.id not in taken_back:
            shown |= set(STAMP.findall(event.delta))
        if len(shown) > 1:
            yield f"one answer shows attempts {shown}"


def _answer(settled: GenerationSettled, attempts: "list[Attempt]") -> Iterator[str]:
    """What is stored is exactly one attempt: all of it, or its beginning, marked incomplete."""
    message = settled.message
    stamps = set(STAMP.findall(" ".join(getattr(part, "text", "") for part in message.parts)))
    if len(stamps) > 1:
        yield f"{message.id} is made of attempts {stamps}"
    for stamp in stamps:
        attempt = attempts[int(stamp)]
        whole = "".join(piece.text for piece in attempt.pieces if piece.kind == "text")
        if message.incomplete != bool(attempt.fault):
            yield f"{message.id}: incomplete is {message.incomplete}, the fault was {attempt.fault}"
        if not whole.startswith(message.text) or (not attempt.fault and whole != message.text):
            yield f"{message.id} says {message.text!r}, the model {whole!r}"


def _calls(events: list[Event], attempts: "list[Attempt]") -> Iterator[str]:
    """Only calls of whole answers are stored and asked for, each once, with exactly the arguments that were written."""
    stored = [
        part
        for event in of(events, GenerationSettled)
        for part in event.message.parts
        if isinstance(part, ToolCallPart)
    ]
    asked = {call.tool_call_id: call for event in of(events, ToolRequest) for call in event.tool_calls}
    given = [(part.tool, part.args) for part in stored]
    made = [(call.tool_name, call.args) for call in asked.values()]
    if len({json.dumps(args) for _, args in given}) != len(given) or len(made) != len(given):
        yield f"calls stored {given}, asked for {made}"
    written = [
        (piece.name, json.loads(piece.text))
        for attempt in attempts
        if not attempt.fault
        for piece in attempt.pieces
        if piece.kind == "call"
    ]
    for call in [*given, *made]:
        if call not in written:
            yield f"{call} was never written, or only by half"
