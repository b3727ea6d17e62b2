"""Every known failure through a whole server: what users are told, what is asked again, who is asked instead."""

from collections import Counter

import pytest

from mainspring.runtime.classify import Fault, classify
from tests.faults.cases import OWN, QUOTED, Case, load
from tests.faults.replaying import Seen, replay, verdict

BARS = {"class": 0.97, "retryable": 0.99, "delay": 1.0, "fallback": 0.99, "no_error": 1.0}
"""How much of what is graded has to be right."""

WIRES = {"chat", "responses", "anthropic", "gemini"}
PLACES = {"http", "sse", "network"}
TOLD = {
    "rate_limit",
    "overloaded",
    "server_error",
    "timeout",
    "network",
    "quota_exceeded",
    "auth",
    "permission",
    "not_found",
    "invalid_request",
    "context_length",
    "content_filter",
    "malformed_output",
    "tool_error",
    "cancelled",
    "unknown",
}


async def _graded(cases: list[Case]) -> tuple[dict[str, float], list[str]]:
    """The share of what is right for each point, and everything that must never be."""
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    faults: list[str] = []
    for case in cases:
        seen = await replay(case)
        for point, good in verdict(case, seen).items():
            asked[point] += 1
            right[point] += good
        faults += [f"{case.id}: {problem}" for problem in [*seen.problems, *seen.wrong]]
    return {point: right[point] / asked[point] for point in asked}, faults


@pytest.mark.e2e
@pytest.mark.timeout(180)
async def test_the_failures_nobody_tuned_for() -> None:
    shares, faults = await _graded(load(OWN))
    assert not faults
    assert all(shares[point] >= BARS[point] for point in shares), shares


@pytest.mark.e2e
@pytest.mark.timeout(300)
async def test_the_quoted_failures() -> None:
    if not QUOTED.is_file():
        pytest.skip(f"the quoted examples are no part of the repository; they would be at {QUOTED}")
    shares, faults = await _graded([case for case in load(QUOTED) if case.spoken])
    assert not faults
    assert all(shares[point] >= BARS[point] for point in shares), shares


def test_our_own_examples_know_every_class_wire_and_place() -> None:
    cases = load(OWN)
    assert len({case.id for case in cases}) == len(cases) >= 40
    assert {case.expected["class"] for case in cases} == TOLD
    assert {(case.wire, case.where) for case in cases} >= {
        (wire, place) for wire in WIRES for place in PLACES
    } - {("gemini", "network")}


def test_frames_of_wires_that_we_do_not_speak_are_judged_all_the_same() -> None:
    """The judge itself is total: it knows the frames of others too, should a gateway pass them on."""
    if not QUOTED.is_file():
        pytest.skip(f"the quoted examples are no part of the repository; they would be at {QUOTED}")
    foreign = [case for case in load(QUOTED) if not case.spoken]
    assert foreign
    for case in foreign:
        fault = Fault(
            provider=case.provider, status=case.status, headers=case.headers, body=case.body.encode()
        )
        assert classify(fault).error_class in case.classes, case.id


def test_a_verdict_sees_what_is_wrong() -> None:
    """The grader itself fails a wrong answer on every point."""
    case = next(case for case in load(OWN) if case.id == "anthropic-429-retry-after")
    good = Seen("rate_limit", retryable=True, retry_after=17.0, error=True, asked=3, spare=True)
    bad = Seen("overloaded", retryable=False, retry_after=None, error=True, asked=1, spare=False)
    assert set(verdict(case, good).values()) == {True}
    assert set(verdict(case, bad).values()) == {False}
