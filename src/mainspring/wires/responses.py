"""Owns the wire of OpenAI's Responses API: a leg of a turn as the events of one response, and as the response itself.

Every event has a number, counted from 0 in its response: a reader that was cut goes on after the last one it has.
Only events that both of OpenAI's SDKs know: another one ends their streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mainspring.model.errors import Failure
from mainspring.model.generation import Usage
from mainspring.model.stream_events import ErrorEvent
from mainspring.model.values import Json, Value, encode_json
from mainspring.wires.openai_items import APPROVAL_MARK, Asked, Item, Ran, Said, Wanted
from mainspring.wires.openai_legs import LegReader
from mainspring.wires.turns import Turn

SERVER_LABEL: Final = "mainspring"
"""Who runs the calls that are not the caller's."""
NO_NUMBER: Final = -1

_CODES: Final = {"rate_limit_error": "rate_limit_exceeded", "validation_error": "invalid_prompt"}
_INCOMPLETE: Final = {"length": "max_output_tokens", "content-filter": "content_filter"}


class Answering(Value, frozen=True, kw_only=True):
    """What is not in the journal: the ids of the response and of its model. `after`: the number a reader has."""

    id: str
    model: str
    after: int = NO_NUMBER


class ResponsesWriter(LegReader):
    """Writes the events of a response after number `after`; `response` is how it stands."""

    def __init__(self, turn: Turn, answering: Answering) -> None:
        super().__init__(turn)
        self._answering = answering
        self._number = 0
        self._deltas_of: dict[int, tuple[bytes, bytes]] = {}
        """By index of what is being said: the bytes of a delta around its number and its text."""

    # ---- events

    def _event(self, kind: str, /, **members: Json) -> bytes:
        number = self._number
        self._number += 1
        if number <= self._answering.after:
            return b""
        data = encode_json({"type": kind, "sequence_number": number, **members})
        return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"

    def farewell(self, failure: Failure) -> bytes:
        """What a reader is told when its stream ends before the response does."""
        return self._event("error", code=failure.code, message=failure.message, param=None)

    def _began(self) -> bytes:
        shown = self.response()
        return self._event("response.created", response=shown) + self._event(
            "response.in_progress", response=shown
        )

    def _said_begins(self, said: Said) -> bytes:
        where: dict[str, Json] = {"item_id": item_id(said), "output_index": said.index}
        more: dict[str, Json]
        if said.thought:
            kind = "response.reasoning_summary_text.delta"
            more = {"summary_index": 0}
            added = {**where, "summary_index": 0, "part": {"type": "summary_text", "text": ""}}
            opened = "response.reasoning_summary_part.added"
        else:
            kind = "response.output_text.delta"
            more = {"content_index": 0, "logprobs": []}
            added = {**where, "content_index": 0, "part": output_text("", [])}
            opened = "response.content_part.added"
        begin = b'event: %b\ndata: {"type":"%b","sequence_number":' % (kind.encode(), kind.encode())
        self._deltas_of[said.index] = begin, b"," + encode_json({**where, **more})[1:-1] + b',"delta":"'
        item = {**shown_item(said, closed=False), "status": "in_progress"}
        return self._event("response.output_item.added", output_index=said.index, item=item) + self._event(
            opened, **added
        )

    def _said_more(self, said: Said, pieces: Sequence[bytes]) -> bytes:
        """A delta each; where some were dropped, those that are there are the last ones."""
        begin, members = self._deltas_of[said.index]
        self._number += self._span - len(pieces)
        out: list[bytes] = []
        for piece in pieces:
            if self._number > self._answering.after:
                out += (begin, str(self._number).encode(), members, piece, b'"}\n\n')
            self._number += 1
        return b"".join(out)

    def _said_ends(self, said: Said) -> bytes:
        del self._deltas_of[said.index]
        where: dict[str, Json] = {"item_id": item_id(said), "output_index": said.index}
        item = shown_item(said)
        if said.thought:
            where["summary_index"] = 0
            done = self._event("response.reasoning_summary_text.done", **where, text=said.text)
            done += self._event("response.reasoning_summary_part.done", **where, part=item["summary"][0])
        else:
            where["content_index"] = 0
            done = self._event("response.output_text.done", **where, text=said.text, logprobs=[])
            done += self._event("response.content_part.done", **where, part=item["content"][0])
        return done + self._event("response.output_item.done", output_index=said.index, item=item)

    def _cited(self, said: Said) -> bytes:
        last = len(said.sources) - 1
        return self._event(
            "response.output_text.annotation.added",
            item_id=item_id(said),
            output_index=said.index,
            content_index=0,
            annotation_index=last,
            annotation=_annotations(said)[last],
        )

    def _asked(self, asked: Asked) -> bytes:
        item = shown_item(asked)
        where = {"item_id": item["id"], "output_index": asked.index}
        kind = "response.function_call_arguments"
        begun = {**item, "arguments": "", "status": "in_progress"}
        return (
            self._event("response.output_item.added", output_index=asked.index, item=begun)
            + self._event(f"{kind}.delta", **where, delta=asked.arguments)
            + self._event(f"{kind}.done", **where, arguments=asked.arguments)
            + self._event("response.output_item.done", output_index=asked.index, item=item)
        )

    def _wanted(self, wanted: Wanted) -> bytes:
        item = shown_item(wanted)
        return self._event("response.output_item.added", output_index=wanted.index, item=item) + self._event(
            "response.output_item.done", output_index=wanted.index, item=item
        )

    def _ran(self, ran: Ran) -> bytes:
        item = shown_item(ran)
        where = {"item_id": item["id"], "output_index": ran.index}
        begun = {**item, "arguments": "", "output": None, "error": None, "status": "in_progress"}
        return (
            self._event("response.output_item.added", output_index=ran.index, item=begun)
            + self._event("response.mcp_call.in_progress", **where)
            + self._event("response.mcp_call_arguments.done", **where, arguments=ran.arguments)
            + self._event(f"response.mcp_call.{item['status']}", **where)
            + self._event("response.output_item.done", output_index=ran.index, item=item)
        )

    def _ends(self) -> bytes:
        shown = self.response()
        status = shown["status"]
        kind = "incomplete" if status == "cancelled" else status
        return self._event(f"response.{kind}", response=shown)

    # ---- the response

    def response(self) -> dict[str, Json]:
        """The response as it stands."""
        incomplete = _INCOMPLETE.get(self.reason) if self.outcome == "finished" else None
        status = {
            "open": "in_progress",
            "asked": "completed",
            "paused": "completed",
            "finished": "incomplete" if incomplete else "completed",
            "failed": "failed",
            "stopped": "cancelled",
        }[self.outcome]
        over = self.outcome != "open"
        return {
            "id": self._answering.id,
            "object": "response",
            "created_at": self.created_at,
            "completed_at": self.completed_at if status == "completed" else None,
            "status": status,
            "error": None if self.failure is None else _error(self.failure),
            "incomplete_details": {"reason": incomplete} if incomplete else None,
            "model": self._answering.model,
            "conversation": {"id": self._turn.session_id},
            "output": [shown_item(item) for item in self.items if not item.void] if over else self._so_far(),
            "usage": _usage(self.usage) if over else None,
            "metadata": {} if self.failure is None else _told(self.failure),
            **_FIXED,
        }

    def _so_far(self) -> list[dict[str, Json]]:
        going_on = {said.index for said in self._open.values()}
        return [
            {**shown_item(item), "status": "in_progress"} if item.index in going_on else shown_item(item)
            for item in self.items
            if not item.void
        ]


