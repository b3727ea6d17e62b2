"""Owns what every store promises about the rows of sessions: creation, lists, expiry, life and death of the store."""

from __future__ import annotations

import asyncio

from mainspring.model.errors import Conflict, StoreError
from mainspring.model.rows import Row
from mainspring.runtime.ports import ListSessions, SessionPatch, Store
from mainspring.testing.expectations import equal, refused
from mainspring.testing.samples import addition, cursors, fact, facts, session


class SessionContract:
    """Creating and finding sessions."""

    async def test_a_session_comes_back_as_it_was(self, store: Store) -> None:
        record = session(
            "sess\0ion é🚀", format="worker", epoch=3, active_execution="e", waiting=True, start_key="k"
        )
        created = await store.create_session(record, facts(1, 2))
        equal((created.cursor, created.epoch, created.start_key), (2, 3, "k"))
        equal(await store.record(record.id), created)

    async def test_an_id_is_used_once(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 1))
        await refused(store.create_session(session(project_id="project-2"), facts(1, 1)), Conflict)

    async def test_a_start_key_starts_one_session(self, store: Store) -> None:
        first = await store.create_session(session("session-1", start_key="k"), facts(1, 1))
        await store.append(addition(fact(2)))
        again = await store.create_session(session("session-2", start_key="k"), facts(1, 1))
        equal((again.id, again.cursor, first.id), ("session-1", 2, "session-1"))
        equal(await store.record("session-2"), None)
        equal(await store.record_by_key("project-1", "k"), again)
        equal(await store.record_by_key("project-2", "k"), None)
        other = await store.create_session(
            session("session-3", start_key="k", project_id="project-2"), facts(1, 1)
        )
        equal(other.id, "session-3")

    async def test_a_race_for_a_start_key_has_one_winner(self, store: Store) -> None:
        made = await asyncio.gather(
            *(
                store.create_session(session(f"session-{number}", start_key="k"), facts(1, 1))
                for number in range(20)
            )
        )
        equal(len({record.id for record in made}), 1)
        equal(len(await store.sessions(ListSessions(project_id="project-1"))), 1)

    async def test_pages_cover_all_once(self, store: Store) -> None:
        for number in range(7):
            record = session(f"session-{number}", updated_at=float(number // 2))
            await store.create_session(record, facts(1, number + 1))
        await store.create_session(session("session-9", project_id="project-2"), facts(1, 1))
        seen: list[tuple[str, int]] = []
        before: tuple[float, str] | None = None
        while page := await store.sessions(ListSessions(project_id="project-1", before=before, limit=2)):
            seen += [(record.id, record.cursor) for record in page]
            before = (page[-1].updated_at, page[-1].id)
        equal(seen, [(f"session-{number}", number + 1) for number in (6, 5, 4, 3, 2, 1, 0)])

    async def test_lists_are_filtered(self, store: Store) -> None:
        await store.create_session(session("session-1", updated_at=1.0), facts(1, 1))
        await store.create_session(session("session-2", updated_at=2.0, agent_id="agent-2"), facts(1, 1))
        await store.create_session(session("session-3", updated_at=3.0, status="expired"), facts(1, 1))

        async def listed(query: ListSessions) -> list[str]:
            return [record.id for record in await store.sessions(query)]

        of = "project-1"
        equal(await listed(ListSessions(project_id=of, agent_id="agent-1")), ["session-3", "session-1"])
        equal(await listed(ListSessions(project_id=of, status="active")), ["session-2", "session-1"])
        equal(await listed(ListSessions(project_id=of, agent_id="agent-1", status="expired")), ["session-3"])
        equal(await listed(ListSessions(project_id="project-2", agent_id="agent-1")), [])

    async def test_lists_follow_updates(self, store: Store) -> None:
        for number in range(3):
            await store.create_session(session(f"session-{number}", updated_at=float(number)), facts(1, 1))
        await store.append(addition(fact(2), session_id="session-0", patch=SessionPatch(updated_at=9.0)))
        page = await store.sessions(ListSessions(project_id="project-1", limit=1))
        equal([record.id for record in page], ["session-0"])

    async def test_due_sessions_are_idle_or_waiting(self, store: Store) -> None:
        await store.create_session(session("early", expires_at=10.0), facts(1, 1))
        await store.create_session(session("earlier", expires_at=5.0), facts(1, 1))
        await store.create_session(session("later", expires_at=30.0), facts(1, 1))
        await store.create_session(session("over", expires_at=1.0, status="expired"), facts(1, 1))
        await store.create_session(session("runs", expires_at=1.0, active_execution="e"), facts(1, 1))
        await store.create_session(
            session("waits", expires_at=7.0, active_execution="e", waiting=True), facts(1, 1)
        )
        equal([record.id for record in await store.due_sessions(20.0, 10)], ["earlier", "waits", "early"])
        equal([record.id for record in await store.due_sessions(20.0, 1)], ["earlier"])
        await store.append(addition(session_id="earlier", patch=SessionPatch(expires_at=99.0)))
        await store.append(addition(session_id="early", patch=SessionPatch(status="expired")))
        equal([record.id for record in await store.due_sessions(20.0, 10)], ["waits"])


class LifeContract:
    """Opening and closing."""

    async def test_a_store_answers(self, store: Store) -> None:
        await store.ping()

    async def test_closing_finishes_what_is_queued(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 1))
        futures = [store.append(addition(fact(cursor))) for cursor in range(2, 300)]
        await store.close()
        equal([future.done() and future.exception() for future in futures], [None] * 298)

    async def test_a_closed_store_says_so(self, store: Store) -> None:
        await store.create_session(session(), facts(1, 1))
        await store.close()
        await store.close()
        await refused(store.ping(), StoreError)
        await refused(store.append(addition(fact(2))), StoreError)
        await refused(store.read("session-1", 0, 1), StoreError)
        await refused(store.take("session-1", "host-1"), StoreError)

    async def test_a_row_may_be_large(self, store: Store) -> None:
        large = b'{"type":"x","text":"' + b"0123456789abcdef" * 100_000 + b'"}'
        rows: list[Row] = [fact(1), fact(2, large), fact(3)]
        await store.create_session(session(), rows)
        equal(await store.read("session-1", 0, 10) == rows, True)
        equal(await cursors(store), [1, 2, 3])
