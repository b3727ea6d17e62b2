"""Owns what every `Dispatch` promises: who may take a session, what is work and for whom, letters, hints.

Beside `store` a subclass gives two fixtures: `other`, the store as a second process has it (the same object, if one
object serves several hosts), and `dies`, a function that ends a host as a crash does and returns once that is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from mainspring.model.errors import NotFound, StaleWriter
from mainspring.runtime.dispatch import Hold, HostRecord, Letter, Work
from mainspring.runtime.ports import SessionPatch, Store
from mainspring.testing.expectations import equal, holds, refused
from mainspring.testing.samples import addition, claim, fact, facts, session

Dies: TypeAlias = Callable[[str], Awaitable[None]]

NOW = 2000.0


def host(host_id: str, *, since: float = 1.0, draining: bool = False) -> HostRecord:
    """A host called as its id."""
    return HostRecord(id=host_id, name=host_id, version="1", since=since, seen=since, draining=draining)


async def both(store: Store, other: Store) -> None:
    """Hosts `a` (of `store`) and `b` (of `other`) join."""
    await store.join(host("a"))
    await other.join(host("b", since=2.0))


async def runs(store: Store, session_id: str, host_id: str, patch: SessionPatch | None = None) -> int:
    """A new session in which a host runs an execution; its epoch. `patch` follows in a second append."""
    await store.create_session(session(session_id), facts(1, 1))
    epoch = (await store.take(session_id, host_id)).epoch
    await store.append(claim(fact(2), session_id=session_id, epoch=epoch))
    if patch is not None:
        await store.append(addition(fact(3), session_id=session_id, epoch=epoch, patch=patch))
    return epoch


async def news_of(store: Store, host_id: str) -> dict[str, int]:
    """What others appended to, once there is news of it."""
    while True:
        await asyncio.wait_for(store.changed(host_id), 10)
        if grown := dict(store.news(host_id).grown):
            return grown


class TakeContract:
    """Taking sessions."""

    async def test_who_takes_owns(self, store: Store) -> None:
        await store.join(host("a"))
        await store.create_session(session(), facts(1, 1))
        equal(await store.take("session-1", "a"), Hold(epoch=1, handed_over=True))
        record = await store.record("session-1")
        equal(record and (record.owner, record.epoch), ("a", 1))
        equal(await store.take("session-1", "a"), Hold(epoch=2))
        await refused(store.take("no-session", "a"), NotFound)

    async def test_an_idle_session_is_anybodys(self, store: Store, other: Store) -> None:
        await both(store, other)
        await store.create_session(session(), facts(1, 1))
        await store.take("session-1", "a")
        equal(await other.take("session-1", "b"), Hold(epoch=2))
        await refused(store.append(addition(fact(2), epoch=1)), StaleWriter)
        await other.append(addition(fact(2), epoch=2))

    async def test_what_a_live_host_runs_is_its_own(self, store: Store, other: Store) -> None:
        await both(store, other)
        epoch = await runs(store, "session-1", "a")
        equal(await other.take("session-1", "b"), Hold(epoch=epoch, driver="a"))
        await store.append(addition(fact(3), epoch=epoch))
        record = await other.record("session-1")
        equal(record and (record.owner, record.epoch, record.cursor), ("a", epoch, 3))
        equal(await store.take("session-1", "a"), Hold(epoch=epoch + 1))

    async def test_what_waits_is_anybodys(self, store: Store, other: Store) -> None:
        await both(store, other)
        epoch = await runs(store, "session-1", "a", SessionPatch(waiting=True))
        equal(await other.take("session-1", "b"), Hold(epoch=epoch + 1))
        goes_on = SessionPatch(waiting=False)
        await refused(store.append(addition(fact(4), epoch=epoch, patch=goes_on)), StaleWriter)
        await other.append(addition(fact(4), epoch=epoch + 1, patch=goes_on))
        equal(await store.take("session-1", "a"), Hold(epoch=epoch + 1, driver="b"))

    async def test_what_is_over_is_anybodys(self, store: Store, other: Store) -> None:
        await both(store, other)
        epoch = await runs(store, "session-1", "a", SessionPatch(active_execution=""))
        equal(await other.take("session-1", "b"), Hold(epoch=epoch + 1))

    async def test_what_a_dead_host_ran_can_be_taken(self, store: Store, other: Store, dies: Dies) -> None:
        await both(store, other)
        epoch = await runs(store, "session-1", "a")
        await dies("a")
        equal(await other.take("session-1", "b"), Hold(epoch=epoch + 1))

    async def test_what_was_handed_over_says_so(self, store: Store, other: Store) -> None:
        await both(store, other)
        epoch = await runs(store, "session-1", "a")
        await store.leave("a")
        equal(await other.take("session-1", "b"), Hold(epoch=epoch + 1, handed_over=True))

    async def test_one_of_many_takes_wins(self, store: Store, other: Store) -> None:
        await both(store, other)
        await store.create_session(session(), facts(1, 1))

        async def drive(side: Store, host_id: str) -> str | None:
            hold = await side.take("session-1", host_id)
            if hold.driver is not None:
                return None
            begin = claim(fact(2), execution=f"execution-{host_id}", epoch=hold.epoch)
            (refusal,) = await asyncio.gather(side.append(begin), return_exceptions=True)
            return host_id if refusal is None else None

        won = [name for name in await asyncio.gather(drive(store, "a"), drive(other, "b")) if name]
        record = await store.record("session-1")
        equal([record and record.active_execution], [f"execution-{name}" for name in won])


class WorkContract:
    """Work."""

    async def test_what_is_driven_is_no_work(self, store: Store, other: Store) -> None:
        await both(store, other)
        await runs(store, "session-1", "a")
        await runs(store, "waits", "a", SessionPatch(waiting=True))
        await runs(store, "over", "a", SessionPatch(active_execution=""))
        equal(await other.work("b", NOW, 10), [])
        equal(await store.work("a", NOW, 10), [])

    async def test_a_dead_hosts_executions_are_work_for_one(
        self, store: Store, other: Store, dies: Dies
    ) -> None:
        await both(store, other)
        epochs = {name: await runs(store, name, "a") for name in ("s-1", "s-2", "s-3")}
        await runs(store, "waits", "a", SessionPatch(waiting=True))
        await dies("a")
        first = await other.work("b", NOW, 2)
        rest = await other.work("b", NOW, 2)
        equal((len(first), len(rest)), (2, 1))
        wanted = {name: Work(session_id=name, epoch=epoch + 1) for name, epoch in epochs.items()}
        equal({work.session_id: work for work in (*first, *rest)}, wanted)
        equal(await other.work("b", NOW, 2), [])
        record = await other.record("s-1")
        equal(record and record.owner, "b")

    async def test_who_was_dead_is_fenced(self, store: Store, other: Store, dies: Dies) -> None:
        await both(store, other)
        epoch = await runs(other, "session-1", "b")
        await dies("b")
        (work,) = await store.work("a", NOW, 10)
        await refused(store.append(addition(fact(3), epoch=epoch)), StaleWriter)
        await store.append(addition(fact(3), epoch=work.epoch))

    async def test_what_is_handed_over_is_work_at_once(self, store: Store, other: Store) -> None:
        await both(store, other)
        await other.work("b", NOW, 10)
        other.news("b")
        epoch = await runs(store, "session-1", "a")
        await store.leave("a")
        await asyncio.wait_for(other.changed("b"), 10)
        equal(
            await other.work("b", NOW, 10), [Work(session_id="session-1", epoch=epoch + 1, handed_over=True)]
        )
        equal([each.id for each in await other.hosts()], ["b"])
        await store.leave("a")

    async def test_what_is_due_is_work(self, store: Store, other: Store) -> None:
        await both(store, other)
        wait = SessionPatch(waiting=True, wake_at=NOW)
        epoch = await runs(store, "session-1", "a", wait)
        record = await store.record("session-1")
        equal(record and record.wake_at, NOW)
        equal(await other.work("b", NOW - 1, 10), [])
        due = Work(session_id="session-1", epoch=epoch + 1, due=True)
        equal(await other.work("b", NOW, 10), [due])
        moved = SessionPatch(wake_at=NOW + 60)
        await other.append(addition(session_id="session-1", epoch=epoch + 1, patch=moved))
        equal(await store.work("a", NOW, 10), [])
        await other.append(addition(session_id="session-1", epoch=epoch + 1, patch=SessionPatch(wake_at=0.0)))
        record = await store.record("session-1")
        equal(record and record.wake_at, None)
        equal(await store.work("a", NOW + 1000, 10), [])

    async def test_a_timer_ends_with_its_execution(self, store: Store) -> None:
        await store.join(host("a"))
        epoch = await runs(store, "session-1", "a", SessionPatch(waiting=True, wake_at=NOW))
        over = SessionPatch(active_execution="", waiting=False)
        await store.append(addition(fact(4), epoch=epoch, patch=over))
        record = await store.record("session-1")
        equal(record and (record.wake_at, record.active_execution), (None, None))
        equal(await store.work("a", NOW, 10), [])

    async def test_a_timer_of_what_runs_is_its_hosts(self, store: Store, other: Store) -> None:
        await both(store, other)
        await runs(store, "session-1", "a", SessionPatch(wake_at=NOW))
        equal(await other.work("b", NOW, 10), [])


class HostContract:
    """Hosts, letters and hints."""

    async def test_hosts_are_listed_as_they_told(self, store: Store, other: Store, dies: Dies) -> None:
        await both(store, other)
        equal([each.id for each in await store.hosts()], ["a", "b"])
        await store.join(host("a", draining=True))
        equal([(each.id, each.draining) for each in await other.hosts()], [("a", True), ("b", False)])
        await dies("b")
        equal([each.id for each in await store.hosts()], ["a"])

    async def test_a_letter_gets_its_answer(self, store: Store, other: Store) -> None:
        await both(store, other)
        letter = Letter(id="l-1", to="b", session_id="s", body=b"\x00stop")
        sent = asyncio.ensure_future(store.send(letter))
        while not (found := await other.letters("b")):
            await asyncio.wait_for(other.changed("b"), 10)
            other.news("b")
        equal(found, [letter])
        equal(await store.letters("a"), [])
        await other.answer(letter, b"done\xff")
        equal(await asyncio.wait_for(sent, 10), b"done\xff")
        await other.answer(letter, b"again")

    async def test_a_letter_to_nobody_comes_back(self, store: Store, other: Store, dies: Dies) -> None:
        await both(store, other)
        equal(await store.send(Letter(id="l-1", to="c", session_id="s", body=b"")), None)
        sent = asyncio.ensure_future(store.send(Letter(id="l-2", to="b", session_id="s", body=b"")))
        while not await other.letters("b"):
            await asyncio.wait_for(other.changed("b"), 10)
            other.news("b")
        await other.leave("b")
        equal(await asyncio.wait_for(sent, 10), None)

    async def test_a_letter_may_be_taken_back(self, store: Store, other: Store) -> None:
        await both(store, other)
        sent = asyncio.ensure_future(store.send(Letter(id="l-1", to="b", session_id="s", body=b"")))
        await asyncio.wait([sent], timeout=0)
        sent.cancel()
        await asyncio.wait([sent])
        holds(sent.cancelled(), "a sender that gave up")
        late = await other.letters("b")
        for letter in late:
            await other.answer(letter, b"too late")

    async def test_others_hear_of_what_was_appended(self, store: Store, other: Store) -> None:
        await both(store, other)
        await store.create_session(session(), facts(1, 1))
        epoch = (await store.take("session-1", "a")).epoch
        other.news("b")
        await store.append(addition(fact(2), epoch=epoch))
        equal((await news_of(other, "b")).get("session-1"), 2)
        await store.append(addition(fact(3), fact(4), epoch=epoch))
        equal((await news_of(other, "b")).get("session-1"), 4)

    async def test_many_journals_are_read_at_once(self, store: Store) -> None:
        for number in (1, 2, 3):
            await store.create_session(session(f"session-{number}"), facts(1, number + 1))
        wanted = (("session-1", 0), ("session-2", 2), ("session-3", 4), ("no-session", 0))
        found = await store.read_many(wanted, 10)
        equal(found, {"session-1": list(facts(1, 2)), "session-2": list(facts(3, 3))})
        equal(await store.read_many((("session-3", 1),), 2), {"session-3": list(facts(2, 3))})
        equal(await store.read_many((), 2), {})


class DispatchContract(TakeContract, WorkContract, HostContract):
    """Every promise of `Dispatch`, and of `EventLog.take`."""
