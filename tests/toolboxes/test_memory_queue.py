"""Owns the tests of the call queue: leases, deaths, sharing, reconnections, and answers that are taken once."""

import pytest

from mainspring.model.errors import NotFound
from mainspring.model.messages import Sender
from mainspring.model.tool_work import (
    Announcement,
    AnswerTaken,
    Heartbeat,
    Leave,
    Pulled,
    RemoteTool,
    Welcome,
)
from mainspring.runtime.tool_calls import ToolOutcome
from mainspring.testing.clock import settle
from tests.toolboxes.queue_bench import LOOK, PROJECT, Bench, answer, call, run


def test_a_call_reaches_a_worker_and_its_answer_comes_back_once_it_is_on_disk() -> None:
    async def work() -> None:
        bench = Bench()
        assert (await bench.announce()) == Welcome(lease=15.0, heartbeat=5.0, poll=20.0)
        given = call()
        task = bench.begin(given)
        pulled = (await bench.pulling()).calls[0]
        assert (pulled.call_id, pulled.attempt, pulled.tool) == ("call_1", 1, "look")
        assert (pulled.args, pulled.deadline, pulled.sender) == (
            {"where": "here"},
            2000.0,
            Sender(name="Ada"),
        )
        posted = bench.answering(answer())
        await settle()
        assert task.done()
        assert not posted.done()
        assert await bench.recorded(task, given) == ToolOutcome(output="seen")
        assert await posted == AnswerTaken(call_id="call_1")

    run(work())


def test_the_same_answer_again_is_the_same_another_one_a_conflict_a_strangers_unknown() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce()
        given = call()
        task = bench.begin(given)
        await bench.pull()
        first, twice = bench.answering(answer()), bench.answering(answer())
        await bench.recorded(task, given)
        assert (await first, await twice) == (AnswerTaken(call_id="call_1"),) * 2
        assert await bench.answering(answer()) == AnswerTaken(call_id="call_1")
        other = await bench.answering(answer(result="something else"))
        assert other is not None
        assert (other.status, other.code) == (409, "RESULT_CONFLICT")
        late = await bench.answering(answer(result="something else", attempt=7))
        assert late is not None
        assert late.status == 409
        assert await bench.answering(answer(2)) is None

    run(work())


def test_an_answer_that_could_not_be_recorded_is_to_be_given_again() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce()
        task = bench.begin(call())
        await bench.pull()
        posted = bench.answering(answer())
        await task
        bench.box.settled(call(), durable=False)
        taken = await posted
        assert taken is not None
        assert (taken.status, taken.code) == (503, "NOT_RECORDED")
        again = bench.begin(call(resumed=True))
        await settle()
        retried = bench.answering(answer())
        assert await bench.recorded(again, call()) == ToolOutcome(output="seen")
        assert await retried == AnswerTaken(call_id="call_1")

    run(work())


def test_a_worker_that_says_nothing_is_lost_and_its_call_unknown() -> None:
    async def work() -> None:
        bench = Bench(lease=6.0)
        await bench.announce()
        task = bench.begin(call())
        await bench.pull()
        await bench.clock.advance(5.0)
        assert await bench.beat("w1", "call_1") == ()
        await bench.clock.advance(5.5)
        assert not task.done()
        await bench.clock.advance(1.5)
        assert await task == ToolOutcome(error="The worker W1 was lost while it ran this call.", unknown=True)
        with pytest.raises(NotFound) as refused:
            await bench.beat()
        assert refused.value.code == "WORKER_UNKNOWN"

    run(work())


