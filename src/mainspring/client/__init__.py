"""The Python SDK: agents, durable sessions and tools that run in your program. Start with `Client` or `AsyncClient`."""

from mainspring.client.async_client import AsyncClient
from mainspring.client.configuration import Patience
from mainspring.client.errors import ApiError, ConnectionFailed, MainspringClientError, StreamError, ToolError
from mainspring.client.tools import ToolContext
from mainspring.client.trigger import Trigger, trigger

__all__ = [
    "ApiError",
    "AsyncClient",
    "ConnectionFailed",
    "MainspringClientError",
    "Patience",
    "StreamError",
    "ToolContext",
    "ToolError",
    "Trigger",
    "trigger",
]
