"""Owns a tool made of a plain function: its arguments by its signature and hints, checked before it is called.

    async def get_user_account(userId: str, context: ToolContext) -> dict[str, str]:
        ...

A parameter takes the argument of its name, or of its name in camel case or with dashes (`user_id` takes `userId`). A
parameter hinted `ToolContext`, or one without a hint that is called `context`, takes the call itself. A function whose
only other parameter is called `args` takes all arguments at once, converted to its hint.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias, cast

import msgspec

from mainspring.client.errors import InvalidTool, ToolError
from mainspring.client.tool_schema import description_of, digest_of, schema_of
from mainspring.model.messages import Sender
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import PendingToolCall
from mainspring.model.values import Json

LOG: Final = logging.getLogger("mainspring.client")

MAX_RESULT: Final = 4 * 1024 * 1024
"""The most bytes of JSON that a result may have."""
WHOLE: Final = "args"
CONTEXT: Final = "context"

Function: TypeAlias = Callable[..., Any]
ToolsGiven: TypeAlias = "Mapping[str, Function] | Iterable[Function | Tool]"
"""Functions by the names of their tools, or functions that have their tool's name: `get_order` is `get-order`."""

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|-")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """The call a function answers. `call_id` is the same however often the call is made: the key of its effect.

    `attempt` counts from 1; `deadline`: Unix seconds, when nobody waits for the result any more; `sender`: the author
    of the turn. They are known where the server tries calls itself: for connected workers, and functions in it.
    """

    call_id: str
    tool_name: str
    session_id: str
    execution_id: str
    worker_id: str | None = None
    attempt: int = 1
    deadline: float | None = None
    sender: Sender | None = None


class Tool:
    """One function as a tool. Raises `InvalidTool` if its signature or hints cannot be one's."""

    __slots__ = ("_arguments", "_context", "_function", "_names", "_whole", "description", "is_async", "name")

    def __init__(self, function: Function, name: str = "") -> None:
        self.name = name or _name_of(function)
        self._function = function
        self.description = description_of(function)
        self.is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - an object may be a coroutine function by its __call__
        )
        self._context: list[str] = []
        self._names: frozenset[str] = frozenset()
        self._whole = ""
        self._arguments: Any = self._read(_signature(function, self.name))

    def _read(self, signature: inspect.Signature) -> Any:
        """The type the arguments are converted to; sorts out what the parameters are for."""
        fields: list[Any] = []
        closed = True
        for parameter in signature.parameters.values():
            hint = Any if parameter.annotation is parameter.empty else parameter.annotation
            if hint is ToolContext or (parameter.name == CONTEXT and hint is Any):
                self._context.append(parameter.name)
            elif parameter.kind is parameter.VAR_KEYWORD:
                closed = False
            elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
                raise InvalidTool(f"{self.name}: {parameter} is positional; arguments come by name")
            else:
                fields.append(_field(parameter, hint))
        self._names = frozenset(field[0] for field in fields)
        if closed and tuple(self._names) == (WHOLE,):
            self._whole = WHOLE
            return self._checked(fields[0][1])
        return self._checked(
            msgspec.defstruct("Arguments", fields, kw_only=True, forbid_unknown_fields=closed)
        )

    def _checked(self, type_: Any) -> Any:
        try:
            msgspec.json.Decoder(type_)
        except (TypeError, ValueError) as error:
            raise InvalidTool(f"{self.name}: its type hints cannot be read from JSON: {error}") from None
        return type_

    @property
    def schema(self) -> dict[str, Json]:
        """The JSON Schema of its arguments object."""
        return schema_of(self._arguments, self._function)

    @property
    def digest(self) -> str:
        """What tells two versions of its arguments apart."""
        return digest_of(self.schema)

    def bind(self, call: PendingToolCall, context: ToolContext) -> dict[str, Any]:
        """The keywords the function is called with. Raises `ToolError` for arguments that do not fit."""
        given = dict.fromkeys(self._context, context)
        renamed = {} if self._whole else {key: self._parameter(key, call.args) for key in call.args}
        named = call.args if self._whole else {renamed[key]: value for key, value in call.args.items()}
        try:
            converted = msgspec.convert(named, self._arguments)
        except msgspec.ValidationError as error:
            raise ToolError(f"The arguments do not fit: {_as_written(str(error), renamed)}") from None
        if self._whole:
            return {**given, self._whole: converted}
        more = {key: value for key, value in named.items() if key not in self._names}
        own = {name: getattr(converted, name) for name in self._names}
        return {**more, **own, **given}

    def _parameter(self, key: str, args: Mapping[str, Json]) -> str:
        """The parameter that takes an argument."""
        snake = _HUMP.sub("_", key).lower()
        return snake if key not in self._names and snake in self._names and snake not in args else key

    def run(self, call: PendingToolCall, context: ToolContext) -> ToolResult:
        """Calls the function in this thread; whatever it raises is the result."""
        try:
            value = self._function(**self.bind(call, context))
            if inspect.isawaitable(value):
                value = asyncio.run(_awaited(value))
        except Exception as error:  # noqa: BLE001 - whatever a tool raises is its result
            return failed(call, error)
        return succeeded(call, value)

    async def run_async(self, call: PendingToolCall, context: ToolContext) -> ToolResult:
        """Calls the function on this event loop, or in a thread if it is not async."""
        try:
            value = await self.value(call, context)
        except Exception as error:  # noqa: BLE001 - whatever a tool raises is its result
            return failed(call, error)
        return succeeded(call, value)

    async def value(
        self, call: PendingToolCall, context: ToolContext, threads: Executor | None = None
    ) -> Any:
        """What the function returns, and raises; one that is not async runs in one of `threads`."""
        given = self.bind(call, context)
        if self.is_async:
            value = self._function(**given)
        else:
            work = partial(contextvars.copy_context().run, self._function, **given)
            value = await asyncio.get_running_loop().run_in_executor(threads, work)
        return await value if inspect.isawaitable(value) else value


