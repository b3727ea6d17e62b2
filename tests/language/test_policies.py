"""A tool's policy: what may be written, and what it is compiled to."""

from __future__ import annotations

from typing import Any

import pytest

from mainspring.language.compiler import compile_agent
from mainspring.language.policies import policy_members
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile
from mainspring.model.program import ArgumentCondition, Policy

PROTOCOL = """
types:
  Order:
    total: {{ type: number }}
tools:
  pay:
    description: Pay
    parameters:
      amount: {{ type: number }}
      urgent: {{ type: boolean }}
      to: {{ type: string }}
      order: {{ type: Order }}
      more: {{ type: unknown }}
    policy: {policy}
agent:
  model: scripted/model
  system: system
  tools: [pay]
"""


def policy_of(written: str) -> Policy:
    source = AgentSource(
        settings=AgentSettings(slug="agent", name="Agent", format="interactive"),
        protocol=PROTOCOL.format(policy=written),
        prompts=(PromptFile(name="system", content="Help."),),
    )
    compilation = compile_agent(source)
    assert compilation.program is not None, compilation.diagnostics
    assert compilation.diagnostics == ()
    return compilation.program.tools["pay"].policy or Policy()


def test_nothing_written_is_the_default() -> None:
    assert policy_of("") == policy_of("{}") == Policy()
    assert Policy().unknown == "ask"


@pytest.mark.parametrize(
    ("written", "seconds"), [("45", 45), ("1.5", 1.5), ("30s", 30), ("5m", 300), ("2h", 7200), ("0.5m", 30)]
)
def test_a_time_is_seconds_or_has_a_unit(written: str, seconds: float) -> None:
    policy = policy_of(f"{{ timeout: {written}, approvalTimeout: {written} }}")
    assert (policy.timeout, policy.approval_timeout) == (seconds, seconds)


@pytest.mark.parametrize(
    ("written", "retries", "backoff"),
    [("3", 3, 1.0), ("{ max: 4 }", 4, 1.0), ("{ max: 4, backoff: 2m }", 4, 120.0)],
)
def test_retries_are_a_number_or_say_how_long_to_wait(written: str, retries: int, backoff: float) -> None:
    policy = policy_of(f"{{ retries: {written} }}")
    assert (policy.retries, policy.backoff) == (retries, backoff)


def test_what_is_idempotent_is_run_again_when_nobody_knows() -> None:
    assert policy_of("{ idempotent: true }").unknown == "retry"
    assert policy_of("{ idempotent: true, onUnknownOutcome: probe }").unknown == "probe"
    assert policy_of("{ onUnknownOutcome: fail }").unknown == "fail"


def test_limits() -> None:
    policy = policy_of("{ concurrency: 2, maxResultTokens: 500 }")
    assert (policy.concurrency, policy.max_result_tokens) == (2, 500)


def test_approval_is_a_word_or_conditions() -> None:
    assert policy_of("{ approval: never }").approval == "never"
    assert policy_of("{ approval: always }").approval == "always"
    policy = policy_of("{ approval: amount > 100 }")
    assert policy.approval == "when"
    assert policy.conditions == (
        ArgumentCondition(path=("amount",), operator="above", literal=100.0, source="amount > 100"),
    )


@pytest.mark.parametrize(
    ("written", "condition"),
    [
        ("urgent", {"path": ("urgent",), "operator": "truthy"}),
        ("'!urgent'", {"path": ("urgent",), "operator": "falsy"}),
        ('to != "me"', {"path": ("to",), "operator": "differs", "literal": "me"}),
        ("urgent == true", {"path": ("urgent",), "operator": "equals", "literal": "true"}),
        ("amount == -3.5", {"path": ("amount",), "operator": "equals", "literal": -3.5}),
        ("amount >= 1", {"path": ("amount",), "operator": "at-least", "literal": 1.0}),
        ("amount < 1", {"path": ("amount",), "operator": "below", "literal": 1.0}),
        ("order.total <= 1", {"path": ("order", "total"), "operator": "at-most", "literal": 1.0}),
        ("more.of.this > 1", {"path": ("more", "of", "this"), "operator": "above", "literal": 1.0}),
    ],
)
def test_conditions(written: str, condition: dict[str, Any]) -> None:
    (found,) = policy_of(f"{{ approval: [{written}] }}").conditions
    assert found == ArgumentCondition(**condition, source=written.strip("'"))


def test_explained_it_has_every_default() -> None:
    assert policy_members(policy_of("{ timeout: 30s, approval: amount > 100 }")) == {
        "timeout": 30.0,
        "retries": {"max": 0, "backoff": 1.0},
        "idempotent": False,
        "onUnknownOutcome": "ask",
        "approval": "amount > 100",
    }
    assert policy_members(policy_of("{ approval: [urgent, amount > 1] }"))["approval"] == [
        "urgent",
        "amount > 1",
    ]
    assert policy_members(policy_of("{ approval: always }"))["approval"] == "always"
