"""Owns what every store promises about journals: order, refusals, reading, snapshots."""

from __future__ import annotations

import asyncio
from functools import partial

from mainspring.model.errors import NotFound, SessionBusy, StaleWriter
from mainspring.model.rows import FACT, Row
from mainspring.runtime.ports import SessionPatch, Store
from mainspring.testing.expectations import equal, holds, refused
from mainspring.testing.samples import addition, claim, cursors, deltas, fact, facts, session

ODD_TEXTS = (
    b'{"type":"x","text":"nul \\u0000 inside"}',
    b'{"type":"x","text":"lone \\ud800 surrogate"}',
    '{"type":"x","text":"Grüße 🚀 \u2028 é"}'.encode(),
    b"not json at all \x00\xff",
)


def _note(finished: list[int], cursor: int, _: object) -> None:
    finished.append(cursor)


class AppendContract:
    """Appending."""

    async def test_rows_come_back_in_order(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 2))
        await asyncio.gather(*(store.append(addition(fact(cursor))) for cursor in range(3, 60)))
        equal(await cursors(store), list(range(1, 60)))
        equal(await store.read("session-1", 0, 1000), list(facts(1, 59)))

    async def test_appends_of_one_session_keep_call_order(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 1))
        finished: list[int] = []
        futures = [store.append(addition(fact(cursor))) for cursor in range(2, 40)]
        for cursor, future in enumerate(futures, 2):
            future.add_done_callback(partial(_note, finished, cursor))
        await asyncio.gather(*futures)
        await asyncio.gather(store.ping())
        equal(finished, list(range(2, 40)))

    async def test_a_gap_is_refused(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 2))
        for rows in ((fact(4),), (fact(2),), (fact(3), fact(5)), (Row(3, 2, FACT, b"{}", 1.0),)):
            await refused(store.append(addition(*rows)), StaleWriter)
        await refused(store.create_session(session("session-2"), facts(2, 3)), StaleWriter)
        equal(await cursors(store), [1, 2])
        equal(await store.record("session-2"), None)

    async def test_an_older_epoch_is_refused(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 1))
        equal((await store.take("session-1", "host-1")).epoch, 1)
        await refused(store.append(addition(fact(2))), StaleWriter)
        await refused(store.append(addition(fact(2), epoch=2)), StaleWriter)
        await store.append(addition(fact(2), epoch=1))
        equal((await store.take("session-1", "host-2")).epoch, 2)
        record = await store.record("session-1")
        holds(record is not None and (record.epoch, record.cursor) == (2, 2), "epoch 2 at cursor 2")

    async def test_an_append_queued_before_a_take_is_kept(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 1))
        before = store.append(addition(fact(2)))
        hold = asyncio.ensure_future(store.take("session-1", "host-1"))
        await before
        equal((await hold).epoch, 1)
        await refused(store.append(addition(fact(3))), StaleWriter)

    async def test_an_unknown_session_is_refused(self, store: Store) -> None:
        await refused(store.append(addition(fact(1))), NotFound)
        await refused(store.take("session-1", "host-1"), NotFound)
        equal(await store.load("session-1"), None)
        equal(await store.record("session-1"), None)
        equal(await store.read("session-1", 0, 10), [])
        equal(await store.facts("session-1"), [])

    async def test_a_claim_excludes_another(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 1))
        await store.append(claim(fact(2)))
        busy = await refused(store.append(claim(fact(3), execution="execution-2")), SessionBusy)
        equal(busy.status, 429)
        await store.append(claim(fact(3)))
        await store.append(addition(fact(4), patch=SessionPatch(active_execution="")))
        await store.append(claim(fact(5), execution="execution-2"))
        record = await store.record("session-1")
        equal(record and record.active_execution, "execution-2")

    async def test_one_of_many_claims_wins(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 1))
        claims = [store.append(claim(fact(2), execution=f"execution-{number}")) for number in range(20)]
        results = await asyncio.gather(*claims, return_exceptions=True)
        equal(results[0], None)
        holds(
            all(isinstance(result, SessionBusy) for result in results[1:]), "all others are told it is busy"
        )
        equal(await cursors(store), [1, 2])

    async def test_a_refused_item_harms_no_other(self, store: Store) -> None:
        names = [f"session-{number}" for number in range(1, 9)]
        for name in names:
            await store.create_session(session(name), facts(1, 1))
        futures = [
            store.append(addition(fact(9 if name == "session-5" else 2), session_id=name, snapshot=b"s"))
            for name in names
        ]
        results = await asyncio.gather(*futures, return_exceptions=True)
        equal([type(result) for result in results if result is not None], [StaleWriter])
        equal([await cursors(store, name) for name in names], [[1, 2]] * 4 + [[1]] + [[1, 2]] * 3)

    async def test_a_refused_append_changes_nothing(self, store: Store) -> None:
        before = await store.create_session(session(), facts(1, 1))
        patch = SessionPatch(waiting=True, updated_at=2.0)
        await refused(store.append(addition(fact(5), patch=patch, snapshot=b"no")), StaleWriter)
        equal(await store.record("session-1"), before)
        loaded = await store.load("session-1")
        equal(loaded and loaded.snapshot, None)

    async def test_many_sessions_at_once(self, store: Store) -> None:
        names = [f"session-{number}" for number in range(40)]
        await asyncio.gather(*(store.create_session(session(name), facts(1, 1)) for name in names))

        async def drive(name: str) -> None:
            for cursor in range(2, 12, 2):
                await store.append(addition(*facts(cursor, cursor + 1), session_id=name))

        await asyncio.gather(*(drive(name) for name in names))
        for name in names:
            equal(await store.read(name, 0, 100), list(facts(1, 11)))

    async def test_a_patch_changes_what_it_names(self, store: Store) -> None:
        created = await store.create_session(session(), facts(1, 1))
        patch = SessionPatch(
            status="expired", waiting=True, updated_at=7.0, expires_at=8.0, version="v2", active_execution="e"
        )
        await store.append(addition(patch=patch))
        record = await store.record("session-1")
        holds(record is not None, "the session")
        equal(
            record and (record.status, record.waiting, record.updated_at, record.expires_at, record.version),
            ("expired", True, 7.0, 8.0, "v2"),
        )
        equal(record and (record.active_execution, record.cursor), ("e", 1))
        equal(record and record.created_at, created.created_at)
        await store.append(addition(patch=SessionPatch(waiting=False)))
        record = await store.record("session-1")
        equal(record and (record.waiting, record.updated_at, record.active_execution), (False, 7.0, "e"))

    async def test_a_cancelled_wait_loses_nothing(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 1))
        store.append(addition(fact(2))).cancel()
        await store.append(addition(fact(3)))
        equal(await cursors(store), [1, 2, 3])

    async def test_bytes_come_back_as_they_were(self, store: Store) -> None:
        rows = tuple(fact(cursor, data) for cursor, data in enumerate(ODD_TEXTS, 1))
        await store.create_session(session(), rows)
        equal(await store.read("session-1", 0, 10), list(rows))
        equal(await store.facts("session-1"), list(rows))

    async def test_deltas_come_back_as_they_were(self, store: Store) -> None:
        rows = [
            deltas(1, "one"),
            deltas(2, "a", 'b "quoted" ,"delta":"', "c\n\u2028", "\0", ""),
            deltas(7, *("word " * 200).split(" ")),
        ]
        odd = Row(rows[-1].last + 1, rows[-1].last + 3, 1, b'{"delta":"a"}\n\n{"other":1}', 2.5)
        await store.create_session(session(), [*rows, odd])
        equal(await store.read("session-1", 0, 10), [*rows, odd])


