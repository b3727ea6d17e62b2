"""API keys and published agents on a real store; the sweeper's rounds."""

from __future__ import annotations

import pytest

from mainspring.model.errors import InvalidAgent, InvalidRequest, NotFound, StoreError, Unauthorized
from mainspring.runtime.keys import PREFIX
from tests.runtime.desk import HELPER, PROJECT, Desk, source

WORKER = "steps: { Start: { block: start-thread, thread: t, model: scripted/x, system: system } }"


async def test_a_key_is_verified_until_it_ends() -> None:
    async with Desk() as desk:
        keys = desk.app.keys
        secret, record = await keys.create(PROJECT, name="ci", scopes=("agents", "sessions", "agents"))
        assert secret.startswith(PREFIX)
        assert record.scopes == ("agents", "sessions")
        assert secret.encode() not in record.digest
        principal = await keys.verify(secret)
        assert (principal.project_id, principal.scopes) == (PROJECT, frozenset({"agents", "sessions"}))
        assert [one.id for one in await keys.list(PROJECT)] == [record.id]
        await keys.revoke(PROJECT, record.id)
        with pytest.raises(Unauthorized):
            await keys.verify(secret)
        with pytest.raises(NotFound):
            await keys.revoke(PROJECT, record.id)


async def test_a_key_expires() -> None:
    async with Desk() as desk:
        secret, _ = await desk.app.keys.create(PROJECT, name="", scopes=("sessions",), expires_at=1010.0)
        await desk.app.keys.verify(secret)
        await desk.clock.advance(10)
        with pytest.raises(Unauthorized) as caught:
            await desk.app.keys.verify(secret)
        assert caught.value.code == "KEY_EXPIRED"


@pytest.mark.parametrize("scopes", [(), ("root",)])
async def test_scopes_are_known_ones(scopes: tuple[str, ...]) -> None:
    async with Desk() as desk:
        with pytest.raises(InvalidRequest, match="allowed: agents, sessions"):
            await desk.app.keys.create(PROJECT, name="", scopes=scopes)


async def test_an_unknown_key_is_refused() -> None:
    async with Desk() as desk:
        with pytest.raises(Unauthorized):
            await desk.app.keys.verify("oct_sk_nothing")


async def test_a_bad_agent_is_not_published_and_the_old_one_serves_on() -> None:
    async with Desk() as desk:
        bad = source("agent: { modell: scripted/x, system: nowhere }")
        assert any(one.severity == "error" for one in await desk.app.agents.validate(PROJECT, bad))
        with pytest.raises(InvalidAgent, match=r"and \d+ more") as caught:
            await desk.app.agents.publish(PROJECT, bad)
        assert caught.value.diagnostics
        await desk.turn()
        assert [one.source.settings.slug for one in await desk.app.agents.list(PROJECT)] == ["helper"]


async def test_an_archived_agent_is_gone_but_its_sessions_go_on() -> None:
    async with Desk() as desk:
        await desk.turn()
        await desk.app.agents.archive(PROJECT, "helper")
        with pytest.raises(NotFound):
            await desk.create()
        with pytest.raises(NotFound):
            await desk.app.agents.archive(PROJECT, "helper")
        await desk.turn()
        assert desk.host.state.last_outcome == "finished"


async def test_publishing_the_same_again_changes_nothing() -> None:
    async with Desk() as desk:
        first = await desk.app.agents.get(PROJECT, "helper")
        again = await desk.app.agents.publish(PROJECT, source(HELPER))
        assert (again.id, again.version) == (first.id, first.version)


async def test_the_library_holds_workers_of_workers() -> None:
    async with Desk() as desk:
        await desk.publish(WORKER, slug="inner", kind="worker")
        await desk.publish(
            f"workers: {{ inner: {{ description: I }}, helper: {{ description: H }} }}\n{WORKER}",
            slug="outer",
            kind="worker",
        )
        await desk.publish(
            f"workers: {{ outer: {{ description: O }}, lost: {{ description: L }} }}\n{HELPER}"
        )
        record = await desk.app.agents.get(PROJECT, "helper")
        library = await desk.app.agents.library(PROJECT, record.id, record.version)
        assert set(library.workers) == {"outer", "inner"}
        assert await desk.app.agents.library(PROJECT, record.id, record.version) is library
        await desk.publish(WORKER + "\n", slug="lost", kind="worker")
        assert "lost" in (await desk.app.agents.library(PROJECT, record.id, record.version)).workers


async def test_a_version_that_was_never_there() -> None:
    async with Desk() as desk:
        record = await desk.app.agents.get(PROJECT, "helper")
        with pytest.raises(NotFound, match="no longer there"):
            await desk.app.agents.program(PROJECT, record.id, "0" * 64)


async def test_the_sweeper_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    async with Desk(session_lifetime=20.0, sweep_interval=5.0) as desk:
        due, failures = desk.store.due_sessions, 0

        async def flaky(now: float, limit: int, /) -> object:
            nonlocal failures
            failures += 1
            if failures == 1:
                raise StoreError("locked")
            return await due(now, limit)

        desk.store.due_sessions = flaky  # type: ignore[method-assign, assignment]  # the database is busy once
        await desk.turn()
        while desk.host.state.status == "active":
            await desk.clock.advance(5)
        assert "tried again later: locked" in caplog.text


async def test_closing_closes_the_models() -> None:
    desk = Desk()
    async with desk:
        await desk.turn()
    assert desk.model.closed
    with pytest.raises(StoreError):
        await desk.store.ping()
