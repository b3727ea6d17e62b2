"""Owns where the server listens: the address, the patience with slow connections, the socket."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass


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
