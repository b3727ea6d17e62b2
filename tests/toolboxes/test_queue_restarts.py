"""Owns the tests of the call queue after a restart: of the server, or of the line to a worker."""

from mainspring.model.tool_work import AnswerTaken
from mainspring.runtime.tool_calls import ToolOutcome
from mainspring.testing.clock import settle
from tests.toolboxes.queue_bench import Bench, answer, call, run


def test_after_a_restart_of_the_server_a_call_goes_on_where_it_runs() -> None:
    async def work() -> None:
        bench = Bench(lease=6.0)
        early = bench.begin(call(1, resumed=True))
        await settle()
        assert (await bench.announce("w1", running=("call_1", "call_2"))).drop == ()
        late = bench.begin(call(2, resumed=True))
        await settle()
        assert await bench.pull("w1") == []
        assert await bench.beat("w1", "call_1", "call_2") == ()
        for number, task in ((1, early), (2, late)):
            posted = bench.answering(answer(number))
            assert await bench.recorded(task, call(number)) == ToolOutcome(output="seen")
            assert await posted == AnswerTaken(call_id=f"call_{number}")

    run(work())


def test_after_a_restart_a_call_that_nobody_claims_is_unknown() -> None:
    async def work() -> None:
        bench = Bench(lease=6.0)
        task = bench.begin(call(resumed=True))
        await bench.announce()
        assert await bench.pull() == []
        for _ in range(3):
            await bench.clock.advance(2.5)
            await bench.beat()
        outcome = await task
        assert outcome.unknown
        assert outcome.error is not None
        assert outcome.error.startswith("The server was started anew")

    run(work())


def test_a_worker_that_comes_back_keeps_its_call_unless_another_has_it() -> None:
    async def work() -> None:
        bench = Bench(lease=6.0)
        await bench.announce("w1")
        lost = bench.begin(call())
        await bench.pull("w1")
        await bench.clock.advance(7.0)
        assert (await lost).unknown
        waiting = bench.begin(call(attempt=2))
        await settle()
        assert (await bench.announce("w1", running=("call_1",))).drop == ()
        assert (await bench.announce("w1", running=("call_1",))).drop == ()
        assert (await bench.announce("w2", running=("call_1",))).drop == ("call_1",)
        assert await bench.pull("w2") == []
        waiting.cancel()

    run(work())
