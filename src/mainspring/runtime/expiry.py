"""Owns the end of sessions: expired when their time is over, cleared by their owner."""

from __future__ import annotations

import asyncio
import logging

from mainspring.model.errors import Unavailable
from mainspring.model.signals import ExpireSignal
from mainspring.runtime.commands import TRIES, Commands, Stop
from mainspring.runtime.host import SessionHost
from mainspring.runtime.host_ports import HostPorts
from mainspring.runtime.hosts import Elsewhere
from mainspring.runtime.ports import SessionRecord

log = logging.getLogger("mainspring.sessions")


class Expiry:
    """Ends sessions. Time is steady time: a clock that is set forward does not end everything at once."""

    def __init__(self, ports: HostPorts, commands: Commands) -> None:
        self._ports = ports
        self._commands = commands

    def is_over(self, record: SessionRecord) -> bool:
        """Whether a session's time is over, and nothing runs in it."""
        running = record.active_execution is not None and not record.waiting
        return record.status == "active" and not running and record.expires_at <= self._ports.time.now()

    async def expire(self, record: SessionRecord) -> bool:
        """Ends a session whose time is over; False if somebody has used it meanwhile."""

        async def act(host: SessionHost) -> bool:
            return await self._is_due(host) and await self._end(host, cleared=False)

        done = await self._commands.here(record, act)
        return done is True

    async def clear(self, record: SessionRecord) -> bool:
        """Ends a session now, and what runs in it; False if it had ended."""

        async def act(host: SessionHost) -> bool:
            return await self._end(host, cleared=True)

        for _ in range(TRIES):
            done = await self._commands.here(record, act)
            if not isinstance(done, Elsewhere):
                return done
            if record.active_execution is not None:
                await self._commands.give(record, Stop(execution_id=record.active_execution))
            record = await self._commands.record(record.id)
        raise Unavailable("Other hosts keep running executions in this session; try again.")

    async def _is_due(self, host: SessionHost) -> bool:
        """Looks again: between a list of what is due and the end of a session somebody may have used it."""
        record = await self._ports.log.record(host.state.session_id)
        return record is not None and record.cursor == host.journal.cursor and self.is_over(record)

    async def _end(self, host: SessionHost, *, cleared: bool) -> bool:
        if host.state.status == "expired":
            return False
        if host.state.execution is not None:
            host.stop()
        await asyncio.shield(host.signal(ExpireSignal(at=self._ports.clock.now(), cleared=cleared)))
        return True

    async def expire_due(self, *, limit: int) -> int:
        """Ends up to `limit` sessions whose time is over; returns how many."""
        count = 0
        for record in await self._ports.log.due_sessions(self._ports.time.now(), limit):
            try:
                count += await self.expire(record)
            except Exception:
                log.exception("session %s cannot be expired; the others go on", record.id)
        return count
