"""Owns what a caller sends: triggers and tool results, as values and as the JSON of the HTTP API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import msgspec

from mainspring.client.approvals import Approval
from mainspring.model.messages import Sender
from mainspring.model.signals import ToolResult
from mainspring.model.values import Json, Value

USER_MESSAGE: Final = "user-message"
"""The trigger of `send`, and its input of the same name in capitals."""


class Trigger(Value, frozen=True, kw_only=True):
    """A way into an agent, with its input. `key`: the same key again is the same turn; made up if there is none.

    `rollback_after`: drop what came after that message first; `rollback`: drop everything.
    """

    name: str = USER_MESSAGE
    input: dict[str, Json] = {}
    sender: Sender | None = None
    rollback_after: str | None = None
    rollback: bool = False
    key: str | None = None


class Continue(Value, frozen=True, kw_only=True):
    """Tool results, and answers to approval requests, for an execution that waits for them."""

    execution_id: str
    results: tuple[ToolResult, ...] = ()
    approvals: tuple[Approval, ...] = ()


def trigger(name: str, /, **input: Json) -> Trigger:
    """The trigger `name`; keywords are its input: `trigger("user-message", USER_MESSAGE="Hello")`."""
    return Trigger(name=name, input=input)


Given: TypeAlias = Trigger | Continue | Mapping[str, Json]
"""A turn to execute; a mapping has the shape that browsers post: with `triggerName` and `input`, or `executionId`."""
Results: TypeAlias = Iterable[ToolResult | Mapping[str, Json]]


class _Posted(msgspec.Struct, rename="camel"):
    trigger_name: str | None = None
    input: dict[str, Json] | None = None
    sender: Sender | None = None
    idempotency_key: str | None = None
    rollback_after_message_id: str | msgspec.UnsetType | None = msgspec.UNSET
    execution_id: str | None = None
    tool_results: list[ToolResult] | None = None
    approvals: list[Approval] | None = None


def read_given(given: Given) -> Trigger | Continue:
    """What to execute. Raises `ValueError` for a mapping that is neither a trigger nor results."""
    if isinstance(given, Trigger | Continue):
        return given
    try:
        posted = msgspec.convert(dict(given), _Posted)
    except msgspec.ValidationError as error:
        raise ValueError(f"not a trigger, and no tool results: {error}") from None
    if posted.execution_id is not None:
        return Continue(
            execution_id=posted.execution_id,
            results=tuple(posted.tool_results or ()),
            approvals=tuple(posted.approvals or ()),
        )
    after = posted.rollback_after_message_id
    return Trigger(
        name=posted.trigger_name or USER_MESSAGE,
        input=posted.input or {},
        sender=posted.sender,
        rollback=after is None,
        rollback_after=None if isinstance(after, msgspec.UnsetType) else after,
        key=posted.idempotency_key,
    )


def read_results(results: Results) -> tuple[ToolResult, ...]:
    """Tool results. Raises `ValueError` for what is none."""
    try:
        return tuple(
            one if isinstance(one, ToolResult) else msgspec.convert(dict(one), ToolResult) for one in results
        )
    except msgspec.ValidationError as error:
        raise ValueError(f"not a tool result: {error}") from None


def trigger_body(given: Trigger, key: str) -> dict[str, Json]:
    """The body of a trigger."""
    body: dict[str, Json] = {"triggerName": given.name, "input": given.input, "idempotencyKey": key}
    if given.sender is not None:
        body["sender"] = given.sender
    if given.rollback or given.rollback_after is not None:
        body["rollbackAfterMessageId"] = given.rollback_after
    return body


def result_body(result: ToolResult) -> dict[str, Json]:
    """A result as it is posted: exactly one of `result` and `error`."""
    body: dict[str, Json] = {"toolCallId": result.tool_call_id}
    if result.tool_name is not None:
        body["toolName"] = result.tool_name
    if result.error is None:
        body["result"] = result.result
    else:
        body["error"] = result.error
    if result.files:
        body["files"] = result.files
    return body
