"""Owns who may: the key of a request, its scopes, the hosts and origins that are let in."""

from __future__ import annotations

from typing import Final

from mainspring.model.errors import Forbidden, Unauthorized
from mainspring.server.operation import ADMIN, Context, Operation
from mainspring.server.options import ServerOptions
from mainspring.server.replies import Headers
from mainspring.server.request import Request

_BEARER: Final = "bearer "
_LONGEST_KEY: Final = 512
_ALLOWED_HEADERS: Final = (
    b"authorization, content-type, last-event-id, x-octavus-sdk-version, x-octavus-trace, x-request-id"
)
_EXPOSED_HEADERS: Final = (
    b"retry-after, x-octavus-session-id, x-request-id, "
    b"x-mainspring-cursor, x-mainspring-execution-id, x-mainspring-session-id"
)
_PREFLIGHT_SECONDS: Final = b"600"


async def authorize(context: Context, request: Request, operation: Operation) -> None:
    """Sets the request's principal; raises `Unauthorized` without a good key, `Forbidden` without the right."""
    scopes = operation.scopes
    if scopes is None:
        return
    secret = _bearer(request.header(b"authorization"))
    principal = await context.services.keys.verify(secret)
    request.principal = principal
    request.secret = secret
    if principal.grant is not None:
        if operation.gate is None:
            raise Forbidden("An ephemeral token may not do this: it needs a key")
        await operation.gate(context, request, principal.grant)
        return
    if scopes and not scopes & principal.scopes and ADMIN not in principal.scopes:
        needed = " or ".join(sorted(scopes))
        raise Forbidden(f"This key lacks the scope {needed}")


def _bearer(header: str | None) -> str:
    if header is None:
        raise Unauthorized("No API key: send it as `Authorization: Bearer <key>`")
    secret = header[len(_BEARER) :].strip()
    if header[: len(_BEARER)].lower() != _BEARER or not secret or len(secret) > _LONGEST_KEY:
        raise Unauthorized("The Authorization header is not `Bearer <key>`")
    return secret


def host_allowed(request: Request, options: ServerOptions) -> bool:
    """Whether the request is addressed to us: a page whose name was pointed at this machine is not."""
    if options.allowed_hosts is None:
        return True
    host = (request.header(b"host") or "").lower()
    name = host[1 : host.index("]")] if host.startswith("[") and "]" in host else host.partition(":")[0]
    return name in options.allowed_hosts


def cors_headers(request: Request, options: ServerOptions) -> Headers:
    """What lets a browser on an allowed origin read the answer; nothing for any other."""
    if not options.cors_origins:
        return ()
    origin = request.header(b"origin")
    if origin is None or origin not in options.cors_origins:
        return ((b"vary", b"origin"),)
    return (
        (b"vary", b"origin"),
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSED_HEADERS),
    )


def preflight_headers(methods: str) -> Headers:
    """What answers a browser's question before its request."""
    return (
        (b"access-control-allow-methods", methods.encode()),
        (b"access-control-allow-headers", _ALLOWED_HEADERS),
        (b"access-control-max-age", _PREFLIGHT_SECONDS),
    )
