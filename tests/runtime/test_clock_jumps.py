"""Tests that a wall clock which jumps harms nobody: no session expires early, cursors and turns go on."""

import pytest

from mainspring.providers.scripted import Call
from tests.runtime.desk import Desk

HOURS = 2 * 3600.0


@pytest.mark.parametrize("jumps", [(HOURS,), (-HOURS,), (HOURS, -HOURS, -HOURS)])
async def test_a_clock_that_jumps_changes_nothing(jumps: tuple[float, ...]) -> None:
    async with Desk() as desk:
        others = [await desk.create() for _ in range(5)]
        for jump in jumps:
            await desk.turn()
            desk.clock.shift(jump)
            await desk.clock.advance(60)  # the sweeper comes by
            await desk.turn()
        for session in others:
            record = await desk.store.record(session)
            assert record is not None
            assert record.status == "active"
        seen = await desk.read(until=b'"execution-ended"')
        assert [cursor for cursor, _ in seen] == list(range(1, len(seen) + 1))
        assert await desk.restart() == 0
        await desk.turn()


async def test_a_clock_that_jumps_while_a_tool_is_awaited() -> None:
    async with Desk(script=lambda request: [Call("look", {})]) as desk:
        leg = await desk.trigger()
        await desk.settle()
        for jump in (HOURS, -2 * HOURS):
            desk.clock.shift(jump)
            await desk.clock.advance(60)
            assert len(desk.open_calls()) == 1
        assert desk.host.state.execution is not None
        assert desk.host.state.execution.id == leg.execution_id
