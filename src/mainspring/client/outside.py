"""Owns what both shells share: what a failure of the connection means, and what a tool is told of its call."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import httpx2

from mainspring.client.steps import Answer, Broken, RunTools
from mainspring.client.tools import Tool, ToolContext
from mainspring.model.stream_events import PendingToolCall

NO_TOOLS: Final[Mapping[str, Tool]] = MappingProxyType({})
_NOT_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


def not_sent(error: httpx2.TransportError) -> bool:
    """Whether the server cannot have seen the request."""
    return isinstance(error, _NOT_SENT)


def broken(error: httpx2.TransportError, *, sent: bool = True) -> Broken:
    """A failure of the connection as a value."""
    said = str(error) or type(error).__name__
    return Broken(f"{error.request.url.copy_with(query=None)}: {said}", sent=sent)


def whole_answer(response: httpx2.Response) -> Answer:
    """An answer that has been read."""
    return Answer(response.status_code, response.headers, response.content)


def context_of(step: RunTools, call: PendingToolCall) -> ToolContext:
    """What a function is told of the call it answers."""
    return ToolContext(
        call_id=call.tool_call_id,
        tool_name=call.tool_name,
        session_id=step.session_id,
        execution_id=step.execution_id,
        worker_id=call.worker_id,
    )
