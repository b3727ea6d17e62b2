"""Owns what a route is: one method on one path, who may call it, what it takes and gives, and who answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from mainspring.runtime.requests import Grant
from mainspring.server.errors import Shape, flat
from mainspring.server.file_reply import FileReply
from mainspring.server.options import ServerOptions
from mainspring.server.replies import Nothing, Reply
from mainspring.server.request import Request
from mainspring.server.seats import Seats
from mainspring.server.services import Services
from mainspring.server.sse import EventStream

ADMIN: Final = "admin"
"""The scope that includes every other."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every handler may use."""

    services: Services
    options: ServerOptions
    seats: Seats
    operations: tuple[Operation, ...]


Answer: TypeAlias = Reply | Nothing | FileReply | EventStream
Handler: TypeAlias = Callable[[Context, Request], Awaitable[Answer]]
Gate: TypeAlias = Callable[[Context, Request, Grant], Awaitable[None]]
"""Raises what keeps an ephemeral token out."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the query; `type` is its JSON Schema type."""

    name: str
    type: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One line of the table of contents.

    `scopes`: any of them suffices, `admin` always does; None: no key is needed. `takes` and `gives` are the types of
    the JSON bodies, `streams`: the answer is a stream of server-sent events. `gate`: what an ephemeral token has to
    pass; None: none may.
    """

    method: str
    path: str
    handler: Handler
    scopes: frozenset[str] | None
    summary: str
    gate: Gate | None = None
    takes: Any = None
    gives: Any = None
    status: int = 200
    streams: bool = False
    signed: bool = False
    """Whether the address itself is the right to call it; an answer without `gives` is a file then."""
    errors: Shape = flat
    """How the answers look that are no success; the same for all methods of a path."""
    query: tuple[Query, ...] = ()

    @property
    def name(self) -> str:
        """`trigger_session`: the name of its handler."""
        return self.handler.__name__
