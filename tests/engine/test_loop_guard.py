"""The loop guard: what counts as going round in circles, and what does not."""

from __future__ import annotations

from typing import Any

from mainspring.engine import lenses
from mainspring.engine.loop_guard import CODE
from mainspring.model.facts import MessageAdded
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import ErrorEvent, WorkerResult
from tests.engine.driver import Driver

GUARDED = """
tools:
  look: { description: Look }
  find: { description: Find }
workers:
  helper: { description: Helps }
agent:
  model: scripted/model
  system: system
  agentic: true
  maxSteps: 40
  loopGuard: true
  tools: [look, find]
  workers: [helper]
"""
WORKER = """
tools: { look: { description: Look } }
variables: { OUT: { type: string } }
steps:
  Start:
    block: start-thread
    thread: t
    model: scripted/w
    system: system
    tools: [look]
    maxSteps: 20
    loopGuard: true
  Say: { block: next-message, thread: t, output: OUT }
output: OUT
"""


def rounds(driver: Driver, *given: tuple[tuple[str, ...], str, bool]) -> list[Any]:
    """Rounds of calls (tool and arguments), each with its result or (True) its error; all events."""
    events: list[Any] = []
    for call, result, failed in given:
        name, *words = call
        events += driver.answer("", (name, {"words": words}))
        results = [
            ToolResult(tool_call_id=call_id, error=result)
            if failed
            else ToolResult(tool_call_id=call_id, result=result)
            for call_id in open_calls(driver)
        ]
        events += driver.results(*results)
    return events


def open_calls(driver: Driver) -> list[str]:
    execution = driver.state.execution
    assert execution is not None
    return [call.id for call in lenses.open_calls(execution)]


def told(events: list[Any]) -> int:
    return sum(isinstance(event, MessageAdded) for event in events)


def stopped(events: list[Any]) -> bool:
    return any(isinstance(event, ErrorEvent) and event.code == CODE for event in events)


def test_ping_pong_is_told_after_three_turns_and_stopped_after_four() -> None:
    driver = Driver(GUARDED)
    driver.trigger()
    turn = [(("look", "a"), "1", False), (("find", "b"), "2", False)]
    events = rounds(driver, *turn, *turn)
    assert told(events) == 0
    assert told(rounds(driver, *turn)) == 1
    assert stopped(rounds(driver, *turn))


def test_three_calls_in_turn_are_a_circle_too() -> None:
    driver = Driver(GUARDED)
    driver.trigger()
    turn = [(("look",), "1", False), (("find",), "2", False), (("look", "c"), "3", False)]
    events = rounds(driver, *turn, *turn, *turn)
    assert (told(events), stopped(events)) == (1, False)
    assert stopped(rounds(driver, *turn))


def test_the_same_call_with_other_results_gets_more_patience() -> None:
    driver = Driver(GUARDED)
    driver.trigger()
    events = rounds(driver, *((("look",), str(number), False) for number in range(9)))
    assert (told(events), stopped(events)) == (1, False)
    assert stopped(rounds(driver, (("look",), "9", False)))


def test_other_calls_with_the_same_error_are_a_circle_and_with_the_same_output_are_not() -> None:
    driver = Driver(GUARDED)
    driver.trigger()
    assert told(rounds(driver, *((("look", str(number)), "no", True) for number in range(6)))) == 1
    driver = Driver(GUARDED)
    driver.trigger()
    assert told(rounds(driver, *((("look", str(number)), "ok", False) for number in range(12)))) == 0


def test_something_else_in_between_begins_the_count_anew() -> None:
    driver = Driver(GUARDED)
    driver.trigger()
    twice = [(("look",), "1", False)] * 2
    events = rounds(driver, *twice, (("find",), "1", False), *twice, (("find", "x"), "1", False), *twice)
    assert told(events) == 0


def test_an_earlier_turn_does_not_count() -> None:
    driver = Driver(GUARDED)
    driver.trigger()
    rounds(driver, *[(("look",), "1", False)] * 2)
    driver.answer("Done.")
    driver.trigger("Again")
    assert told(rounds(driver, *[(("look",), "1", False)] * 2)) == 0


def test_an_answer_in_between_begins_the_count_anew() -> None:
    twice = (
        GUARDED + "handlers: { user-message: { A: { block: next-message }, B: { block: next-message } } }\n"
    )
    driver = Driver(
        twice.replace("agent:", "triggers: { user-message: { input: {} } }\nagent:"),
    )
    driver.trigger(given={})
    rounds(driver, *[(("look",), "1", False)] * 2)
    driver.answer("Half.")
    assert told(rounds(driver, *[(("look",), "1", False)] * 2)) == 0


def test_a_worker_that_goes_round_in_circles_is_a_failed_call_of_its_caller() -> None:
    driver = Driver(GUARDED, helper=WORKER)
    driver.trigger()
    driver.answer("", "helper")
    events = rounds(driver, *[(("look",), "1", False)] * 5)
    assert not stopped(events)
    (result,) = [event for event in events if isinstance(event, WorkerResult)]
    assert "round in circles" in (result.error or "")
    assert driver.state.execution is not None


def test_without_the_setting_nobody_is_told() -> None:
    driver = Driver(GUARDED.replace("loopGuard: true", "loopGuard: false"))
    driver.trigger()
    events = rounds(driver, *[(("look",), "1", False)] * 8)
    assert (told(events), stopped(events)) == (0, False)


def test_a_caller_that_goes_round_in_circles_with_a_worker_is_stopped_itself() -> None:
    driver = Driver(GUARDED, helper=WORKER)
    driver.trigger()
    events: list[Any] = []
    for _ in range(5):
        driver.answer("", "helper")
        events = driver.answer("The same.")
    assert stopped(events)
    assert driver.state.execution is None
