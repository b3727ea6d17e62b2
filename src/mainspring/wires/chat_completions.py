"""Owns the wire of OpenAI's Chat Completions: a leg of a turn as the chunks of one completion, and as the completion.

It has no words for much: calls that Mainspring runs itself or that wait for a person are not shown, and what a cut
attempt said cannot be taken back once it was streamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mainspring.model.errors import Failure
from mainspring.model.events import failure_event
from mainspring.model.generation import Usage
from mainspring.model.stream_events import ErrorEvent
from mainspring.model.values import Json, Value
from mainspring.wires.native_events import DONE
from mainspring.wires.openai_items import Asked, Ran, Said, Wanted
from mainspring.wires.openai_legs import LegReader
from mainspring.wires.turns import Turn, sse

_REASONS: Final = {"length": "length", "content-filter": "content_filter"}
_THOUGHT: Final = "reasoning_content"


class Completing(Value, frozen=True, kw_only=True):
    """What is not in the journal: the ids of the completion and of its model. `usage`: whether the stream tells it."""

    id: str
    model: str
    usage: bool = False


class ChatCompletionsWriter(LegReader):
    """Writes the chunks of a completion; `completion` is the whole of it once it is done."""

    def __init__(self, turn: Turn, completing: Completing) -> None:
        super().__init__(turn)
        self._completing = completing
        self._calls = 0

    def _head(self, kind: str) -> dict[str, Json]:
        given = self._completing
        return {"id": given.id, "object": kind, "created": self.created_at, "model": given.model}

    def _chunk(self, choices: list[Json], usage: Json = None) -> bytes:
        whole = {**self._head("chat.completion.chunk"), "choices": choices}
        return sse({**whole, "usage": usage} if self._completing.usage else whole)

    def _delta(self, delta: dict[str, Json], reason: str | None = None) -> bytes:
        return self._chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}])

    def _began(self) -> bytes:
        return self._delta({"role": "assistant", "content": ""})

    def _said_begins(self, said: Said) -> bytes:
        return b""

    def _said_more(self, said: Said, pieces: Sequence[bytes]) -> bytes:
        if not pieces:
            return b""
        name = _THOUGHT if said.thought else "content"
        begin, end = self._delta({name: "\n"}).split(b"\\n")
        return b"".join(begin + piece + end for piece in pieces)

    def _said_ends(self, said: Said) -> bytes:
        return b""

    def _cited(self, said: Said) -> bytes:
        return b""

    def _asked(self, asked: Asked) -> bytes:
        index = self._calls
        self._calls += 1
        return self._delta({"tool_calls": [{"index": index, **_call(asked)}]})

    def _wanted(self, wanted: Wanted) -> bytes:
        return b""

    def _ran(self, ran: Ran) -> bytes:
        return b""

    def _ends(self) -> bytes:
        if self.failure is not None:
            return told(self.failure)
        out = self._delta({}, self._finish_reason())
        if self._completing.usage:
            out += self._chunk([], _usage(self.usage))
        return out + DONE

    def _finish_reason(self) -> str:
        return "tool_calls" if self.outcome == "asked" else _REASONS.get(self.reason, "stop")

    def completion(self) -> dict[str, Json]:
        """The whole completion."""
        said = [item for item in self.items if isinstance(item, Said) and not item.void]
        texts = [item.text for item in said if not item.thought]
        thoughts = "".join(item.text for item in said if item.thought)
        calls = [_call(item) for item in self.items if isinstance(item, Asked)]
        message: dict[str, Json] = {"role": "assistant", "content": "".join(texts) if texts else None}
        message["refusal"] = None
        if thoughts:
            message[_THOUGHT] = thoughts
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish_reason()}
        return {**self._head("chat.completion"), "choices": [choice], "usage": _usage(self.usage)}


def _call(asked: Asked) -> dict[str, Json]:
    function = {"name": asked.name, "arguments": asked.arguments}
    return {"id": asked.id, "type": "function", "function": function}


def told(failure: ErrorEvent) -> bytes:
    """The end of a stream that failed."""
    return sse({"error": failure_body(failure)}) + DONE


def farewell(failure: Failure) -> bytes:
    """What a reader is told when its stream ends before the completion does."""
    return told(failure_event(failure))


def failure_body(failure: ErrorEvent) -> dict[str, Json]:
    """A failure as OpenAI's error object: `code` is the finest thing that is known of it."""
    code = failure.code or failure.error_class
    return {"message": failure.message, "type": failure.error_type, "param": None, "code": code}


def _usage(usage: Usage) -> dict[str, Json]:
    return {
        "prompt_tokens": usage.input_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cached_write_tokens,
        },
        "completion_tokens": usage.output_tokens,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_output_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
