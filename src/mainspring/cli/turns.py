"""Owns one turn against a server: the stream of events, and the tool calls in it answered until it ends.

A stream that asks for tools ends; their results open the next. What runs here is the part of the customer's server.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, TypeAlias

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


def session_turn(api: Api, session: str, trigger: dict[str, Json], answer: Answer) -> Generator[Received]:
    """Every event of a trigger, over all its streams."""
    path = f"/api/agent-sessions/{segment(session)}/trigger"
    return _turn(api, path, trigger, answer, {})


def worker_run(api: Api, agent: str, given: dict[str, Json], answer: Answer) -> Generator[Received]:
    """Every event of a worker that runs by itself."""
    path = f"/api/agents/{segment(agent)}/execute"
    return _turn(api, path, {"type": "start", "input": given}, answer, {"type": "continue"})


def _turn(
    api: Api, path: str, body: dict[str, Json], answer: Answer, goes_on: dict[str, Json]
) -> Generator[Received]:
    while True:
        asked: dict[str, Any] | None = None
        with closing(api.events("POST", path, body=body)) as events:
            for event in events:
                yield event
                if event.data["type"] == "tool-request":
                    asked = event.data
        if asked is None:
            return
        results: list[dict[str, Json]] = []
        for call in msgspec.convert(asked["toolCalls"], list[ToolCall]):
            result = _answered(call, answer)
            results.append(result)
            yield _output(result)
        body = {**goes_on, "executionId": asked["executionId"], "toolResults": results}


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
