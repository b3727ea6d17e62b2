"""Owns following a session's events, over broken connections and restarts of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Final

from mainspring.cli.exits import NoServer
from mainspring.cli.http import Api, Received, segment
from mainspring.model.errors import Unavailable
from mainspring.system import SystemClock

ATTEMPTS: Final = 10
PAUSE: Final = 1.0


def follow(api: Api, session: str, *, after: int, live: bool, pause: float = PAUSE) -> Generator[Received]:
    """Every event after a cursor, once; `live`: then those to come, without end.

    A connection that breaks is made again every `pause` seconds, `ATTEMPTS` times without an event between.
    """
    path = f"/api/agent-sessions/{segment(session)}/events"
    cursor, failures, began = after, 0, False
    while True:
        query = {"after": cursor, "follow": "true" if live else "false"}
        try:
            for event in api.events("GET", path, query=query):
                cursor, failures, began = int(event.cursor), 0, True
                yield event
            if not live:
                return
            failures += 1
        except (NoServer, Unavailable):
            failures += 1
            if not live or not began or failures > ATTEMPTS:
                raise
        asyncio.run(SystemClock().sleep(pause))
