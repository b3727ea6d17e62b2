"""Owns running the application on a socket: in which event loop, until when."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable

from mainspring.server.app import App
from mainspring.server.listening import Listening, bind

__all__ = ["Listening", "bind", "loop_factory", "serve"]


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