def test_the_late_answer_of_a_lost_worker_counts_for_the_next_attempt() -> None:
    async def work() -> None:
        bench = Bench(lease=6.0)
        await bench.announce("w1")
        lost = bench.begin(call())
        await bench.pull("w1")
        await bench.clock.advance(4.0)
        await bench.announce("w2")
        await bench.clock.advance(4.0)
        assert (await lost).unknown
        retry = call(attempt=2)
        task = bench.begin(retry)
        assert await bench.pull("w2") == ["call_1"]
        await bench.announce("w1")
        failed = await bench.answering(answer(result=None, error="No."), "w1")
        assert failed == AnswerTaken(call_id="call_1")
        assert not task.done()
        posted = bench.answering(answer(), "w1")
        assert await bench.recorded(task, retry) == ToolOutcome(output="seen")
        assert await posted == AnswerTaken(call_id="call_1")
        # The other worker ran the same key: the same answer is fine, any other is told so.
        assert await bench.answering(answer(attempt=2), "w2") == AnswerTaken(call_id="call_1")

    run(work())


def test_two_workers_share_what_comes_at_once_and_in_turn() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce("w1")
        await bench.announce("w2")
        first, second = bench.pulling("w1"), bench.pulling("w2")
        await settle()
        tasks = [bench.begin(call(number)) for number in range(1, 6)]
        got = [[one.call_id for one in (await pull).calls] for pull in (first, second)]
        assert got == [["call_1", "call_3", "call_5"], ["call_2", "call_4"]]
        third, fourth = bench.pulling("w1"), bench.pulling("w2")
        await settle()
        one = bench.begin(call(6))
        assert [item.call_id for item in (await third).calls] == ["call_6"]
        other = bench.begin(call(7))
        assert [item.call_id for item in (await fourth).calls] == ["call_7"]
        for task in (*tasks, one, other):
            task.cancel()

    run(work())


def test_a_worker_gets_its_own_tools_oldest_first_and_no_more_than_it_asks_for() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce("w1", LOOK, RemoteTool(name="order"))
        tasks = [
            bench.begin(call(number, tool=tool))
            for number, tool in enumerate(("look", "order", "sing", "look"), start=1)
        ]
        await settle()
        assert await bench.pull(most=2) == ["call_1", "call_2"]
        assert await bench.pull() == ["call_4"]
        assert await bench.pull() == []
        view = await bench.queue.workers(PROJECT)
        assert view.waiting == {"sing": 1}
        assert [(one.name, one.tools, one.running) for one in view.workers] == [("W1", ("look", "order"), 3)]
        for task in tasks:
            task.cancel()

    run(work())


def test_a_pull_whose_answer_was_lost_brings_the_same_calls_again() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce()
        tasks = [bench.begin(call(1)), bench.begin(call(2))]
        await settle()
        assert await bench.pull(most=1) == ["call_1"]
        assert [one.call_id for one in (await bench.again(most=1)).calls] == ["call_1"]
        # Nobody has confirmed the batch: that it is not among the running calls says nothing.
        assert await bench.queue.heartbeat(PROJECT, "w1", Heartbeat(received=0)) is not None
        assert not tasks[0].done()
        assert await bench.pull(most=1) == ["call_2"]
        for task in tasks:
            task.cancel()

    run(work())


def test_a_pull_that_hangs_is_displaced_by_its_repetition_and_loses_nothing() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce()
        hanging = bench.pulling()
        await settle()
        second = bench.again()
        await settle()
        assert (await hanging) == Pulled()
        task = bench.begin(call())
        assert [one.call_id for one in (await second).calls] == ["call_1"]
        task.cancel()

    run(work())


def test_a_pull_is_open_for_as_long_as_it_was_asked_for() -> None:
    async def work() -> None:
        bench = Bench(poll=10.0)
        await bench.announce()
        short, long = bench.pulling(wait=3.0), None
        await bench.clock.advance(2.9)
        assert not short.done()
        await bench.clock.advance(0.2)
        assert await short == Pulled()
        long = bench.pulling(wait=600.0)
        await bench.clock.advance(9.0)
        await bench.beat()
        assert not long.done()
        await bench.clock.advance(1.1)
        assert await long == Pulled()

    run(work())


