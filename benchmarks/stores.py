"""Owns the measures of both stores: turns a second beside a bare loop on the same database."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bare import BarePostgres, BareSqlite
from benchmarks.measures import Size
from benchmarks.postgres import cpu_of, postgres
from benchmarks.report import Section
from benchmarks.store_turns import Step, Turns, Wrote, write
from mainspring.model.values import Value
from mainspring.runtime.ports import Store
from mainspring.storage.postgres.store import PostgresStore
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.system import SystemClock
from mainspring.testing.samples import addition, facts
from mainspring.testing.samples import session as record

AT_ONCE = (1, 16, 128)
HOST = "bench"


@dataclass
class Ours:
    """The product's store: the same rows, with all that an append is judged by and moves."""

    store: Store
    epochs: dict[str, int]

    async def begin(self, session: str) -> None:
        """Makes it, and takes it, as a host does."""
        await self.store.create_session(record(session), facts(1, 1))
        self.epochs[session] = (await self.store.take(session, HOST)).epoch

    def append(self, session: str, step: Step) -> Awaitable[None]:
        """Queues a step."""
        given: dict[str, Value | bool | None] = {"patch": step.patch, "claim": step.claim}
        return self.store.append(
            addition(*step.rows, session_id=session, epoch=self.epochs[session], **given)
        )


async def beside(
    section: Section, name: str, cpu: Callable[[], float], both: tuple[Turns, Turns], size: Size
) -> None:
    """Turns on the bare loop, then on ours, again and again."""
    bare, ours = both
    for at_once in AT_ONCE:
        count = size.turns // 8 if at_once == 1 else size.turns * (2 if at_once > 16 else 1)
        for turn in range(size.rounds):
            run = f"{at_once}_{turn}"
            note(
                section,
                f"{name}: ",
                at_once,
                await write(bare, cpu, name=f"bare_{run}", count=count, at_once=at_once),
                await write(ours, cpu, name=f"ours_{run}", count=count, at_once=at_once),
            )


def note(section: Section, name: str, at_once: int, bare: Wrote, ours: Wrote) -> None:
    """Both sides of one crowd."""
    crowd = f"{at_once} at once"
    section.note(f"{name}turns/s, {crowd}", theirs=bare.rate, ours=ours.rate)
    section.note(f"{name}turn p50, ms, {crowd}", theirs=1000 * bare.median, ours=1000 * ours.median)
    section.note(f"{name}turn p99, ms, {crowd}", theirs=1000 * bare.slow, ours=1000 * ours.slow)
    section.note(f"{name}CPU ms a turn, {crowd}", theirs=1000 * bare.cpu, ours=1000 * ours.cpu)


async def stores(section: Section, folder: Path, size: Size) -> None:
    """SQLite, then PostgreSQL; on PostgreSQL the CPU is that of the client and of the server."""
    clock = SystemClock()
    bare = BareSqlite(folder / "bare.db")
    store: Store = SqliteStore(str(folder / "store.db"), clock=clock)
    await store.open()
    await beside(section, "SQLite", time.process_time, (bare, Ours(store, {})), size)
    await store.close()
    await bare.close()
    with postgres() as server:
        if isinstance(server, str):
            section.say(server)
            return
        await server.ask("CREATE DATABASE bare")
        await server.ask("CREATE DATABASE store")
        loop = await BarePostgres.open(server.address("bare"))
        store = PostgresStore(server.address("store"), clock=clock, migrate=True)
        await store.open()
        await beside(
            section,
            "PostgreSQL",
            lambda: time.process_time() + cpu_of(server),
            (loop, Ours(store, {})),
            size,
        )
        await store.close()
        await loop.close()
