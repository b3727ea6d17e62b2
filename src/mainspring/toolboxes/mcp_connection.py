"""Owns the connection to one MCP server: made when it is needed, and anew after it was lost, with growing pauses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from mainspring.model.values import Json
from mainspring.runtime.ports import Clock
from mainspring.toolboxes.mcp_peer import Dial, ListedTool, Peer, PeerGone, PeerRefused, innermost
from mainspring.toolboxes.mcp_settings import McpServer

log = logging.getLogger("mainspring.mcp")
SHORTEST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 60.0
"""Seconds between two attempts to connect: doubled with each that fails."""
UNSURE: Final = "It may have run or not."
Listed = Callable[[list[ListedTool]], None]


class Open:
    """A connection while it is open; `ended` is done when it is lost, or nobody wants it any more."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.peer: asyncio.Future[Peer] = loop.create_future()
        self.ended: asyncio.Future[str] = loop.create_future()
        self.changed = asyncio.Event()
        self.calls = 0
        self.peer.add_done_callback(_look)

    def end(self, why: str) -> None:
        """The connection is not used any more."""
        if not self.ended.done():
            self.ended.set_result(why)


def _look(future: asyncio.Future[Peer]) -> None:
    """A failure that nobody waits for is no news."""
    if not future.cancelled():
        future.exception()


class McpConnection:
    """The way to one server. `listed` is told its tools each time they are heard."""

    def __init__(self, name: str, server: McpServer, *, dial: Dial, clock: Clock, listed: Listed) -> None:
        self._name = name
        self._server = server
        self._dial = dial
        self._clock = clock
        self._listed = listed
        self._open: Open | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._not_before = 0.0
        self.problem: str | None = None
        self.version: str | None = None

    # ---- connecting -----------------------------------------------------------------------------------------

    async def ready(self) -> None:
        """Returns when the server has told its tools. Raises `PeerGone`."""
        await self._peer()

    @property
    def connected(self) -> bool:
        """Whether it is open now."""
        return self._open is not None and self._open.peer.done() and not self._open.ended.done()

    @property
    def may_connect(self) -> bool:
        """Whether an attempt to connect would be made now."""
        return self._not_before <= self._clock.monotonic()

    async def _peer(self) -> tuple[Open, Peer]:
        if self._open is None or self._open.ended.done():
            wait = self._not_before - self._clock.monotonic()
            if wait > 0:
                why = f"{self.problem} The next attempt is made in {max(round(wait), 1)} s."
                raise PeerGone(why, sent=False)
            self._open = Open()
            self._spawn(self._keep(self._open))
        opened = self._open
        return opened, await asyncio.shield(opened.peer)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"MCP server {self._name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, opened: Open) -> None:
        """One connection from its beginning to its end, bounded while it is made."""
        serving = asyncio.ensure_future(self._serve(opened))
        timer = asyncio.ensure_future(self._clock.sleep(self._server.connect_seconds))
        try:
            await asyncio.wait((serving, opened.peer, timer), return_when=asyncio.FIRST_COMPLETED)
            if not opened.peer.done() and not serving.done():
                self._failed(opened, f"it did not answer within {self._server.connect_seconds:g} s.")
                serving.cancel()
            await asyncio.wait((serving,))
        finally:
            timer.cancel()
            serving.cancel()
            opened.end("the connection was closed.")
        if not serving.cancelled() and (error := serving.exception()) is not None:
            self._failed(opened, innermost(error))

    async def _serve(self, opened: Open) -> None:
        dialled = self._dial(self._server, changed=opened.changed.set, ended=opened.end)
        async with dialled as peer:
            self._listed(await peer.tools())
            self.version = peer.version
            self._failures, self._not_before, self.problem = 0, 0.0, None
            opened.peer.set_result(peer)
            log.info("MCP server %s: connected, protocol %s", self._name, peer.version)
            await self._follow(opened, peer)

    async def _follow(self, opened: Open, peer: Peer) -> None:
        """Hears of other tools as long as the connection is open."""
        while True:
            changed = asyncio.ensure_future(opened.changed.wait())
            try:
                await asyncio.wait((changed, opened.ended), return_when=asyncio.FIRST_COMPLETED)
            finally:
                changed.cancel()
            if opened.ended.done():
                self.problem = f"The MCP server {self._name} is not connected: {opened.ended.result()}"
                log.info("%s", self.problem)
                return
            opened.changed.clear()
            self._listed(await peer.tools())

    def _failed(self, opened: Open, why: str) -> None:
        """A connection could not be made, or broke in our hands."""
        self._failures += 1
        wait = min(SHORTEST_WAIT * 2.0 ** (self._failures - 1), LONGEST_WAIT)
        self._not_before = self._clock.monotonic() + wait
        self.problem = f"The MCP server {self._name} cannot be reached: {why}"
        log.warning("%s", self.problem)
        opened.end(why)
        if not opened.peer.done():
            opened.peer.set_exception(PeerGone(self.problem, sent=False))

    # ---- calls ----------------------------------------------------------------------------------------------

    async def call(self, tool: str, args: dict[str, Json]) -> dict[str, Json]:
        """The result of a call. Raises `PeerGone`, `PeerRefused`; cancelling tells the server."""
        opened, peer = await self._peer()
        opened.calls += 1
        try:
            return await self._bounded(opened, peer, tool, args)
        except PeerGone as gone:
            opened.end(str(gone))
            unsure = f" {UNSURE}" if gone.sent else ""
            lost = f"The connection to the MCP server {self._name} was lost: {gone}{unsure}"
            raise PeerGone(lost, sent=gone.sent) from None
        finally:
            opened.calls -= 1

    async def _bounded(self, opened: Open, peer: Peer, tool: str, args: dict[str, Json]) -> dict[str, Json]:
        calling = asyncio.ensure_future(peer.call(tool, args))
        timer = asyncio.ensure_future(self._clock.sleep(self._server.seconds))
        try:
            await asyncio.wait((calling, timer, opened.ended), return_when=asyncio.FIRST_COMPLETED)
            if calling.done():
                return calling.result()
            if opened.ended.done():
                raise PeerGone(opened.ended.result(), sent=True)
            if opened.calls == 1:
                # Nobody else waits here, so nothing is lost with it: perhaps it is dead.
                opened.end("a call was not answered in time.")
            slow = f"The MCP server {self._name} did not answer within {self._server.seconds:g} s."
            raise PeerRefused(f"{slow} {UNSURE}")
        finally:
            timer.cancel()
            calling.cancel()
            await asyncio.gather(calling, timer, return_exceptions=True)

    async def close(self) -> None:
        """Ends the connection, and with it a process of its own."""
        if self._open is not None:
            self._open.end("the server is shutting down.")
        if self._tasks:
            await asyncio.wait(self._tasks)
