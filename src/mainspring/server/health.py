"""Owns what tells operators and load balancers how the process is."""

from __future__ import annotations

from mainspring.model.errors import Unavailable
from mainspring.server.operation import Context
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import Health


async def health(_context: Context, _request: Request) -> Reply:
    """The process runs."""
    return reply(Health(status="ok"))


async def ready(context: Context, _request: Request) -> Reply:
    """The process takes work: the database answers and no shutdown has begun."""
    if context.seats.draining:
        raise Unavailable("The server is shutting down")
    await context.services.store.ping()
    return reply(Health(status="ready"))
