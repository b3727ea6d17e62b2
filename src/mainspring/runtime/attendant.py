"""Owns a host's part among the hosts: it joins them, takes up what nobody drives, answers letters, reads on, leaves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from msgspec.structs import replace

from mainspring.model.errors import MainspringError
from mainspring.runtime.commands import Commands
from mainspring.runtime.dispatch import Dispatch, HostRecord, Letter, News
from mainspring.runtime.host_ports import HostPorts
from mainspring.runtime.hosts import Hosts
from mainspring.runtime.streams import READ_ROWS, Streams

log = logging.getLogger("mainspring.hosts")
CLAIMED_AT_ONCE = 32
AFTER_FAILURE = 1.0
"""Seconds until a host looks again after the store failed."""
WARM = 1.0
"""Seconds by which a timer has to be over before just anybody takes it up: a host that has it in memory comes first."""
UNHEARD = 1.0
"""Seconds after which all that is read here is looked after, for hints that were lost."""
SILENT_BEATS = 3.0
"""A host that missed so many of its own signs of life may be thought dead, and looks what it still has."""


class Attendant:
    """One host among those that share a store. `me`: what it tells the others of itself."""

    def __init__(
        self,
        ports: HostPorts,
        me: HostRecord,
        *,
        dispatch: Dispatch,
        hosts: Hosts,
        commands: Commands,
        streams: Streams,
    ) -> None:
        self._ports = ports
        self._me = me
        self._dispatch = dispatch
        self._hosts = hosts
        self._commands = commands
        self._streams = streams
        self._tasks: set[asyncio.Task[Any]] = set()
        self._draining = False
        self._beaten = self._looked = ports.clock.monotonic()

    async def start(self) -> int:
        """Joins the others and takes up what nobody drives; how many executions. Then it goes on in the background."""
        await self._join()
        taken = await self.take_up()
        self._spawn(self._attend(), "attend")
        if self._dispatch.pace.beat is not None:
            self._spawn(self._beat(self._dispatch.pace.beat), "beat")
        return taken

    def told(self) -> HostRecord:
        """What this host tells of itself now."""
        return replace(
            self._me,
            seen=self._ports.clock.now(),
            draining=self._draining,
            running=self._hosts.running,
            readers=self._streams.readers,
        )

    async def fellows(self) -> list[HostRecord]:
        """The live hosts, oldest first; of this one as it is now."""
        me = self.told()
        return [me if record.id == me.id else record for record in await self._dispatch.hosts()]

    async def retire(self) -> None:
        """Takes no more work: the process is about to end. Others are told, and may be asked instead."""
        self._draining = True
        try:
            await self._join()
        except MainspringError as error:
            log.warning("the other hosts were not told that this one ends: %s", error)

    async def leave(self) -> None:
        """Ends its part, after its sessions have stopped. What it still ran goes on elsewhere, at once."""
        await self.stop()
        try:
            await self._dispatch.leave(self._me.id)
        except MainspringError as error:
            log.warning("what this host ran is taken up once it is found dead: %s", error)

    async def stop(self) -> None:
        """Attends no more, without a word to the others."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- life -----------------------------------------------------------------------------------------------

    async def _join(self) -> None:
        await self._dispatch.join(self.told())
        self._beaten = self._ports.clock.monotonic()

    async def _beat(self, every: float) -> None:
        while True:
            await self._ports.clock.sleep(every)
            silent = self._ports.clock.monotonic() - self._beaten
            try:
                await self._join()
                if silent > SILENT_BEATS * every:
                    log.warning("this host gave no sign for %.1f s; it looks what is still its own", silent)
                    await self._hosts.check()
            except MainspringError as error:
                log.warning("this host cannot say that it lives: %s", error)

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- news -----------------------------------------------------------------------------------------------

    async def _attend(self) -> None:
        while True:
            try:
                looks = await self._until_news()
                await self._act(self._dispatch.news(self._me.id), looks=looks)
            except MainspringError as error:
                log.warning("work, letters or news from other hosts cannot be read: %s", error)
                await self._ports.clock.sleep(AFTER_FAILURE)
            except Exception:
                log.exception("attending to other hosts failed in our own code; it goes on")
                await self._ports.clock.sleep(AFTER_FAILURE)

    async def _until_news(self) -> bool:
        """Waits for a hint, or until it is time to look without one; whether that is so."""
        look = self._dispatch.pace.look
        waits: list[Coroutine[Any, Any, Any]] = [
            self._dispatch.changed(self._me.id),
            self._streams.stirred.wait(),
        ]
        if look is not None:
            waits.append(self._ports.clock.sleep(look))
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            return look is not None and tasks[-1] in done
        finally:
            for task in tasks:
                task.cancel()

    async def _act(self, news: News, *, looks: bool) -> None:
        if news.letters or looks:
            for letter in await self._dispatch.letters(self._me.id):
                self._spawn(self._reply(letter), "letter")
        await self._read_on(news, looks=looks)
        if news.work or looks:
            await self.take_up()

    async def _reply(self, letter: Letter) -> None:
        try:
            await self._commands.reply(letter)
        except MainspringError as error:
            log.warning("a letter from another host was not answered: %s", error)
        except Exception:
            log.exception("a letter from another host was not answered")

    async def _read_on(self, news: News, *, looks: bool) -> None:
        """Reads what others appended to the sessions that are read here, all at once."""
        for session_id, cursor in news.grown:
            self._hosts.overtaken(session_id, cursor)
        now = self._ports.clock.monotonic()
        all_read = looks and now - self._looked >= UNHEARD
        if all_read:
            self._looked = now
        wanted = self._streams.behind(news.grown, all_read=all_read)
        if not wanted:
            return
        found = await self._ports.log.read_many(wanted, READ_ROWS)
        for session_id, rows in found.items():
            self._hosts.overtaken(session_id, rows[-1].last)
            self._streams.arrived(session_id, rows, more=len(rows) >= READ_ROWS)

    async def take_up(self) -> int:
        """Takes up what nobody drives, and what is due; how many executions."""
        count = 0
        while not self._draining:
            claimed = await self._dispatch.work(self._me.id, self._ports.time.now() - WARM, CLAIMED_AT_ONCE)
            for work in claimed:
                count += await self._hosts.take_up(work)
            if len(claimed) < CLAIMED_AT_ONCE:
                break
        return count
