"""Owns the invariant of a history: whatever a thread holds, what a model gets is a history that its provider accepts.

Each call has exactly one result, right after it and in order; ids are unique; nothing is empty; what one model signed
goes back to that model alone. Repairs are the same every time and change nothing that is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec.structs import replace

from mainspring.model.messages import Message
from mainspring.model.parts import Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from mainspring.model.values import Value

NO_RESULT: Final = "The call was cancelled."
"""What a model is told of a call whose result nobody has."""

NO_NAME: Final = "unknown_tool"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_OF_A_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME: Final = 64
_OF_MODELS: Final = (ToolCallPart, ToolResultPart, ReasoningPart)


class Fitted(Value, frozen=True, kw_only=True):
    """A valid history, and what had to be repaired, one sentence each (nothing that a user or a model wrote)."""

    messages: tuple[Message, ...]
    repairs: tuple[str, ...] = ()


def fit(messages: Sequence[Message], *, model: str, before: AbstractSet[str] = frozenset()) -> Fitted:
    """The history as `provider/model-id` may see it. Messages that need no repair are the same objects.

    `before`: the ids of the calls of a valid history that these messages go on from.
    """
    return _Fitting(messages, model, before).fitted()


def call_ids(messages: Iterable[Message]) -> set[str]:
    """The ids of the calls that messages make."""
    return {part.call_id for message in messages for part in message.parts if isinstance(part, ToolCallPart)}


class _Fitting:
    """One history on its way: calls are met in order and take their results from wherever those are."""

    def __init__(self, messages: Sequence[Message], model: str, before: AbstractSet[str]) -> None:
        self._messages = [message for message in messages if not message.incomplete]
        self._provider, _, self._model = model.partition("/")
        self._out: list[Message] = []
        self._repairs: list[str] = []
        self._before = before
        self._ids: set[str] = set()
        self._results = _results_of(self._messages)
        self._calls = _calls_of(self._messages)

    def fitted(self) -> Fitted:
        for place, message in enumerate(self._messages):
            if message.role == "tool":
                continue
            if message.role == "assistant":
                self._assistant(place, message)
            else:
                self._keep(
                    message, tuple(part for part in _said(message.parts) if not isinstance(part, _OF_MODELS))
                )
        left = sum(len(found) for found in self._results.values())
        if left:
            self._note(f"{left} results belonged to no call, or to one that has a result")
        return Fitted(messages=tuple(self._out), repairs=tuple(self._repairs))

    def _note(self, sentence: str) -> None:
        self._repairs.append(sentence)

    def _keep(self, message: Message, parts: tuple[Part, ...]) -> None:
        """A message with its parts, unless nothing is left of it."""
        if not parts:
            self._note(f"message {message.id} was empty")
        elif parts == message.parts:
            self._out.append(message)
        else:
            self._out.append(replace(message, parts=parts))

    def _assistant(self, place: int, message: Message) -> None:
        parts: list[Part] = []
        results: list[ToolResultPart] = []
        for part in _said(message.parts):
            if isinstance(part, ToolCallPart):
                call = self._call(part)
                parts.append(call)
                results.append(self._result(place, part, call))
            elif not isinstance(part, ToolResultPart) and self._is_ours(part):
                parts.append(part)
        while parts and isinstance(parts[-1], ReasoningPart):
            # Reasoning that led to nothing: an answer must not end with it.
            parts.pop()
        self._keep(message, tuple(parts))
        if results:
            self._answer(place, message, tuple(results))

    def _is_ours(self, part: Part) -> bool:
        """Whether reasoning may go back: only to the model that it came from."""
        if not isinstance(part, ReasoningPart):
            return True
        return part.provider == self._provider and part.model in (None, self._model)

    def _call(self, part: ToolCallPart) -> ToolCallPart:
        """A call under an id and a name that every provider takes."""
        call_id = part.call_id
        if not _ID.fullmatch(call_id) or self._is_taken(call_id):
            self._note("a call had an id that is not allowed, or that another has")
            call_id = self._free_id()
        self._ids.add(call_id)
        tool = (_NOT_OF_A_NAME.sub("_", part.tool) or NO_NAME)[:_LONGEST_NAME]
        if tool != part.tool:
            self._note(f"a call named a tool as no tool is named: {tool}")
        foreign = part.provider not in (None, self._provider) or part.model not in (None, self._model)
        if foreign and part.metadata:
            part = replace(part, metadata=None, provider=None, model=None)
        return (
            part
            if (call_id, tool) == (part.call_id, part.tool)
            else replace(part, call_id=call_id, tool=tool)
        )

    def _is_taken(self, call_id: str) -> bool:
        return call_id in self._ids or call_id in self._before

    def _free_id(self) -> str:
        number = len(self._before) + len(self._ids) + 1
        while self._is_taken(f"call_repaired_{number}") or f"call_repaired_{number}" in self._calls:
            number += 1
        return f"call_repaired_{number}"

    def _result(self, place: int, asked: ToolCallPart, call: ToolCallPart) -> ToolResultPart:
        """The first result that stands after the call, and before the next call of that id."""
        found = self._results.get(asked.call_id, [])
        places = self._calls[asked.call_id]
        end = places[places.index(place) + 1] if place != places[-1] else len(self._messages)
        for index, (position, result) in enumerate(found):
            if place < position <= end:
                del found[index]
                same = (result.call_id, result.tool) == (call.call_id, call.tool)
                return result if same else replace(result, call_id=call.call_id, tool=call.tool)
        self._note("a call had no result")
        return ToolResultPart(call_id=call.call_id, tool=call.tool, error=NO_RESULT)

    def _answer(self, place: int, message: Message, results: tuple[ToolResultPart, ...]) -> None:
        """The results of a message's calls, right after it."""
        after = self._messages[place + 1] if place + 1 < len(self._messages) else None
        if after is not None and after.role == "tool" and after.parts == results:
            self._out.append(after)
            return
        self._note(f"the results of message {message.id} did not stand after it in order")
        self._out.append(replace(message, id=f"{message.id}_results", role="tool", parts=results))


def _said(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts without empty text, which providers refuse."""
    return tuple(part for part in parts if not isinstance(part, TextPart) or part.text.strip())


def _results_of(messages: list[Message]) -> dict[str, list[tuple[int, ToolResultPart]]]:
    """Every result by the id of its call, with the place of its message."""
    found: dict[str, list[tuple[int, ToolResultPart]]] = {}
    for place, message in enumerate(messages):
        for part in message.parts:
            if isinstance(part, ToolResultPart):
                # A result in a message of its own stands after it; one beside its call, right there.
                found.setdefault(part.call_id, []).append(
                    (place if message.role == "tool" else place + 1, part)
                )
    return found


def _calls_of(messages: list[Message]) -> dict[str, list[int]]:
    """The places of the messages that make each call."""
    found: dict[str, list[int]] = {}
    for place, message in enumerate(messages):
        if message.role == "assistant":
            for part in message.parts:
                if isinstance(part, ToolCallPart):
                    found.setdefault(part.call_id, []).append(place)
    return found