_FIXED: Final[dict[str, Json]] = {
    "instructions": None,
    "max_output_tokens": None,
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "truncation": "disabled",
}
"""What an agent decides itself, as OpenAI says it."""


_MARKS: Final[dict[type, str]] = {Asked: "fc_", Wanted: APPROVAL_MARK, Ran: "mcp_"}


def item_id(item: Item) -> str:
    """The id of an item; calls have one beside that of the call."""
    if isinstance(item, Said):
        return f"rs_{item.id}" if item.thought else f"msg_{item.id}"
    return _MARKS[type(item)] + item.id


def shown_item(item: Item, *, closed: bool = True) -> dict[str, Json]:
    """An item as it is in the output of a response; not `closed`: as it begins."""
    if isinstance(item, Wanted):
        wanted = {"type": "mcp_approval_request", "server_label": SERVER_LABEL, "name": item.name}
        return {"id": item_id(item), **wanted, "arguments": item.arguments}
    shown: dict[str, Json] = {"id": item_id(item), "status": "completed"}
    if isinstance(item, Asked):
        call = {"type": "function_call", "call_id": item.id, "name": item.name, "arguments": item.arguments}
        return {**shown, **call}
    if isinstance(item, Ran):
        return {**shown, **_mcp_call(item)}
    if item.thought:
        summary = [{"type": "summary_text", "text": item.text}] if closed else []
        return {**shown, "type": "reasoning", "summary": summary}
    content = [output_text(item.text, _annotations(item))] if closed else []
    message = {**shown, "type": "message", "role": "assistant", "content": content}
    return {**message, "phase": "commentary"} if item.aside else message


def _mcp_call(ran: Ran) -> dict[str, Json]:
    error = None
    if ran.error is not None:
        error = {"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": ran.error}]}
    approval = {} if ran.approval is None else {"approval_request_id": APPROVAL_MARK + ran.approval}
    return {
        "type": "mcp_call",
        **approval,
        "server_label": SERVER_LABEL,
        "name": ran.name,
        "arguments": ran.arguments,
        "output": ran.output,
        "error": error,
        "status": "completed" if error is None else "failed",
    }


def output_text(text: str, annotations: list[dict[str, Json]]) -> dict[str, Json]:
    """The one part of a message."""
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}


def _annotations(said: Said) -> list[dict[str, Json]]:
    """What was cited, where the text had come to."""
    return [
        {
            "type": "url_citation",
            "start_index": at,
            "end_index": at,
            "url": source.url,
            "title": source.title or source.url,
        }
        for at, source in said.sources
    ]


def _error(failure: ErrorEvent) -> dict[str, Json]:
    return {"code": _CODES.get(failure.error_type, "server_error"), "message": failure.message}


def _told(failure: ErrorEvent) -> dict[str, Json]:
    """What the closed list of codes cannot say."""
    told: dict[str, Json] = {"error_type": failure.error_type, "retryable": str(failure.retryable).lower()}
    known = {
        "error_class": failure.error_class,
        "error_code": failure.code,
        "retry_after": failure.retry_after,
    }
    return told | {name: str(value) for name, value in known.items() if value is not None}


def _usage(usage: Usage) -> dict[str, Json]:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cached_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_output_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
