"""Owns an open WebSocket: what its reader asks for, the events it is sent, how it ends.

Without `after` it speaks as the client SDK's socket transport does: a trigger or results begin a leg, whose events
follow. With `?after=<cursor>` it follows the session: every event with its cursor, over all executions.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, cast

from starlette.types import Send

from mainspring.model.errors import MainspringError, StoreError, TooLarge, Unavailable
from mainspring.runtime.requests import Leg
from mainspring.server.bodies import parse_body
from mainspring.server.errors import STORE_FAILED
from mainspring.server.grants import check_leg, check_writes
from mainspring.server.legs import answerable, continue_request, since_request, trigger_request
from mainspring.server.operation import Context
from mainspring.server.request import Request
from mainspring.server.seats import Cause, Seat
from mainspring.server.sse import ABORT, GOODBYE, portions
from mainspring.wires.events import EventsWriter
from mainspring.wires.native import LegWriter
from mainspring.wires.native_requests import ParsedContinue, ParsedTrigger
from mainspring.wires.socket import (
    Stop,
    accepted,
    error_message,
    messages,
    parse_message,
    placed,
    stopped,
)

LOG: Final = logging.getLogger(__name__)

CLOSES: Final[dict[Cause, tuple[int, str]]] = {
    "revoked": (1008, "The key or token is no longer good"),
    "drained": (1012, "The server is shutting down"),
}
FAILED: Final = (1011, "The server failed")


class Talk:
    """One open WebSocket of a session. Leaving it cancels nothing: `stop` is a message."""

    def __init__(self, context: Context, request: Request, send: Send) -> None:
        self._context = context
        self._sessions = context.services.sessions
        self._request = request
        self._raw_send = send
        self._session_id = request.param("id")
        self._after = request.number("after")
        self._lock = asyncio.Lock()
        self._quiet = 0.0
        self._reading: asyncio.Task[None] | None = None
        self._over: asyncio.Future[Cause | None] = asyncio.get_running_loop().create_future()

    @property
    def _seat(self) -> Seat:
        if self._request.seat is None:
            raise AssertionError("a socket is opened with a seat")
        return self._request.seat

    async def run(self) -> None:
        """Until the reader leaves or the server ends it."""
        seat = self._seat
        seat.live, seat.idle = self, True
        if self._after is not None:
            self._reading = asyncio.ensure_future(self._guarded(self._follow(self._after)))
        listening = asyncio.ensure_future(self._listen())
        try:
            cause = await self._over
        finally:
            seat.live = None
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await self._halt()
        await self._close(cause)

    async def _listen(self) -> None:
        try:
            while True:
                message = await self._request.receive()
                if message["type"] == "websocket.disconnect":
                    self.end("left")
                    return
                await self._take(message.get("text"))
        except Exception:
            LOG.exception("A socket broke; request %s", self._request.id)
            self._broke()

    def _broke(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    # ---- what the reader asks for ---------------------------------------------------------------------------

    async def _take(self, text: str | None) -> None:
        try:
            if text is None or len(text) > self._request.options.max_body:
                raise TooLarge("A message is text, of at most the size of a body")
            command = parse_message(parse_body(text.encode()))
            if isinstance(command, Stop):
                await self._stop()
            else:
                await self._begin(command)
        except StoreError as error:
            await self._say(error_message(error, message=STORE_FAILED))
        except MainspringError as error:
            await self._say(error_message(error))

    async def _stop(self) -> None:
        grant = self._request.principal.grant
        if grant is not None:
            check_writes(grant)
        if self._after is None:
            # The transport takes no more of the turn it stopped: what came late would be read as the next one's.
            await self._halt()
        ran = await self._sessions.stop(self._request.project, self._session_id)
        await self._say(stopped(ran=ran))

    async def _begin(self, command: ParsedTrigger | ParsedContinue) -> None:
        if self._context.seats.draining:
            raise Unavailable("The server is shutting down")
        if self._after is None:
            await self._halt()
        leg = await since_request(self._context, self._request, await self._leg(command))
        if self._after is not None:
            await self._say(accepted(leg.execution_id, leg.after))
            return
        self._seat.idle = False
        self._reading = asyncio.ensure_future(self._guarded(self._answer(leg)))

    async def _leg(self, command: ParsedTrigger | ParsedContinue) -> Leg:
        project, session_id = self._request.project, self._session_id
        grant = self._request.principal.grant
        if grant is not None:
            await check_leg(self._context, self._request, grant, session_id=session_id, leg=command)
        if isinstance(command, ParsedContinue):
            return await self._sessions.resume_with(project, session_id, continue_request(command))
        return await self._sessions.trigger(project, session_id, trigger_request(command))

    # ---- what it is sent ------------------------------------------------------------------------------------

    async def _guarded(self, reading: Awaitable[None]) -> None:
        try:
            await reading
        except Exception:
            LOG.exception("A socket broke; request %s", self._request.id)
            self._broke()

    async def _answer(self, leg: Leg) -> None:
        """The events of one leg, as a browser reads them."""
        writer = LegWriter(
            execution_id=leg.execution_id,
            session_id=leg.session_id,
            continuation=leg.continuation,
            version=4 if self._request.query("version") == "4" else self._request.version,
            after=leg.after,
            direct=True,
        ).narrow(answerable(self._request))
        for message in messages(writer.open()):
            await self._say(message)
        await self._read(leg.after, lambda rows: list(messages(writer.feed(rows))), lambda: writer.done)
        self._seat.idle = True
        if self._context.seats.draining:
            self.end("drained")

    async def _follow(self, after: int) -> None:
        """Every event after a cursor, for as long as the socket is open."""
        writer = EventsWriter(after=after, tools=answerable(self._request))
        await self._read(after, lambda rows: [placed(*event) for event in writer.events(rows)], lambda: False)

    async def _read(self, after: int, feed: Callable[[Any], list[bytes]], done: Callable[[], bool]) -> None:
        batches = cast("Any", self._sessions.follow(self._session_id, after))
        async with aclosing(batches):
            async for batch in batches:
                for rows in portions(batch.rows):
                    for message in feed(rows):
                        await self._say(message)
                    if done():
                        return

    async def _halt(self) -> None:
        if self._reading is not None:
            reading, self._reading = self._reading, None
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            self._seat.idle = True

    async def _say(self, message: bytes) -> None:
        async with self._lock:
            self._quiet = 0.0
            await self._raw_send({"type": "websocket.send", "text": message.decode()})

    # ---- its end --------------------------------------------------------------------------------------------

    def tick(self, seconds: float, /) -> None:
        """Gives up a reader that has taken nothing for too long; pings are the connection's own business."""
        if self._lock.locked():
            self._quiet += seconds
            if self._quiet >= self._request.options.write_timeout:
                self.end("stalled")

    def end(self, cause: Cause, /) -> None:
        """Ends it, once."""
        if not self._over.done():
            self._over.set_result(cause)

    async def _close(self, cause: Cause | None) -> None:
        if cause == "left":
            return
        if cause == "stalled":
            abort = self._request.scope.get("extensions", {}).get(ABORT)
            if abort is not None:
                abort()
            return
        code, reason = FAILED if cause is None else CLOSES[cause]
        try:
            async with asyncio.timeout(GOODBYE):
                await self._raw_send({"type": "websocket.close", "code": code, "reason": reason})
        except Exception as error:  # noqa: BLE001 - the reader may be gone by now, however its server says so
            LOG.debug("A socket was closed by its reader first: %r", error)
