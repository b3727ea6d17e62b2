"""Owns what every store promises about old deltas: they go, one stub for each group stays, nothing else changes."""

from __future__ import annotations

import asyncio

import msgspec

from mainspring.model.rows import DELTAS, STUB, Row
from mainspring.runtime.ports import Store
from mainspring.testing.expectations import equal, holds
from mainspring.testing.samples import (
    addition,
    cursors,
    deltas,
    ended,
    fact,
    facts,
    session,
    settled,
    started,
    superseded,
    tool_deltas,
)


def stub(first: int, last: int, settled_at: int, part: str, at: float = 1000.0) -> Row:
    """A stub as it is read."""
    return Row(first, last, STUB, msgspec.json.encode({"settled": settled_at, "part": part}), at)


class PruneContract:
    """Pruning."""

    async def test_deltas_become_one_stub_a_group(self, store: Store) -> None:
        rows = [
            fact(1, started()),
            deltas(2, "a", "b"),
            deltas(4, "c"),
            fact(5),
            deltas(6, "d", part="part-2"),
            tool_deltas(7, "{", "}"),
            fact(9, settled("part-1", "part-2", text="abcd", calls=("call-1",))),
            fact(10, ended()),
        ]
        await store.create_session(session(), rows)
        equal(await store.prune(1000.5, 100), 4)
        expected = [
            rows[0],
            stub(2, 4, 9, "part-1"),
            rows[3],
            stub(6, 6, 9, "part-2"),
            stub(7, 8, 9, "call-1"),
            *rows[6:],
        ]
        equal(await store.read("session-1", 0, 100), expected)
        equal(await store.read("session-1", 3, 2), expected[1:3])
        equal(await store.read("session-1", 9, 100), expected[6:])
        equal(await store.facts("session-1"), [row for row in rows if row.kind == 0])
        equal(await store.prune(1000.5, 100), 0)

    async def test_what_was_superseded_or_failed_has_no_text(self, store: Store) -> None:
        rows = [
            deltas(1, "gone"),
            fact(2, superseded("part-1")),
            deltas(3, "kept"),
            fact(4, settled("part-1", text="kept")),
            deltas(5, "failed", part="part-3"),
            fact(6, ended()),
        ]
        await store.create_session(session(), rows)
        equal(await store.prune(2000.0, 100), 3)
        equal(
            await store.read("session-1", 0, 100),
            [
                stub(1, 1, 0, "part-1"),
                rows[1],
                stub(3, 3, 4, "part-1"),
                rows[3],
                stub(5, 5, 0, "part-3"),
                rows[5],
            ],
        )

    async def test_an_open_generation_is_kept(self, store: Store) -> None:
        rows = [deltas(1, "a"), fact(2, settled("part-1")), fact(3), deltas(4, "b", part="part-2"), fact(5)]
        await store.create_session(session(), rows)
        equal(await store.prune(2000.0, 100), 1)
        equal(await store.read("session-1", 0, 100), [stub(1, 1, 2, "part-1"), *rows[1:]])
        await store.append(addition(fact(6, settled("part-2"), at=1500.0)))
        equal(await store.prune(2001.0, 100), 1)
        equal((await store.read("session-1", 0, 100))[3], stub(4, 4, 6, "part-2"))

    async def test_only_what_is_old_goes(self, store: Store) -> None:
        rows = [deltas(1, "a", at=10.0), deltas(2, "b", at=20.0), fact(3, settled("part-1"), at=20.0)]
        await store.create_session(session(), rows)
        equal(await store.prune(10.0, 100), 0)
        equal(await store.prune(20.0, 100), 1)
        equal(await store.read("session-1", 0, 100), [stub(1, 1, 3, "part-1", 10.0), *rows[1:]])
        equal(await store.prune(21.0, 100), 1)
        equal(await cursors(store), [1, 2, 3])

    async def test_newer_rows_do_not_hide_older_ones(self, store: Store) -> None:
        await store.create_session(session(), [deltas(1, "a", at=10.0), fact(2, settled("part-1"), at=10.0)])
        await store.append(addition(fact(3, at=5000.0)))
        await store.append(addition(fact(4, at=9000.0)))
        equal(await store.prune(20.0, 100), 1)
        equal(await cursors(store), [1, 2, 3, 4])

    async def test_the_limit_holds(self, store: Store) -> None:
        for number in range(4):
            rows = [deltas(1, "a"), deltas(2, "b"), fact(3, settled("part-1"))]
            await store.create_session(session(f"session-{number}"), rows)
        equal(await store.prune(2000.0, 0), 0)
        equal(await store.prune(2000.0, 3), 4)
        equal(await store.prune(2000.0, 100), 4)
        equal(await store.prune(2000.0, 100), 0)

    async def test_what_cannot_be_read_stays(self, store: Store) -> None:
        rows = [
            Row(1, 1, DELTAS, b"{not json", 1000.0),
            fact(2, b"{nor this"),
            fact(3, b'{"type":"generation-settled","partIds":7}'),
            fact(4, ended()),
        ]
        await store.create_session(session(), rows)
        equal(await store.prune(2000.0, 100), 0)
        equal(await store.read("session-1", 0, 100), rows)

    async def test_a_session_goes_on_after_a_prune(self, store: Store) -> None:
        epoch = 0
        cursor = 0
        await store.create_session(session(), ())
        for turn in range(5):
            at = 1000.0 + turn
            part = f"part-{turn}"
            rows = (
                *facts(cursor + 1, cursor + 20, at=at),
                deltas(cursor + 21, "x", "y", part=part, at=at),
                fact(cursor + 23, settled(part), at=at),
                fact(cursor + 24, ended(), at=at),
            )
            await store.append(addition(*rows, epoch=epoch, snapshot=b"s" if turn == 2 else None))
            cursor += 24
            equal(await store.prune(at + 0.5, 100), 1)
        equal(await cursors(store), list(range(1, cursor + 1)))
        equal([row.last for row in await store.read("session-1", 30, 3)], [31, 32, 33])
        loaded = await store.load("session-1")
        equal(loaded and (loaded.snapshot_cursor, loaded.record.cursor), (72, 120))
        equal(loaded and [row.first for row in loaded.facts[:3]], [73, 74, 75])
        equal(loaded and len(loaded.facts), 44)

    async def test_pruning_while_writing(self, store: Store) -> None:
        names = [f"session-{number}" for number in range(6)]
        for name in names:
            await store.create_session(session(name), ())

        async def drive(name: str) -> None:
            for cursor in range(1, 61, 3):
                rows = (deltas(cursor, "a"), deltas(cursor + 1, "b"), fact(cursor + 2, settled("part-1")))
                await store.append(addition(*rows, session_id=name))

        writing = asyncio.gather(*(drive(name) for name in names))
        dropped = 0
        while not writing.done():
            dropped += sum(await asyncio.gather(store.prune(2000.0, 50), store.prune(2000.0, 50)))
        await writing
        dropped += await store.prune(2001.0, 10_000)
        equal(dropped, 6 * 40)
        for name in names:
            equal(await cursors(store, name), list(range(1, 61)))
            rows = await store.read(name, 0, 1000)
            holds(all(row.kind != DELTAS for row in rows), "no deltas left")
