"""Long threads: where they are cut, what stands for what is left out, and how a call goes on after that."""

from __future__ import annotations

from typing import Any

import pytest

from mainspring.engine.evolve import evolve
from mainspring.engine.summarizer import SUMMARIZER
from mainspring.engine.turn import Turn
from mainspring.model.errors import Failure
from mainspring.model.events import Event
from mainspring.model.facts import (
    CompactionFailed,
    CompactionStarted,
    FrameOpened,
    GenerationFailed,
    GenerationStarted,
    MessageAdded,
    ThreadCompacted,
)
from mainspring.model.generation import Usage
from mainspring.model.parts import (
    TextPart,
)
from mainspring.model.signals import AnswerSignal, FailedSignal, StopSignal, ToolResult
from mainspring.model.stream_events import ContextCompacted, ErrorEvent
from tests.engine import driver as drivers

LONG = "word " * 200
PLAIN = """
tools:
  look: { description: Look }
  find: { description: Find, policy: { maxResultTokens: 5 } }
agent:
  model: scripted/model
  system: system
  agentic: true
  tools: [look, find]
"""
MANAGED = PLAIN + "  contextManagement: { window: 2400, thresholdPercent: 40, recentPercent: 8 }\n"
RECAP = """
input: { CONVERSATION: { type: string } }
variables: { OUT: { type: string } }
steps:
  Start: { block: start-thread, thread: t, model: scripted/recap, system: system }
  Say: { block: next-message, thread: t, output: OUT }
output: OUT
"""


class Driver(drivers.Driver):
    """A session whose provider counts no tokens, so that they are estimated."""

    def answer(self, *said: Any, **more: Any) -> list[Event]:
        """The model answers."""
        return super().answer(*said, usage=Usage(), **more)


def fail(driver: Driver, *, attempt: int = 1, **more: Any) -> list[Event]:
    """The one running model call fails: the thread is too long."""
    execution = driver.state.execution
    assert execution is not None
    generation = next(
        frame.generation
        for frame in execution.frames.values()
        if frame.generation is not None and not frame.generation.settled
    )
    failure = Failure(
        error_type="validation_error",
        message="Too long",
        retryable=False,
        source="provider",
        error_class=more.pop("error_class", "context_length"),
    )
    return driver.signal(
        FailedSignal(generation_id=generation.id, attempt=attempt, failure=failure, at=4.0, **more)
    )


