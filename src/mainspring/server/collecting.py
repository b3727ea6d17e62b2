"""Owns waiting for a whole answer: a leg is read to its end, unless its caller leaves or the process does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from mainspring.model.errors import Unauthorized, Unavailable
from mainspring.runtime.requests import Batch
from mainspring.server.bodies import ClientLeft
from mainspring.server.operation import Context
from mainspring.server.request import Request
from mainspring.server.seats import RETRY_AFTER, Cause, Seat
from mainspring.server.sse import Writer


async def collect(
    context: Context,
    request: Request,
    writer: Writer,
    *,
    seat: Seat,
    batches: AsyncIterator[Batch],
    left: Callable[[], Awaitable[object]],
) -> None:
    """Feeds a writer until it is done. A caller that leaves before is `ClientLeft`, after `left` was called.

    `seat`: the request's. Raises `Unavailable` when the process is about to end, `Unauthorized` when the key is gone.
    """
    wait = _Wait(seat)
    await wait.run(request, writer, batches)
    if writer.done:
        return
    if wait.cause == "left":
        context.seats.release(seat)
        request.seat = None
        await left()
        raise ClientLeft("The caller left before the answer was complete")
    if wait.cause == "revoked":
        raise Unauthorized("The key of this request is no longer good")
    raise Unavailable(
        "The server had to end this before the answer was complete", details={"retryAfter": RETRY_AFTER}
    )


class _Wait:
    """A caller that waits, as the seats know it."""

    def __init__(self, seat: Seat) -> None:
        self.cause: Cause | None = None
        self._seat = seat
        self._scope = asyncio.timeout(None)

    async def run(self, request: Request, writer: Writer, batches: AsyncIterator[Batch]) -> None:
        """Until the writer is done, the journal ends, or `end` is called."""
        listener = asyncio.ensure_future(self._listen(request))
        try:
            async with self._scope:
                self._seat.live = self
                async for batch in batches:
                    writer.feed(batch.rows)
                    if writer.done:
                        break
        except TimeoutError:
            # Ended: the cause says why.
            pass
        finally:
            self._seat.live = None
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
            close = getattr(batches, "aclose", None)
            if close is not None:
                await close()

    async def _listen(self, request: Request) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self.end("left")

    def tick(self, seconds: float, /) -> None:
        """Nothing is sent before the end."""

    def end(self, cause: Cause, /) -> None:
        """Ends it early, once."""
        if self.cause is None and self._seat.live is self:
            self.cause = cause
            self._scope.reschedule(0.0)