class ReadContract:
    """Reading."""

    async def test_reading_goes_on_after_a_cursor(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 9))
        equal(await store.read("session-1", 4, 3), list(facts(5, 7)))
        equal(await store.read("session-1", 9, 3), [])
        equal(await store.read("session-1", 2**40, 3), [])

    async def test_a_row_that_straddles_the_cursor_is_whole(self, store: Store) -> None:
        row = deltas(2, "a", "b", "c", "d")
        await store.create_session(session(), [fact(1), row, fact(6)])
        for after in (1, 2, 4):
            equal(await store.read("session-1", after, 10), [row, fact(6)])
        equal(await store.read("session-1", 5, 10), [fact(6)])
        equal(await store.read("session-1", 3, 1), [row])

    async def test_journals_do_not_mix(self, store: Store) -> None:
        await store.create_session(session("session-1"), facts(1, 3))
        await store.create_session(session("session-2"), facts(1, 5))
        await store.append(addition(fact(4), session_id="session-1"))
        equal(await cursors(store, "session-1"), [1, 2, 3, 4])
        equal(await cursors(store, "session-2"), [1, 2, 3, 4, 5])

    async def test_loading_without_a_snapshot(self, store: Store) -> None:
        await store.create_session(session(), [fact(1), deltas(2, "a", "b"), fact(4)])
        loaded = await store.load("session-1")
        equal(loaded and (loaded.snapshot, loaded.snapshot_cursor), (None, 0))
        equal(loaded and loaded.facts, (fact(1), fact(4)))
        equal(loaded and loaded.record, await store.record("session-1"))

    async def test_loading_after_a_snapshot(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 2))
        await store.append(addition(fact(3), snapshot=b"\x00first"))
        await store.append(addition(fact(4), deltas(5, "a", "b"), fact(7)))
        loaded = await store.load("session-1")
        equal(loaded and (loaded.snapshot, loaded.snapshot_cursor), (b"\x00first", 3))
        equal(loaded and loaded.facts, (fact(4), fact(7)))
        equal(loaded and loaded.record.cursor, 7)
        await store.append(addition(snapshot=b"second"))
        loaded = await store.load("session-1")
        equal(loaded and (loaded.snapshot, loaded.snapshot_cursor, loaded.facts), (b"second", 7, ()))

    async def test_facts_leave_deltas_out(self, store: Store) -> None:
        await store.create_session(session(), [fact(1), deltas(2, "a"), fact(3)])
        equal(await store.facts("session-1"), [fact(1), fact(3)])

    async def test_a_write_is_seen_once_it_is_done(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 1))
        for cursor in range(2, 20):
            await store.append(addition(fact(cursor)))
            record = await store.record("session-1")
            equal(record and record.cursor, cursor)
            equal(await store.read("session-1", cursor - 1, 5), [fact(cursor)])
