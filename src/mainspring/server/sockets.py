"""Owns the door of WebSockets: host, origin, path, key or token, a seat; what is refused is told as HTTP."""

from __future__ import annotations

import logging
import re
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Message, Receive, Scope, Send

from mainspring.model.errors import InvalidRequest, MainspringError
from mainspring.server.auth import authorize, host_allowed
from mainspring.server.errors import broken, error_reply, refusal
from mainspring.server.grants import may_read
from mainspring.server.operation import Context, Operation
from mainspring.server.replies import Reply
from mainspring.server.request import Request
from mainspring.server.socket_talk import Talk

LOG: Final = logging.getLogger(__name__)

PATH: Final = re.compile(r"/api/agent-sessions/(?P<id>[^/]+)/socket")
SUBPROTOCOL: Final = "mainspring"
BEARER: Final = "bearer."
RESPONSE: Final = "websocket.http.response"
"""The ASGI extension that answers a handshake with a refusal of our own."""
REFUSED: Final = 1008


async def _never(_context: Context, _request: Request) -> Reply:
    raise AssertionError("a socket is no route")


SOCKET: Final = Operation(
    method="GET",
    path="/api/agent-sessions/{id}/socket",
    handler=_never,
    scopes=frozenset(("sessions",)),
    gate=may_read,
    summary="",
)


class Sockets:
    """Every WebSocket of the application."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One WebSocket, from its handshake to its end."""
        await receive()
        request = Request(_with_bearer({**scope, "method": "GET"}), receive, self._context.options)
        request.id = request.given_id() or self._context.services.ids.token()
        try:
            refused = await self._admit(request)
            if refused is not None:
                await _refuse(scope, send, refused)
                return
            await send(_accepting(scope, request))
            await Talk(self._context, request, send).run()
        finally:
            if request.seat is not None:
                self._context.seats.release(request.seat)

    async def _admit(self, request: Request) -> Reply | None:
        options = self._context.options
        if not host_allowed(request, options):
            return refusal(403, "HOST_NOT_ALLOWED", "This server does not answer to that host name")
        if not origin_allowed(request, options.cors_origins):
            return refusal(403, "ORIGIN_NOT_ALLOWED", "Pages of that origin may not connect")
        found = PATH.fullmatch(str(request.scope["path"]))
        if found is None:
            return refusal(404, "NOT_FOUND", "There is no socket at this path")
        request.scope["path_params"] = found.groupdict()
        try:
            if not _understood(request.scope):
                raise InvalidRequest(f"Offer the subprotocol {SUBPROTOCOL} beside the token")
            await authorize(self._context, request, SOCKET)
            await self._take_seat(request)
        except MainspringError as error:
            return error_reply(error)
        except Exception:
            LOG.exception("A socket was not opened; request %s", request.id)
            return broken(request.id)
        return None

    async def _take_seat(self, request: Request) -> None:
        record = await self._context.services.sessions.record(request.project, request.param("id"))
        after = request.number("after")
        if after is not None and after > record.cursor:
            raise InvalidRequest(f"The session has no event {after}: its last one is {record.cursor}")
        request.seat = self._context.seats.reserve(request.principal.key_id, request.secret)


def origin_allowed(request: Request, origins: frozenset[str]) -> bool:
    """Whether a page may connect: of our own origin, or a named one. Who is no browser names none."""
    origin = request.header(b"origin")
    if origin is None or origin in origins:
        return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc == (request.header(b"host") or "")


def _offered(scope: Scope) -> list[str]:
    return list(scope.get("subprotocols") or ())


def _understood(scope: Scope) -> bool:
    """A browser refuses an answer that takes none of the subprotocols it offered, and a token is none to take."""
    offered = _offered(scope)
    return SUBPROTOCOL in offered or not any(name.startswith(BEARER) for name in offered)


def _with_bearer(scope: Scope) -> Scope:
    """A browser cannot set headers on a socket: its token comes as a subprotocol, `bearer.<token>`."""
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    if any(name == b"authorization" for name, _ in headers):
        return scope
    for name in _offered(scope):
        if name.startswith(BEARER):
            bearer = (b"authorization", b"Bearer " + name[len(BEARER) :].encode("latin-1", "replace"))
            return {**scope, "headers": [*headers, bearer]}
    return scope


def _accepting(scope: Scope, request: Request) -> Message:
    chosen = SUBPROTOCOL if SUBPROTOCOL in _offered(scope) else None
    return {
        "type": "websocket.accept",
        "subprotocol": chosen,
        "headers": [(b"x-request-id", request.id.encode())],
    }


async def _refuse(scope: Scope, send: Send, reply: Reply) -> None:
    """Says why, where the server lets us; else only that it is refused."""
    if RESPONSE not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": REFUSED})
        return
    kinds = {"http.response.start": f"{RESPONSE}.start", "http.response.body": f"{RESPONSE}.body"}

    async def as_response(message: Message) -> None:
        await send({**message, "type": kinds[message["type"]]})

    await reply.send(as_response)
