"""Owns what happens around every handler: method, host, key, errors, headers; the same for all paths."""

from __future__ import annotations

import logging
from typing import Final

from starlette.types import Receive, Scope, Send

from mainspring.model.errors import MainspringError, StoreError
from mainspring.server.auth import authorize, cors_headers, host_allowed, preflight_headers
from mainspring.server.bodies import ClientLeft
from mainspring.server.errors import broken, error_reply, flat, refusal
from mainspring.server.file_reply import FileReply
from mainspring.server.operation import Answer, Context, Operation
from mainspring.server.replies import Headers, Nothing, Reply
from mainspring.server.request import Request

LOG: Final = logging.getLogger(__name__)


class Resource:
    """One path as an ASGI application; `operations` are those of its methods, none: an unknown path."""

    def __init__(self, context: Context, operations: tuple[Operation, ...]) -> None:
        self._context = context
        self._by_method = {operation.method: operation for operation in operations}
        get = self._by_method.get("GET")
        if get is not None and not get.streams:
            self._by_method["HEAD"] = get
        self._shape = operations[0].errors if operations else flat
        self._allow = ", ".join(sorted({*self._by_method, "OPTIONS"}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        request = Request(scope, receive, self._context.options)
        request.id = request.given_id() or self._context.services.ids.token()
        headers = ((b"x-request-id", request.id.encode()), *cors_headers(request, self._context.options))
        try:
            answer = await self._answer(request, headers)
        except ClientLeft:
            return
        try:
            if isinstance(answer, Reply | Nothing | FileReply):
                await answer.send(send, headers=headers, bodiless=request.method == "HEAD")
            else:
                await answer.send(request, send, headers)
        finally:
            if request.seat is not None:
                self._context.seats.release(request.seat)

    async def _answer(self, request: Request, headers: Headers) -> Answer:
        try:
            refused = self._refused(request, headers)
            if refused is not None:
                return refused
            operation = self._by_method[request.method]
            await authorize(self._context, request, operation)
            return await operation.handler(self._context, request)
        except ClientLeft:
            raise
        except MainspringError as error:
            if isinstance(error, StoreError) or error.status == 500:
                LOG.warning("%s: %r; request %s", error.code, error.message, request.id)
            return error_reply(error, shape=self._shape)
        except Exception:
            LOG.exception("A handler failed; request %s", request.id)
            return broken(request.id, shape=self._shape)

    def _refused(self, request: Request, headers: Headers) -> Reply | None:
        if not host_allowed(request, self._context.options):
            why = "This server does not answer to that host name"
            return refusal(403, "HOST_NOT_ALLOWED", why, shape=self._shape)
        if not self._by_method:
            return refusal(404, "NOT_FOUND", "There is nothing at this path")
        if request.method in self._by_method:
            return None
        allow = ((b"allow", self._allow.encode()),)
        if request.method == "OPTIONS":
            asked = any(name == b"access-control-allow-origin" for name, _ in headers)
            return Reply(200, b"{}", (*allow, *(preflight_headers(self._allow) if asked else ())))
        why = f"This path takes {self._allow}"
        return refusal(405, "METHOD_NOT_ALLOWED", why, headers=allow, shape=self._shape)