def tools_of(given: ToolsGiven) -> dict[str, Tool]:
    """The tools by name. Raises `InvalidTool`."""
    if isinstance(given, Mapping):
        named = cast("Mapping[str, Function]", given)
        return {name: Tool(function, name) for name, function in named.items()}
    tools = [one if isinstance(one, Tool) else Tool(one) for one in given]
    return {tool.name: tool for tool in tools}


def succeeded(call: PendingToolCall, value: Any) -> ToolResult:
    """The result of a call: a value as JSON; what is not JSON, or too much of it, is an error."""
    try:
        size = len(msgspec.json.encode(value))
        result = msgspec.to_builtins(value, str_keys=True)
    except (TypeError, ValueError, RecursionError) as error:
        LOG.warning("%s returned what is not JSON: %s", call.tool_name, error)
        return failed(call, ToolError(f"The tool returned what is not JSON: {error}"))
    if size > MAX_RESULT:
        return failed(call, ToolError(f"The result is too large: {size} bytes, {MAX_RESULT} are allowed"))
    return ToolResult(tool_call_id=call.tool_call_id, tool_name=call.tool_name, result=result)


def failed(call: PendingToolCall, error: Exception) -> ToolResult:
    """The result of a call that failed: what the model reads."""
    if isinstance(error, ToolError):
        said = error.message
    else:
        LOG.warning("%s failed", call.tool_name, exc_info=error)
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return ToolResult(tool_call_id=call.tool_call_id, tool_name=call.tool_name, error=said)


async def _awaited(value: Any) -> Any:
    return await value


def _name_of(function: Function) -> str:
    name = getattr(function, "__name__", "")
    if not name or name == "<lambda>":
        raise InvalidTool(f"{function!r} has no name: give it one with tools={{'name': function}}")
    return str(name).replace("_", "-")


def _signature(function: Function, name: str) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)
    except (NameError, TypeError, ValueError) as error:
        raise InvalidTool(f"{name}: its signature cannot be read: {error}") from None


def _field(parameter: inspect.Parameter, hint: Any) -> Any:
    default = parameter.default
    if default is parameter.empty:
        return (parameter.name, hint)
    # The function's own default object is what it would have got; a struct may not hold a mutable one.
    return (parameter.name, hint, msgspec.field(default_factory=lambda: default))


def _as_written(message: str, renamed: Mapping[str, str]) -> str:
    """A complaint about a parameter, under the name the model gave it."""
    for key, parameter in renamed.items():
        if key != parameter:
            message = message.replace(f"`$.{parameter}", f"`$.{key}")
    return message
