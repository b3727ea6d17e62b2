"""Owns one turn against a server: the stream of events, and the tool calls in it answered until it ends.

A stream that asks for tools ends; their results open the next. What runs here is the part of the customer's server.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, NamedTuple, TypeAlias

import msgspec

from mainspring.cli.http import Api, Received, segment
from mainspring.model.values import Json


class ToolCall(msgspec.Struct, frozen=True, rename="camel"):
    """A call that somebody on this side has to answer."""

    tool_call_id: str
    tool_name: str
    args: dict[str, Json] = {}


class ToolFailed(Exception):
    """A tool did not work; the model reads the message."""


Answer: TypeAlias = Callable[[ToolCall], Json]
"""Runs a tool: its result, or `ToolFailed`."""


Approve: TypeAlias = Callable[[dict[str, Any]], dict[str, Json] | None]
"""Answers an approval request; None: it stays open, for somebody else."""


def nobody(_: dict[str, Any]) -> None:
    """Leaves every request open."""


class Here(NamedTuple):
    """Who answers on this side: tools, and requests for a person's word."""

    answer: Answer
    approve: Approve = nobody


def session_turn(api: Api, session: str, trigger: dict[str, Json], here: Here) -> Generator[Received]:
    """Every event of a trigger, over all its streams."""
    path = f"/api/agent-sessions/{segment(session)}/trigger"
    return _turn(api, path, trigger, here, {})


def worker_run(api: Api, agent: str, given: dict[str, Json], here: Here) -> Generator[Received]:
    """Every event of a worker that runs by itself."""
    path = f"/api/agents/{segment(agent)}/execute"
    return _turn(api, path, {"type": "start", "input": given}, here, {"type": "continue"})


def _turn(
    api: Api, path: str, body: dict[str, Json], here: Here, goes_on: dict[str, Json]
) -> Generator[Received]:
    while True:
        open_ = _Open()
        with closing(api.events("POST", path, body=body)) as events:
            for event in events:
                yield event
                open_.note(event.data)
        results: list[dict[str, Json]] = []
        for call in open_.calls:
            result = _answered(call, here.answer)
            results.append(result)
            yield _output(result)
        answers = [answer for answer in map(here.approve, open_.approvals.values()) if answer is not None]
        if not (results or answers):
            return
        body = {**goes_on, "executionId": open_.execution_id, "toolResults": results}
        if answers:
            body["approvals"] = answers


class _Open:
    """What a stream has left for this side to answer."""

    def __init__(self) -> None:
        self.execution_id = ""
        self.calls: list[ToolCall] = []
        self.approvals: dict[str, dict[str, Any]] = {}

    def note(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "tool-request":
                self.calls = msgspec.convert(event["toolCalls"], list[ToolCall])
                self.execution_id = event["executionId"]
            case "tool-approval-request":
                self.approvals[event["approvalId"]] = event
                self.execution_id = event["executionId"]
            case "tool-approval-response":
                self.approvals.pop(event["approvalId"], None)
            case _:
                pass


def _answered(call: ToolCall, answer: Answer) -> dict[str, Json]:
    result: dict[str, Json] = {"toolCallId": call.tool_call_id, "toolName": call.tool_name}
    try:
        result["result"] = answer(call)
    except ToolFailed as error:
        result["error"] = str(error)
    return result


def _output(result: dict[str, Json]) -> Received:
    """The event that tells of a result that was made here: a server does not send it back."""
    data: dict[str, Json] = {"type": "tool-output-available", "toolCallId": result["toolCallId"]}
    if "error" in result:
        data |= {"type": "tool-output-error", "error": result["error"]}
    else:
        data["output"] = result["result"]
    return Received(data, msgspec.json.encode(data).decode(), "")
