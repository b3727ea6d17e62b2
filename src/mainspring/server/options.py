"""Owns what an operator may set on the HTTP server, with the defaults and their units."""

from __future__ import annotations

from dataclasses import dataclass, field

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Limits and manners of the server; times are seconds, sizes are bytes."""

    stop_on_disconnect: bool = True
    """A client that leaves the answer to a trigger stops the execution; False: it runs on, to be read by `events`."""
    max_body: int = 10 * MEGABYTE
    body_timeout: float = 30.0
    """How long a request may take to send its body."""
    max_streams: int = 1000
    """Live streams of the process; beyond it new work is refused, tool results are taken up to a quarter more."""
    max_streams_per_key: int | None = None
    heartbeat: float = 15.0
    """A stream is never silent for longer."""
    write_timeout: float = 60.0
    """A reader that takes nothing for that long is cut off."""
    key_check: float = 4.0
    """How often the key of an open stream is verified again."""
    cors_origins: frozenset[str] = field(default_factory=frozenset[str])
    """Exact origins browsers may call from; none: no CORS."""
    allowed_hosts: frozenset[str] | None = None
    """Host names a request may be addressed to, without port or brackets; None: any."""
    public_url: str = ""
    """How clients reach the server, without a slash at the end; empty: as each request was addressed."""
    open_document: bool = False
    """Whether `/openapi.json` needs no key."""