def test_a_call_nobody_wants_any_more_is_taken_back() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce()
        running, ready = bench.begin(call(1)), bench.begin(call(2))
        await settle()
        assert await bench.pull(most=1) == ["call_1"]
        waiting = bench.pulling(most=1)
        assert [one.call_id for one in (await waiting).calls] == ["call_2"]
        told = bench.pulling()
        await settle()
        running.cancel()
        ready.cancel()
        await settle()
        assert set((await told).drop) == {"call_1", "call_2"}
        assert set(await bench.beat("w1", "call_1")) == {"call_1"}
        assert await bench.beat("w1") == ()
        assert await bench.answering(answer(1)) is None
        unpulled = bench.begin(call(3))
        await settle()
        unpulled.cancel()
        await settle()
        assert await bench.pull() == []

    run(work())


def test_a_call_that_a_worker_forgot_is_unknown() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce()
        task = bench.begin(call())
        await bench.pull()
        assert await bench.beat("w1") == ()
        outcome = await task
        assert (outcome.unknown, outcome.error) == (True, "The worker W1 no longer knows of this call.")

    run(work())


def test_a_worker_that_leaves_gives_back_what_it_never_had() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce("w1")
        tasks = [bench.begin(call(1)), bench.begin(call(2))]
        await settle()
        await bench.pull("w1", most=1)
        await bench.pull("w1", most=1)
        await bench.announce("w2")
        await bench.queue.leave(PROJECT, "w1", Leave(received=1))
        outcome = await tasks[0]
        assert (outcome.unknown, outcome.error) == (True, "The worker W1 left before it had answered.")
        assert await bench.pull("w2") == ["call_2"]
        tasks[1].cancel()

    run(work())


def test_a_call_without_a_worker_fails_in_a_while_and_may_be_tried_again() -> None:
    async def work() -> None:
        bench = Bench(lease=6.0, grace=10.0)
        task = bench.begin(call())
        await bench.clock.advance(9.0)
        assert not task.done()
        await bench.clock.advance(2.0)
        assert await task == ToolOutcome(error="No worker that runs look is connected.", retryable=True)

    run(work())


def test_a_tool_stays_the_workers_for_a_while_after_the_last_one_went() -> None:
    async def work() -> None:
        bench = Bench(lease=6.0, grace=10.0, expected=frozenset({"sing"}))
        assert list(bench.box.offers(PROJECT, "helper")) == ["sing"]
        await bench.announce()
        offers = bench.box.offers(PROJECT, "helper")
        assert sorted(offers) == ["look", "sing"]
        assert (offers["look"].description, offers["look"].schema) == ("Looks", {"type": "object"})
        assert bench.box.offers(PROJECT, "helper") is offers
        assert list(bench.box.offers("another", "helper")) == ["sing"]
        await bench.clock.advance(7.0)
        assert sorted(bench.box.offers(PROJECT, "helper")) == ["look", "sing"]
        await bench.announce("w2")
        await bench.queue.leave(PROJECT, "w2", Leave())
        await bench.clock.advance(12.0)
        assert sorted(bench.box.offers(PROJECT, "helper")) == ["sing"]
        await bench.clock.advance(12.0)
        assert bench.clock.sleepers == 0

    run(work())


def test_a_worker_sees_nothing_of_another_project() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce()
        task = bench.begin(call())
        await bench.pull()
        with pytest.raises(NotFound):
            await bench.queue.answer("another", "w1", answer())
        foreign = Announcement(worker_id="w1", tools=(LOOK,))
        await bench.queue.announce("another", foreign)
        assert await bench.queue.answer("another", "w1", answer()) is None
        assert not task.done()
        assert (await bench.queue.workers("a third")).workers == ()
        assert await bench.queue.tools_of("another", "w1") == {"look"}
        task.cancel()

    run(work())


def test_at_the_end_open_pulls_are_answered_and_nobody_hangs() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.announce()
        waiting = bench.pulling()
        await settle()
        bench.queue.rest()
        assert await waiting == Pulled()
        assert await bench.pulling() == Pulled()
        task = bench.begin(call())
        await bench.pull()
        posted = bench.answering(answer())
        await task
        await bench.box.close()
        taken = await posted
        assert taken is not None
        assert taken.status == 503
        assert await bench.box.probe(call()) is None

    run(work())
