"""Owns the loop guard: whether a model goes round in circles with its tools, what it is told, and when it is stopped.

Everything follows from what the thread holds of the turn, so a host that takes over counts the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from mainspring.engine.turn import BlockFailed, Turn
from mainspring.model.errors import Failure, ToolInfo
from mainspring.model.facts import MessageAdded
from mainspring.model.messages import Message
from mainspring.model.parts import TextPart, ToolCallPart, ToolResultPart
from mainspring.model.session import Frame, Thread
from mainspring.model.values import Json, Value

CODE: Final = "LOOP_DETECTED"
LOOKED_AT: Final = 12
"""The most rounds looked back at: as many as the slowest rule needs."""
_NOTE: Final = "_loop"


class Round(Value, frozen=True, kw_only=True):
    """One round of tool calls: what was asked for, and what came back."""

    calls: tuple[tuple[str, dict[str, Json]], ...]
    results: tuple[tuple[Json, str | None], ...]
    last: ToolResultPart


class _Rule(Value, frozen=True, kw_only=True):
    """How often in a row a pattern of `period` rounds may come: told at `warn`, stopped at `end`."""

    period: int
    warn: int
    end: int
    said: str
    seen: Callable[[Round], Json]


def _whole(one: Round) -> Json:
    return one.calls, one.results


def _calls(one: Round) -> Json:
    return one.calls


def _errors(one: Round) -> Json:
    """The errors of a round in which nothing worked; None: something did."""
    errors = tuple(error for _, error in one.results)
    return errors if all(errors) else None


_RULES: Final = (
    _Rule(period=1, warn=3, end=5, said="the same call with the same result", seen=_whole),
    _Rule(period=2, warn=3, end=4, said="the same two calls in turn with the same results", seen=_whole),
    _Rule(period=3, warn=3, end=4, said="the same three calls in turn with the same results", seen=_whole),
    _Rule(period=1, warn=6, end=10, said="the same call with other results", seen=_calls),
    _Rule(period=1, warn=6, end=10, said="other calls with the same error", seen=_errors),
)


def guard_loop(turn: Turn, frame: Frame, thread: Thread) -> None:
    """After a round: tells the model that it goes round in circles; raises `BlockFailed` if it went on."""
    if not thread.settings.get("loopGuard"):
        return
    rounds = list(islice(rounds_of(thread.messages, turn.execution.message_id), LOOKED_AT))
    for rule in _RULES:
        length = run_length(rounds, period=rule.period, seen=rule.seen)
        if length >= rule.period * rule.end:
            raise BlockFailed(_failure(rule, rounds[0]))
        if length == rule.period * rule.warn:
            _warn(turn, frame, thread, rule)
            return


def rounds_of(messages: tuple[Message, ...], turn_id: str) -> Iterator[Round]:
    """The rounds at the end of a thread that belong to a turn, the newest first."""
    results: Message | None = None
    for message in reversed(messages):
        if message.id.endswith(_NOTE):
            continue
        if message.turn_id != turn_id:
            return
        if message.role == "tool":
            results = message
            continue
        calls = tuple((part.tool, part.args) for part in message.parts if isinstance(part, ToolCallPart))
        if results is None or not calls:
            return
        found = [part for part in results.parts if isinstance(part, ToolResultPart)]
        yield Round(calls=calls, results=tuple((part.output, part.error) for part in found), last=found[-1])
        results = None


def run_length(rounds: list[Round], *, period: int, seen: Callable[[Round], Json]) -> int:
    """How many of the newest rounds are a pattern of `period` rounds that comes again and again; 0: there is none."""
    marks = [seen(one) for one in rounds]
    length = 0
    for newer, older in zip(marks, marks[period:], strict=False):
        if newer is None or newer != older:
            break
        length += 1
    return length + period if length else 0


def _warn(turn: Turn, frame: Frame, thread: Thread, rule: _Rule) -> None:
    """The model reads it after the results; nobody else sees it."""
    message_id = f"{thread.messages[-1].id}{_NOTE}"
    text = (
        f"Note: you have made {rule.said} {rule.warn} times in a row. Doing it again will not help. "
        "Try something else, or say what you know and what you could not find out."
    )
    turn.emit(
        MessageAdded(
            frame=frame.id,
            thread=thread.name,
            message=Message(
                id=message_id,
                role="user",
                parts=(TextPart(text=text),),
                at=turn.at,
                turn_id=message_id,
                visible=False,
            ),
        )
    )


def _failure(rule: _Rule, newest: Round) -> Failure:
    said = f"The model went round in circles: it made {rule.said} {rule.end} times in a row"
    return Failure(
        error_type="execution_error",
        message=f"{said}, also after it was told. The loop guard stopped it.",
        retryable=False,
        source="platform",
        code=CODE,
        tool=ToolInfo(name=newest.last.tool, call_id=newest.last.call_id),
    )
