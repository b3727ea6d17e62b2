"""Owns the hosts of one process that share a SQLite store: who lives, their letters, what each is told, what is due.

Nothing of it is on disk: when the process ends, so do its hosts, and the next one finds the executions they left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from msgspec.structs import replace

from mainspring.runtime.dispatch import HostRecord, Letter, News
from mainspring.runtime.ports import Append, Clock

OVERDUE = 1.0
"""Seconds until hosts are told again of what is due and nobody took."""


class Seen:
    """What one host is told. `until`: monotonic time at which it is dead, unless it says that it lives."""

    def __init__(self, record: HostRecord, until: float | None) -> None:
        self.record = record
        self.until = until
        self.work = False
        self.grown: dict[str, int] = {}
        self.letters: list[Letter] = []
        self.woken = asyncio.Event()

    def tell(self, *, work: bool = False) -> None:
        """There is news."""
        self.work = self.work or work
        self.woken.set()


class Roster:
    """The hosts. `lease`: seconds a host lives without a sign; None: until it leaves."""

    def __init__(self, clock: Clock, *, lease: float | None = None) -> None:
        self._clock = clock
        self._lease = lease
        self._hosts: dict[str, Seen] = {}
        self._answers: dict[str, tuple[str, asyncio.Future[bytes | None]]] = {}
        self._wakes: dict[str, float] = {}
        self._alarm: asyncio.Task[None] | None = None

    @property
    def shared(self) -> bool:
        """Whether there is more than one host."""
        return len(self._hosts) > 1

    def join(self, record: HostRecord) -> None:
        """See `Dispatch.join`."""
        until = None if self._lease is None else self._clock.monotonic() + self._lease
        seen = self._hosts.get(record.id)
        if seen is None:
            self._hosts[record.id] = seen = Seen(record, until)
            seen.tell(work=True)
        seen.record = replace(record, seen=self._clock.now())
        seen.until = until

    def live(self, host_id: str) -> bool:
        """Whether a host lives; asked on the writer thread too."""
        seen = self._hosts.get(host_id)
        return seen is not None and (seen.until is None or self._clock.monotonic() < seen.until)

    def hosts(self) -> list[HostRecord]:
        """See `Dispatch.hosts`."""
        found = [seen.record for host_id, seen in self._hosts.items() if self.live(host_id)]
        return sorted(found, key=lambda record: (record.since, record.id))

    def forget(self, host_id: str) -> None:
        """A host is gone: what was sent to it comes back."""
        if self._hosts.pop(host_id, None) is None:
            return
        for to, answer in self._answers.values():
            if to == host_id and not answer.done():
                answer.set_result(None)
        self.tell_all(work=True)

    def tell_all(self, *, work: bool) -> None:
        """Every host has news."""
        for seen in self._hosts.values():
            seen.tell(work=work)

    # ---- what is told ---------------------------------------------------------------------------------------

    def watch(self, append: Append, future: asyncio.Future[None]) -> None:
        """An append was queued: it may move a timer, or be news to others."""
        patch = append.patch
        wakes = patch is not None and (patch.wake_at is not None or patch.active_execution == "")
        if wakes or self.shared:
            future.add_done_callback(partial(self._committed, append))

    def _committed(self, append: Append, done: asyncio.Future[None]) -> None:
        if not done.cancelled() and done.exception() is not None:
            return
        patch = append.patch
        if patch is not None and (patch.wake_at is not None or patch.active_execution == ""):
            ended = patch.active_execution == ""
            self._schedule(append.session_id, 0.0 if ended else patch.wake_at or 0.0)
        if append.rows:
            self.grew(append.session_id, append.rows[-1].last)

    def grew(self, session_id: str, cursor: int) -> None:
        """There is more of a session on disk, at least up to a cursor."""
        for seen in self._hosts.values():
            seen.grown[session_id] = cursor
            seen.tell()

    async def changed(self, host_id: str) -> None:
        """See `Dispatch.changed`; a host that left is told nothing, for ever."""
        seen = self._hosts.get(host_id)
        if seen is None:
            await asyncio.get_running_loop().create_future()
        else:
            await seen.woken.wait()

    def news(self, host_id: str) -> News:
        """See `Dispatch.news`."""
        seen = self._hosts.get(host_id)
        if seen is None:
            return News()
        told = News(work=seen.work, letters=bool(seen.letters), grown=tuple(seen.grown.items()))
        seen.work, seen.grown = False, {}
        seen.woken.clear()
        return told

    # ---- letters --------------------------------------------------------------------------------------------

    async def send(self, letter: Letter) -> bytes | None:
        """See `Dispatch.send`."""
        known = self._answers.get(letter.id)
        if known is None:
            if not self.live(letter.to):
                return None
            answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
            known = self._answers[letter.id] = (letter.to, answer)
            seen = self._hosts[letter.to]
            seen.letters.append(letter)
            seen.tell()
        try:
            return await asyncio.shield(known[1])
        finally:
            self._withdraw(letter)

    def _withdraw(self, letter: Letter) -> None:
        self._answers.pop(letter.id, None)
        seen = self._hosts.get(letter.to)
        if seen is not None and letter in seen.letters:
            seen.letters.remove(letter)

    def letters(self, host_id: str) -> list[Letter]:
        """See `Dispatch.letters`."""
        seen = self._hosts.get(host_id)
        if seen is None:
            return []
        letters, seen.letters = seen.letters, []
        return letters

    def answer(self, letter: Letter, body: bytes) -> None:
        """See `Dispatch.answer`."""
        known = self._answers.get(letter.id)
        if known is not None and not known[1].done():
            known[1].set_result(body)

    # ---- what is due ----------------------------------------------------------------------------------------

    @property
    def overdue(self) -> bool:
        """Whether something should have been taken up by now, as far as is known here."""
        return any(at <= self._clock.now() for at in self._wakes.values())

    def schedule_all(self, wakes: Mapping[str, float]) -> None:
        """What waits, as the store knows it."""
        self._wakes = {**wakes}
        self._set_alarm()

    def _schedule(self, session_id: str, at: float) -> None:
        before = min(self._wakes.values(), default=0.0)
        if at:
            self._wakes[session_id] = at
        else:
            self._wakes.pop(session_id, None)
        if min(self._wakes.values(), default=0.0) != before:
            self._set_alarm()

    def _set_alarm(self) -> None:
        self.stop()
        if self._wakes:
            self._alarm = asyncio.get_running_loop().create_task(self._ring(), name="wakes")

    async def _ring(self) -> None:
        while self._wakes:
            left = min(self._wakes.values()) - self._clock.now()
            await self._clock.sleep(left if left > 0 else OVERDUE)
            self.tell_all(work=True)

    def stop(self) -> None:
        """No alarm rings any more."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
