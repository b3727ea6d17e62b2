"""Owns the live streams of the process: how many there may be, their heartbeats, and how they end with it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, Literal, Protocol, TypeAlias

from mainspring.model.errors import MainspringError, Unauthorized, Unavailable
from mainspring.runtime.ports import Clock
from mainspring.runtime.requests import Principal
from mainspring.server.options import ServerOptions

LOG: Final = logging.getLogger(__name__)

TICK: Final = 1.0
RETRY_AFTER: Final = 2

Cause: TypeAlias = Literal["left", "stalled", "revoked", "drained"]
"""Why a stream ended early: the reader went away, took nothing, lost its key; or the process is about to end."""


class Live(Protocol):
    """A stream that is being written."""

    def tick(self, seconds: float, /) -> None:
        """That much time has passed."""
        ...

    def end(self, cause: Cause, /) -> None:
        """Ends the stream early."""
        ...


class Seat:
    """The right to have one stream open; `live` is set once it is. `idle`: nothing is under way on it."""

    __slots__ = ("idle", "key_id", "live", "secret")

    def __init__(self, key_id: str, secret: str) -> None:
        self.key_id = key_id
        self.secret = secret
        self.live: Live | None = None
        self.idle = False


class Seats:
    """The seats. One task beats for all of them, and only while there are any."""

    def __init__(
        self, clock: Clock, verify: Callable[[str], Awaitable[Principal]], options: ServerOptions
    ) -> None:
        self._clock = clock
        self._verify = verify
        self._options = options
        self._seats: set[Seat] = set()
        self._by_key: Counter[str] = Counter()
        self._pulse: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self.draining = False

    def __len__(self) -> int:
        return len(self._seats)

    def reserve(self, key_id: str, secret: str, *, goes_on: bool = False) -> Seat:
        """A seat; `goes_on`: for an execution that waits, which may take a quarter more than the limit.

        Raises `Unavailable` when all are taken or the process is about to end.
        """
        most = self._options.max_streams
        if goes_on:
            most += most // 4
        own = self._options.max_streams_per_key
        if self.draining:
            raise Unavailable("The server is shutting down", details={"retryAfter": RETRY_AFTER})
        if len(self._seats) >= most or (own is not None and self._by_key[key_id] >= own):
            raise Unavailable("Too many streams are open", details={"retryAfter": RETRY_AFTER})
        seat = Seat(key_id, secret)
        self._seats.add(seat)
        self._by_key[key_id] += 1
        self._empty.clear()
        if self._pulse is None:
            self._pulse = asyncio.ensure_future(self._beat())
        return seat

    def release(self, seat: Seat) -> None:
        """Gives a seat back."""
        self._seats.remove(seat)
        self._by_key[seat.key_id] -= 1
        if not self._by_key[seat.key_id]:
            del self._by_key[seat.key_id]
        if not self._seats:
            self._empty.set()
            if self._pulse is not None:
                self._pulse.cancel()
                self._pulse = None

    async def drain(self, grace: float) -> None:
        """Takes no more streams, ends the idle ones, lets the others end for `grace` seconds, then ends the rest."""
        self.draining = True
        for seat in tuple(self._seats):
            if seat.idle and seat.live is not None:
                seat.live.end("drained")
        waiting = asyncio.ensure_future(self._empty.wait())
        timer = asyncio.ensure_future(self._clock.sleep(grace))
        await asyncio.wait((waiting, timer), return_when=asyncio.FIRST_COMPLETED)
        timer.cancel()
        self._end("drained")
        await waiting

    def _end(self, cause: Cause, *, secret: str | None = None) -> None:
        """Ends the streams of one key, or all."""
        for seat in tuple(self._seats):
            if seat.live is not None and secret in (None, seat.secret):
                seat.live.end(cause)

    async def _beat(self) -> None:
        since_check = 0.0
        while True:
            await self._clock.sleep(TICK)
            for seat in tuple(self._seats):
                if seat.live is not None:
                    seat.live.tick(TICK)
            since_check += TICK
            if since_check >= self._options.key_check:
                since_check = 0.0
                await self._check_keys()

    async def _check_keys(self) -> None:
        for secret in {seat.secret for seat in self._seats}:
            try:
                await self._verify(secret)
            except Unauthorized:
                self._end("revoked", secret=secret)
            except MainspringError as error:
                # A key store that does not answer says nothing about the key: the next check decides.
                LOG.warning("The keys of open streams could not be checked: %s", error.message)