def of(events: list[Event], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def talk(driver: Driver, turns: int = 2, text: str = LONG) -> None:
    for _ in range(turns):
        driver.trigger(text)
        driver.answer(text)


# ---- proactive ----------------------------------------------------------------------------------------------


def test_a_summary_is_asked_for_when_the_threshold_is_passed_and_the_call_waits_for_it() -> None:
    driver = Driver(MANAGED)
    talk(driver)
    events = driver.trigger("Now")
    (started,) = of(events, CompactionStarted)
    (opened,) = of(events, FrameOpened)
    assert (started.covers, started.attempt, opened.version) == (4, 1, SUMMARIZER.hash)
    assert opened.input["MODEL"] == "scripted/model"
    assert [one.frame for one in of(events, GenerationStarted)] == [started.worker]
    events = driver.answer(" They said words. ")
    (compacted,) = of(events, ThreadCompacted)
    (told,) = of(events, ContextCompacted)
    assert compacted.summary == "They said words."
    assert (told.trigger, told.layers, told.messages) == ("proactive", ("summary",), 4)
    assert told.tokens_before > told.tokens_after
    assert of(events, GenerationStarted)
    view = driver.state.scopes["main"].threads["main"].view
    assert [one.role for one in view] == ["user", "user"]
    assert "They said words." in view[0].text
    driver.answer("Fine.")
    assert len(driver.state.scopes["main"].threads["main"].messages) == 6


def test_a_summary_that_fails_is_done_without_for_the_rest_of_the_block() -> None:
    driver = Driver(MANAGED)
    talk(driver)
    driver.trigger("Now")
    events = driver.answer("")
    (failed,) = of(events, CompactionFailed)
    assert "no text" in failed.error
    assert of(events, GenerationStarted)
    driver.answer("", "look")
    events = driver.results(ToolResult(tool_call_id=driver.open_calls()[0], result=1))
    assert not of(events, CompactionStarted)
    driver.answer("Done.")
    assert of(driver.trigger("Again"), CompactionStarted)


def test_a_talk_whose_end_alone_is_too_long_is_left_alone() -> None:
    driver = Driver(MANAGED)
    assert not of(driver.trigger(LONG * 10), CompactionStarted)


def test_the_users_request_is_kept_when_its_turn_is_cut() -> None:
    driver = Driver(MANAGED)
    driver.trigger("Count the words. " + LONG)
    driver.answer("", "look")
    events = driver.results(ToolResult(tool_call_id=driver.open_calls()[0], result=LONG * 3))
    assert of(events, CompactionStarted)
    (compacted,) = of(driver.answer("Counting."), ThreadCompacted)
    assert "word for word:\n\nCount the words." in compacted.message.text


def test_a_worker_of_the_agent_summarises_if_it_takes_what_it_gets() -> None:
    wish = "  contextManagement: { summarizerWorker: recap, window: 2400, recentPercent: 8, thresholdPercent: 40 }\n"
    protocol = "workers: { recap: { description: Sums up } }\n" + PLAIN + wish
    driver = Driver(protocol, recap=RECAP)
    talk(driver)
    (opened,) = of(driver.trigger("Now"), FrameOpened)
    assert opened.slug == "recap"
    assert of(driver.answer("Short."), ThreadCompacted)
    odd = RECAP.replace("input: {", "input: { MORE: { type: number }, ")
    driver = Driver(protocol, recap=odd)
    talk(driver)
    events = driver.trigger("Now")
    assert not of(events, CompactionStarted)
    assert of(events, GenerationStarted)
    driver = Driver(protocol)
    talk(driver)
    assert of(driver.trigger("Now"), FrameOpened)[0].slug == "summarizer"


def test_a_hidden_block_shortens_without_a_word() -> None:
    handler = "handlers: { user-message: { Talk: { block: next-message, display: hidden } } }\n"
    driver = Driver("triggers: { user-message: { input: {} } }\n" + MANAGED + handler)
    driver.trigger(given={})
    driver.answer(LONG * 3)
    driver.trigger(given={})
    driver.answer(LONG * 2)
    assert of(driver.trigger(given={}), CompactionStarted)
    events = driver.answer("Short.")
    assert of(events, ThreadCompacted)
    assert not of(events, ContextCompacted)


def test_what_failed_attempts_cost_does_not_make_a_thread_longer() -> None:
    driver = Driver(MANAGED)
    driver.trigger("Hi")
    execution = driver.state.execution
    assert execution is not None
    generation = execution.frames["main"].generation
    assert generation is not None
    driver.signal(
        AnswerSignal(
            generation_id=generation.id,
            attempt=1,
            parts=(TextPart(text="Hello"),),
            part_ids=("p",),
            reason="stop",
            usage=Usage(input_tokens=900, output_tokens=1),
            model="scripted/model",
            at=3.0,
            context_tokens=301,
        )
    )
    found = driver.state.scopes["main"].threads["main"]
    assert (found.tokens, found.counted) == (301, 2)


# ---- reactive -----------------------------------------------------------------------------------------------


def test_a_thread_that_is_refused_is_shortened_and_asked_for_once_more() -> None:
    driver = Driver(PLAIN)
    talk(driver)
    driver.trigger("Now")
    events = fail(driver, usage=Usage(input_tokens=7))
    (told,) = of(events, ContextCompacted)
    assert (told.trigger, told.layers) == ("reactive", ("dropped",))
    assert of(events, GenerationFailed)
    (again,) = of(events, GenerationStarted)
    assert again.attempt == 2
    execution = driver.state.execution
    assert execution is not None
    assert execution.usage.input_tokens == 7
    events = fail(driver, attempt=2)
    (error,) = of(events, ErrorEvent)
    assert "larger window" in error.message
    assert driver.state.execution is None


def test_the_next_step_of_a_block_gets_a_chance_of_its_own() -> None:
    driver = Driver(PLAIN)
    talk(driver)
    driver.trigger("Now")
    fail(driver)
    driver.answer("", "look", attempt=2)
    driver.results(ToolResult(tool_call_id=driver.open_calls()[0], result=LONG * 20))
    (told,) = of(fail(driver), ContextCompacted)
    assert "results" in told.layers
    digest = driver.state.scopes["main"].threads["main"].digest
    assert digest is not None
    assert digest.result_tokens is not None


def test_results_alone_are_shortened_with_what_stands_for_the_beginning_kept() -> None:
    driver = Driver(PLAIN)
    talk(driver)
    driver.trigger("Now")
    fail(driver)
    driver.answer("", "look", attempt=2)
    driver.results(ToolResult(tool_call_id=driver.open_calls()[0], result=LONG * 20))
    fail(driver)
    before = driver.state.scopes["main"].threads["main"].digest
    driver.answer("", "look", attempt=2)
    driver.results(ToolResult(tool_call_id=driver.open_calls()[0], result=LONG * 40))
    events = fail(driver)
    assert of(events, ContextCompacted)
    assert before is not None


@pytest.mark.parametrize(
    "more", [{"error_class": "auth"}, {"parts": (TextPart(text="Half"),), "part_ids": ("p",)}]
)
def test_other_failures_and_half_answers_are_no_reason(more: dict[str, Any]) -> None:
    driver = Driver(PLAIN)
    talk(driver)
    driver.trigger("Now")
    events = fail(driver, **more)
    assert not of(events, ThreadCompacted)
    assert of(events, ErrorEvent)


def test_with_context_management_a_refused_thread_is_summarised_and_if_that_fails_too_left_out() -> None:
    driver = Driver(PLAIN + "  contextManagement: {}\n".replace("{}", "{ thresholdPercent: 90 }"))
    talk(driver)
    driver.trigger("Now")
    (started,) = of(fail(driver), CompactionStarted)
    assert (started.attempt, started.failure.message) == (2, "Too long")
    assert of(driver.answer("Words."), ThreadCompacted)[0].summary == "Words."
    driver.answer("Fine.", attempt=2)
    talk(driver)
    driver.trigger("Now")
    assert of(fail(driver), CompactionStarted)
    events = fail(driver)
    (compacted,) = of(events, ThreadCompacted)
    assert compacted.error == "Too long" or "Too long" in compacted.error
    assert compacted.summary == "Words."
    assert "Words." in compacted.message.text
    assert "missing here" in compacted.message.text


def test_a_stop_while_a_summary_is_written_leaves_the_thread_whole() -> None:
    driver = Driver(MANAGED)
    talk(driver)
    driver.trigger("Now")
    driver.signal(StopSignal(at=5.0))
    assert driver.state.execution is None
    found = driver.state.scopes["main"].threads["main"]
    assert found.digest is None
    assert found.view is found.messages


# ---- rollback and damage ------------------------------------------------------------------------------------


def test_a_rollback_behind_a_summary_brings_back_what_it_stood_for() -> None:
    driver = Driver(MANAGED)
    talk(driver)
    driver.trigger("Now")
    driver.answer("Summary.")
    driver.answer("Fine.")
    first = driver.state.scopes["main"].threads["main"].messages[0].id
    driver.trigger("Other", rollback=True, rollback_after=first)
    assert driver.state.scopes["main"].threads["main"].digest is None


def test_a_rollback_after_what_is_summarised_keeps_the_summary() -> None:
    driver = Driver(MANAGED)
    talk(driver)
    driver.trigger("Now")
    driver.answer("Summary.")
    driver.answer("Fine.")
    kept = driver.state.scopes["main"].threads["main"].messages[4].id
    driver.trigger("Other", rollback=True, rollback_after=kept)
    assert driver.state.scopes["main"].threads["main"].digest is not None


def test_a_journal_that_shortens_a_thread_of_nobody_is_damaged() -> None:
    driver = Driver(MANAGED)
    with pytest.raises(ValueError, match="not open"):
        evolve(driver.state, CompactionFailed(frame="main", thread="main", error="x"))


def test_the_built_in_program_is_found_by_its_version() -> None:
    driver = Driver(MANAGED)
    talk(driver)
    driver.trigger("Now")
    execution = driver.state.execution
    assert execution is not None
    turn = Turn(driver.library, driver.state, at=1.0)
    frame = next(one for one in execution.frames.values() if one.parent is not None)
    assert turn.program(frame) is SUMMARIZER
    assert of(driver.events, MessageAdded)[-1].frame == frame.id


def test_results_alone_are_shortened_where_there_is_nothing_else() -> None:
    handler = "handlers: { user-message: { Talk: { block: next-message } } }\n"
    driver = Driver("triggers: { user-message: { input: {} } }\n" + PLAIN + handler)
    driver.trigger(given={})
    driver.answer("", "look")
    driver.results(ToolResult(tool_call_id=driver.open_calls()[0], result=LONG * 20))
    (told,) = of(fail(driver), ContextCompacted)
    assert (told.layers, told.messages) == (("results",), 0)
    found = driver.state.scopes["main"].threads["main"]
    assert found.view is found.messages
