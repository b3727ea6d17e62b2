"""Tells how a plain function is a tool: which arguments it takes, what is refused, what becomes of its result."""

from __future__ import annotations

import datetime
import functools
from typing import Annotated, Any, Literal

import msgspec
import pytest

from mainspring.client import ToolContext, ToolError
from mainspring.client.errors import InvalidTool
from mainspring.client.tools import MAX_RESULT, Tool, tools_of
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import PendingToolCall

CONTEXT = ToolContext(call_id="call_1", tool_name="look-up", session_id="ses_1", execution_id="exe_1")


class Order(msgspec.Struct):
    id: str
    lines: list[int] = []


def result(function: Any, **args: Any) -> ToolResult:
    call = PendingToolCall(tool_call_id="call_1", tool_name="look-up", args=args, source="llm")
    return Tool(function, "look-up").run(call, CONTEXT)


def test_arguments_come_by_name_in_their_types() -> None:
    def look_up(
        order: Order,
        dueOn: datetime.date,  # noqa: N803 - an argument may be called so
        size: Literal["small", "large"] = "small",
        note_text: str | None = None,
    ) -> Any:
        return [order.lines, dueOn.year, size, note_text]

    given = {"order": {"id": "a", "lines": [1]}, "dueOn": "2026-11-22"}
    assert result(look_up, **given).result == [[1], 2026, "small", None]
    assert result(look_up, **given, noteText="hi", size="large").result == [[1], 2026, "large", "hi"]


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ({}, "Object missing required field `user_id`"),
        ({"userId": 7}, "Expected `str`, got `int` - at `$.userId`"),
        ({"userId": "a", "limit": -1}, "Expected `int` >= 0 - at `$.limit`"),
        ({"userId": "a", "colour": "red"}, "Object contains unknown field `colour`"),
        ({"userId": "a", "user_id": "b"}, "Object contains unknown field `userId`"),
    ],
)
def test_what_does_not_fit_is_said_in_the_models_words(args: dict[str, Any], complaint: str) -> None:
    def look_up(user_id: str, limit: Annotated[int, msgspec.Meta(ge=0)] = 3) -> str:
        raise AssertionError("never called")

    assert result(look_up, **args).error == f"The arguments do not fit: {complaint}"


def test_the_rest_and_the_whole_of_the_arguments() -> None:
    def rest(city: str, **more: Any) -> Any:
        return [city, more]

    def whole(args: dict[str, int], context: ToolContext) -> Any:
        return [args, context.call_id]

    assert result(rest, city="Oslo", days=2).result == ["Oslo", {"days": 2}]
    assert result(whole, a=1).result == [{"a": 1}, "call_1"]
    assert "Expected `int`" in str(result(whole, a="x").error)
    assert result(lambda args: args, a=1).result == {"a": 1}


def test_a_default_is_the_functions_own() -> None:
    seen: list[int] = []

    def look_up(into: list[int] = seen) -> int:
        into.append(1)
        return len(into)

    assert [result(look_up).result, result(look_up).result] == [1, 2]
    assert seen == [1, 1]


def test_results_are_json_or_an_error() -> None:
    assert result(lambda: Order("a")).result == {"id": "a", "lines": []}
    assert result(lambda: {1: datetime.date(2026, 11, 22)}).result == {"1": "2026-11-22"}
    assert result(lambda: None) == ToolResult(tool_call_id="call_1", tool_name="look-up")
    assert "not JSON" in str(result(object).error)
    assert "too large" in str(result(lambda: "x" * MAX_RESULT).error)


def test_what_is_raised_is_told_to_the_model() -> None:
    def fail(error: BaseException) -> Any:
        raise error

    assert result(functools.partial(fail, KeyError("x"))).error == "KeyError: 'x'"
    assert result(lambda: fail(ValueError())).error == "ValueError"
    assert result(lambda: fail(ToolError("Ask again."))).error == "Ask again."
    with pytest.raises(KeyboardInterrupt):
        result(lambda: fail(KeyboardInterrupt()))


async def test_a_plain_function_may_give_what_is_to_be_awaited() -> None:
    async def later() -> str:
        return "later"

    def plain() -> Any:
        return later()

    call = PendingToolCall(tool_call_id="call_1", tool_name="look-up", args={}, source="llm")
    assert (await Tool(later, "look-up").run_async(call, CONTEXT)).result == "later"
    assert (await Tool(plain, "look-up").run_async(call, CONTEXT)).result == "later"


def test_names() -> None:
    def get_order(order_id: str) -> str:
        return order_id

    assert list(tools_of([get_order])) == ["get-order"]
    assert list(tools_of({"other": get_order})) == ["other"]
    for nameless in (lambda args: args, functools.partial(get_order)):
        with pytest.raises(InvalidTool, match="has no name"):
            tools_of([nameless])


def positional(first: str, /) -> None: ...


def many(*things: str) -> None: ...


def unreadable(thing: asyncio_is_not_imported.Task) -> None: ...  # type: ignore[name-defined]  # noqa: F821 - the point


def no_json(thing: dict[Order, int], other: int | Order | dict[str, int]) -> None: ...


@pytest.mark.parametrize("function", [positional, many, unreadable, no_json, 7])
def test_what_cannot_be_a_tool_says_so_at_once(function: Any) -> None:
    with pytest.raises(InvalidTool, match="look-up: "):
        Tool(function, "look-up")
