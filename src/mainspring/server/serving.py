"""Owns running the application on a socket: where to listen, which event loop, until when."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
from collections.abc import Callable
from dataclasses import dataclass

from mainspring.server.app import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where to listen, and how; times are seconds. `told` gets host and port once connections are taken."""

    host: str = "127.0.0.1"
    port: int = 0
    grace: float = 10.0
    """How long open streams may go on after SIGTERM."""
    header_timeout: float = 10.0
    """How long a connection may take to send the head of a request."""
    keep_alive: float = 75.0
    told: Callable[[str, int], None] | None = None


async def serve(app: App, listening: Listening) -> None:
    """Serves in the running loop until SIGINT or SIGTERM, then drains and returns.

    The caller opens the services before and closes them after. Raises `OSError` if the address is taken.
    """
    # Only a process that serves pays for uvicorn.
    from mainspring.server.uvicorn_server import make_server  # noqa: PLC0415 - as said above

    listener = bind(listening.host, listening.port)
    try:
        await make_server(app, listening).serve([listener])
    finally:
        listener.close()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Makes the event loop to run `serve` in: uvloop's where there is one."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop
    import uvloop  # noqa: PLC0415 - only a process that serves pays for it

    return uvloop.new_event_loop


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to an address; port 0: any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
