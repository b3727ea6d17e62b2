"""Owns what is said about the address a server listens on, and why it could not."""

from __future__ import annotations

import errno
import socket
from collections.abc import Generator
from contextlib import contextmanager

from mainspring.cli.exits import Refused


def url_of(host: str, port: int) -> str:
    """The address as people type it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_free(host: str, port: int) -> bool:
    """Whether an address could be listened on just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


@contextmanager
def listening_failed(host: str, port: int) -> Generator[None]:
    """Says in words why an address cannot be listened on; other errors pass."""
    try:
        yield
    except socket.gaierror:
        raise Refused(f"{host!r} is not a name or address of this machine.", code="BAD_ADDRESS") from None
    except OSError as error:
        words = {
            errno.EADDRINUSE: f"Port {port} on {host} is taken.",
            errno.EADDRNOTAVAIL: f"{host} is not an address of this machine.",
            errno.EACCES: f"Port {port} needs more rights than this process has.",
        }
        if error.errno not in words:
            raise
        hint = "--port 0 picks a free one." if error.errno != errno.EADDRNOTAVAIL else ""
        raise Refused(words[error.errno], code="BAD_ADDRESS", details={"hint": hint}) from None
