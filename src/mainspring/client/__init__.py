"""The Python SDK: agents, durable sessions and tools that run in your program. Start with `Client` or `AsyncClient`."""

from mainspring.client.answers import Outcome
from mainspring.client.approvals import Approval, allow, deny
from mainspring.client.async_client import AsyncClient
from mainspring.client.configuration import Patience
from mainspring.client.errors import (
    ApiError,
    ConnectionFailed,
    MainspringClientError,
    StreamError,
    ToolError,
    WorkerError,
)
from mainspring.client.events import ClientToolRequest, Event
from mainspring.client.sync_client import Client
from mainspring.client.tools import ToolContext
from mainspring.client.trigger import Trigger, trigger

__all__ = [
    "ApiError",
    "Approval",
    "AsyncClient",
    "Client",
    "ClientToolRequest",
    "ConnectionFailed",
    "Event",
    "MainspringClientError",
    "Outcome",
    "Patience",
    "StreamError",
    "ToolContext",
    "ToolError",
    "Trigger",
    "WorkerError",
    "allow",
    "deny",
    "trigger",
]
