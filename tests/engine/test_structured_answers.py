"""Answers that have a type: taken when they fit, asked for again when they do not, a failure in the end."""

from __future__ import annotations

from typing import Any

import pytest

from mainspring.engine.structured_answers import read_answer
from mainspring.model.events import Event
from mainspring.model.facts import (
    ExecutionEnded,
    GenerationSettled,
    GenerationStarted,
    MessageAdded,
    VariableSet,
)
from mainspring.model.program import Program
from mainspring.model.signals import ResumeSignal
from mainspring.model.stream_events import AttemptSuperseded, ErrorEvent, Finish
from tests.engine.driver import Driver, compiled

TYPES = """
types:
  Mood:
    word: { type: string }
    degree: { type: integer, optional: true }
"""
ONE = f"""
variables:
  MOOD: {{ type: Mood }}
{TYPES}
tools:
  look: {{ description: Look }}
agent: {{ model: scripted/model, system: system, tools: [look] }}
handlers:
  user-message:
    Judge: {{ block: next-message, responseType: Mood, output: MOOD }}
"""
TWO = f"""
{TYPES}
agent: {{ model: scripted/model, system: system }}
handlers:
  user-message:
    First: {{ block: next-message, responseType: Mood, independent: true, display: name }}
    Second: {{ block: next-message, responseType: Mood }}
"""
GOOD = '{"word": "good"}'


def of(events: list[Event], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


@pytest.fixture(scope="module")
def program() -> Program:
    return compiled(ONE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (GOOD, {"word": "good"}),
        ('  {"word": "good", "degree": 3}\n', {"word": "good", "degree": 3}),
        ('```json\n{"word": "good"}\n```', {"word": "good"}),
        ('```\n{"word":\n "good"}\n  ```\n', {"word": "good"}),
        ('{"word": "```\\nno fence\\n```"}', {"word": "```\nno fence\n```"}),
    ],
)
def test_what_fits_is_the_value(program: Program, text: str, value: object) -> None:
    read = read_answer(program, "Mood", text)
    assert (read.value, read.problem) == (value, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("good", "it is not JSON"),
        ('Sure: {"word": "good"}', "it is not JSON"),
        ('{"word": "\ud800"}', "it is not JSON"),
        ("[" * 5000 + "]" * 5000, "it is not JSON"),
        ("[" * 70 + "]" * 70, "answer: nests deeper than 64 levels"),
        ("null", "answer: expected an object with word, degree, got null"),
        ("{}", "answer.word: is required, expected a string"),
        (
            '{"word": 1, "degree": "x"}',
            ("answer.word: expected a string, got a number; "
            'answer.degree: expected an integer, got the string "x"'),
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_has_a_problem(program: Program, text: str, problem: str) -> None:
    assert read_answer(program, "Mood", text).problem == problem


def test_what_is_asked_again_is_seen_by_the_model_alone() -> None:
    driver = Driver(ONE)
    driver.trigger()
    events = driver.answer("Good!")
    assert [event.parts for event in of(events, AttemptSuperseded)] == [("p0",)]
    assert not of(events, GenerationSettled)[0].message.visible
    (asked,) = of(events, MessageAdded)
    assert not asked.message.visible
    assert "the type Mood: it is not JSON" in asked.message.text
    assert of(events, GenerationStarted)[0].step == 2
    events = driver.answer(GOOD)
    assert of(events, VariableSet)[0].value == {"word": "good"}
    assert of(events, GenerationSettled)[0].message.visible
    said = [message.role for message in driver.state.scopes["main"].threads["main"].messages]
    assert said == ["user", "assistant", "user", "assistant"]
    assert of(events, ExecutionEnded)[0].usage.output_tokens == 2


def test_after_two_more_answers_it_fails_and_the_text_stays() -> None:
    driver = Driver(ONE)
    driver.trigger()
    driver.answer("One")
    driver.answer("Two")
    events = driver.answer("Three")
    (error,) = of(events, ErrorEvent)
    assert error.message == "The model's answer does not fit the type Mood: it is not JSON."
    assert (error.code, error.retryable, error.error_class) == (
        "ANSWER_DOES_NOT_FIT",
        True,
        "malformed_output",
    )
    (settled,) = of(events, GenerationSettled)
    assert (settled.message.text, settled.message.visible, settled.message.incomplete) == (
        "Three",
        True,
        True,
    )
    assert not of(events, VariableSet)
    assert of(events, ExecutionEnded)[0].outcome == "failed"


def test_a_host_that_takes_over_counts_the_same() -> None:
    driver = Driver(ONE)
    driver.trigger()
    driver.answer("One")
    driver.signal(ResumeSignal(attempt="other", at=3.0))
    assert of(driver.answer("Two", attempt=2), AttemptSuperseded)[0].attempt == 2
    driver.signal(ResumeSignal(attempt="another", at=3.0))
    assert of(driver.answer("Three", attempt=2), ErrorEvent)


def test_each_turn_counts_for_itself() -> None:
    driver = Driver(ONE)
    for text in ("One", "Two"):
        driver.trigger(text)
        driver.answer("Bad")
        driver.answer("Worse")
        assert of(driver.answer(GOOD), Finish)


def test_each_block_counts_for_itself_and_what_was_not_shown_is_not_taken_back() -> None:
    driver = Driver(TWO)
    driver.trigger()
    for text in ("Bad", "Worse"):
        assert not of(driver.answer(text), AttemptSuperseded)
    driver.answer(GOOD)
    for text in ("Bad", "Worse"):
        assert of(driver.answer(text), AttemptSuperseded)
    assert of(driver.answer(GOOD), Finish)


@pytest.mark.parametrize(
    ("reason", "message", "error_class", "retryable"),
    [
        ("length", "it was cut off at the limit of tokens.", "malformed_output", True),
        ("content-filter", "it was refused or filtered.", "content_filter", False),
    ],
)
def test_what_would_end_the_same_way_is_not_asked_again(
    reason: Any, message: str, error_class: str, retryable: bool
) -> None:
    driver = Driver(ONE)
    driver.trigger()
    (error,) = of(driver.answer('{"word": "go', reason=reason), ErrorEvent)
    assert error.message.endswith(message)
    assert (error.error_class, error.retryable) == (error_class, retryable)


def test_what_fits_is_taken_however_it_ended() -> None:
    driver = Driver(ONE)
    driver.trigger()
    (finish,) = of(driver.answer(GOOD, reason="length"), Finish)
    assert finish.finish_reason == "length"


def test_tools_may_be_called_before_the_answer() -> None:
    driver = Driver(ONE)
    driver.trigger()
    events = driver.answer("Let me look.", "look")
    assert not of(events, AttemptSuperseded)
    assert driver.open_calls()
