"""Writes journals as fast as it can until it is killed, and says on stdout what is on disk."""

import asyncio
import sys

from mainspring.model.events import encode_event
from mainspring.model.facts import VariableSet
from mainspring.model.rows import DELTAS, FACT, Row
from mainspring.model.stream_events import TextDelta
from mainspring.runtime.ports import Append, SessionRecord, Store
from mainspring.storage.addresses import is_postgres
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.system import SystemClock

SESSIONS = tuple(f"session-{number}" for number in range(6))


def content(name: str, cursor: int) -> bytes:
    """What every process writes at a cursor: so a reader knows without having been told."""
    if cursor % 5:
        return encode_event(TextDelta(id=f"{name}-part", delta=f"{cursor} ü\n"))
    return encode_event(VariableSet(frame=name, name="n", value="x" * (cursor * 7 % 3000)))


def next_rows(name: str, cursor: int) -> tuple[Row, ...]:
    """One row of deltas up to the next fact, and that fact."""
    last = cursor + 5 - cursor % 5
    rows: list[Row] = []
    if cursor + 1 < last:
        data = b"\n".join(content(name, each) for each in range(cursor + 1, last))
        rows.append(Row(cursor + 1, last - 1, DELTAS, data, 1.0))
    return (*rows, Row(last, last, FACT, content(name, last), 1.0))


async def drive(store: Store, name: str) -> None:
    """Appends without end."""
    record = await store.record(name)
    if record is None:
        record = await store.create_session(
            SessionRecord(
                id=name,
                project_id="p",
                agent_id="a",
                agent_slug="s",
                version="v",
                format="interactive",
                status="active",
                created_at=1.0,
                updated_at=1.0,
                expires_at=1.0,
            ),
            (),
        )
    epoch = (await store.take(name, "host-1")).epoch
    cursor = record.cursor
    while True:
        rows = next_rows(name, cursor)
        cursor = rows[-1].last
        snapshot = str(cursor).encode() if cursor % 3 == 0 else None
        await store.append(Append(session_id=name, epoch=epoch, rows=rows, snapshot=snapshot))
        sys.stdout.write(f"{name} {cursor}\n")
        sys.stdout.flush()


async def prune(store: Store) -> None:
    """Packs what was written while more is written."""
    while True:
        await store.prune(2.0, 1000)
        await store.ping()


def store_at(address: str) -> Store:
    """The store of a file or a PostgreSQL database."""
    if not is_postgres(address):
        return SqliteStore(address, clock=SystemClock())
    from mainspring.storage.postgres.store import PostgresStore

    return PostgresStore(address, clock=SystemClock())


async def main() -> None:
    """Opens the database named on the command line."""
    store = store_at(sys.argv[1])
    await store.open()
    await asyncio.gather(*(drive(store, name) for name in SESSIONS), prune(store))


if __name__ == "__main__":
    asyncio.run(main())
