"""Owns the ASGI application: the table of routes, bound to the services."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import groupby

from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from mainspring.server.openapi import get_document
from mainspring.server.operation import Context, Operation
from mainspring.server.options import ServerOptions
from mainspring.server.resource import Resource
from mainspring.server.routes import OPERATIONS
from mainspring.server.seats import Seats
from mainspring.server.services import Services
from mainspring.server.sockets import Sockets


class App:
    """The server as an ASGI application. Whoever runs it opens and closes the services; `lifespan` does nothing."""

    def __init__(self, services: Services, options: ServerOptions) -> None:
        self._calls = services.calls
        self._attendant = services.attendant
        self.seats = Seats(services.clock, services.keys.verify, options)
        self.options = options
        operations = opened(OPERATIONS) if options.open_document else OPERATIONS
        context = Context(services, options, self.seats, operations)
        self._sockets = Sockets(context)
        self._router = Router(
            [Route(path, Resource(context, group)) for path, group in by_path(operations)],
            redirect_slashes=False,
            default=Resource(context, ()),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or one WebSocket."""
        if scope["type"] == "http":
            await self._router(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        else:
            await self._sockets(scope, receive, send)

    async def drain(self, grace: float) -> None:
        """Before the process ends: no new streams, `grace` seconds for the open ones, then each is told and closed.

        It takes up nothing that other hosts leave; connected workers get calls until the end. What it runs itself is
        the other hosts' once the services are closed.
        """
        retiring = asyncio.ensure_future(self._attendant.retire())
        await self.seats.drain(grace)
        await retiring
        self._calls.rest()


def create_app(services: Services, options: ServerOptions | None = None) -> App:
    """The ASGI application of these services."""
    return App(services, options or ServerOptions())


def opened(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """The table with an API document that needs no key."""
    return tuple(
        replace(operation, scopes=None) if operation.handler is get_document else operation
        for operation in operations
    )


def by_path(operations: tuple[Operation, ...]) -> list[tuple[str, tuple[Operation, ...]]]:
    """The operations of each path, in the order of the table."""
    return [(path, tuple(group)) for path, group in groupby(operations, key=lambda operation: operation.path)]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
