"""Trying again, by itself: how often, after how long, by whom, and at what cost for a provider that is down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.model.errors import ErrorClass, Failure
from mainspring.runtime.attempts import LONGEST_BACKOFF, Attempts, Retry, RetryPolicy
from mainspring.runtime.classify import Fault, classify
from mainspring.testing.clock import ManualClock

Answer = Callable[[str], Failure | None]


def failure(status: int, model: str = "acme/m", **headers: str) -> Failure:
    provider, _, name = model.partition("/")
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return classify(Fault(provider=provider, model=name, status=status, headers=named))


class Call:
    """A step that answers as a function of the model says."""

    def __init__(self, answer: Answer, *, seed: str = "a", shows: bool = False) -> None:
        self.seed = seed
        self.shown = False
        self.restarts = False
        self.made = 0
        self.asked: list[str] = []
        self.retries: list[Retry] = []
        self._answer = answer
        self._shows = shows

    async def ask(self, model: str, /) -> Failure | None:
        self.asked.append(model)
        self.shown = self._shows
        return self._answer(model)

    def waits(self, retry: Retry, /) -> None:
        self.retries.append(retry)


async def run(
    call: Call, *models: str, policy: RetryPolicy | None = None, clock: ManualClock | None = None
) -> tuple[str, Failure | None]:
    clock = clock or ManualClock()
    task = asyncio.ensure_future(Attempts(clock, policy).run(call, models or ("acme/m",)))
    for _ in range(20):
        await clock.advance(20)
    return await task


def always(status: int, **headers: str) -> Answer:
    return lambda model: failure(status, model, **headers)


def first(*failures: Failure) -> Answer:
    """Fails so often, then answers."""
    left = list(failures)
    return lambda model: left.pop(0) if left else None


async def test_an_answer_is_an_answer() -> None:
    call = Call(lambda model: None)
    assert await run(call) == ("acme/m", None)
    assert call.asked == ["acme/m"]


async def test_three_attempts_and_then_the_first_failure() -> None:
    failures = [failure(503, request_id="1"), failure(500), failure(429)]
    call = Call(first(*failures))
    _, told = await run(call)
    assert len(call.asked) == 3
    assert told is not None
    assert (told.code, told.error_class) == ("ACME_503", "overloaded")
    assert "acme/m: server_error (ACME_500); acme/m: rate_limit (ACME_429)" in (told.details or "")
    assert [retry.attempt for retry in call.retries] == [2, 3]


async def test_one_failure_is_not_seen() -> None:
    call = Call(first(failure(500)))
    assert (await run(call))[1] is None
    assert len(call.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
async def test_what_would_fail_again_is_not_tried_again(status: int) -> None:
    call = Call(always(status))
    _, told = await run(call, "acme/m", "other/m")
    assert call.asked == ["acme/m"]
    assert told is not None
    assert told.provider is not None
    assert told.provider.status_code == status


async def test_what_was_shown_is_not_tried_again() -> None:
    call = Call(always(503), shows=True)
    _, told = await run(call, "acme/m", "other/m")
    assert call.asked == ["acme/m"]
    assert told is not None


async def test_a_failure_within_a_shown_answer_is_the_one_that_is_told() -> None:
    class Late(Call):
        async def ask(self, model: str, /) -> Failure | None:
            self._shows = model == "other/m"
            return await super().ask(model)

    call = Late(always(503))
    model, told = await run(call, "acme/m", "other/m")
    assert model == "other/m"
    assert told is not None
    assert told.code == "OTHER_503"


async def test_a_wait_that_is_asked_for_is_kept_and_no_shorter() -> None:
    call = Call(first(failure(429, retry_after="7")))
    assert (await run(call))[1] is None
    assert 7.0 <= call.retries[0].delay <= 7.7


@pytest.mark.parametrize("seed", ["a", "b", "c", "d"])
async def test_backoff_is_random_and_bounded(seed: str) -> None:
    call = Call(always(500), seed=seed)
    await run(call, policy=RetryPolicy(attempts=9))
    delays = [retry.delay for retry in call.retries]
    assert len(set(delays)) > 3
    assert all(
        0 <= delay <= min(LONGEST_BACKOFF, 2 ** (number - 1)) for number, delay in enumerate(delays, 1)
    )


async def test_a_long_wait_goes_to_the_backup_or_to_the_user() -> None:
    alone = Call(always(429, retry_after="121"))
    _, told = await run(alone)
    assert (len(alone.asked), told and told.retry_after) == (1, 121.0)
    short = Call(always(429, retry_after="30"))
    await run(short, policy=RetryPolicy(longest_wait=20))
    assert len(short.asked) == 1
    helped = Call(lambda model: failure(429, retry_after="121") if model == "acme/m" else None)
    assert await run(helped, "acme/m", "other/m") == ("other/m", None)
    assert [(retry.model, retry.delay) for retry in helped.retries] == [("other/m", 0.0)]


async def test_no_wait_beyond_the_time_of_the_step() -> None:
    call = Call(always(429, retry_after="30"))
    await run(call, policy=RetryPolicy(step_time=20))
    assert len(call.asked) == 1


async def test_the_backup_is_asked_within_the_same_number_of_attempts() -> None:
    call = Call(always(503))
    _, told = await run(call, "acme/m", "other/m")
    assert call.asked == ["acme/m", "acme/m", "other/m"]
    assert told is not None
    assert told.code == "ACME_503"
    many = Call(always(503))
    await run(many, "a/m", "b/m", "c/m", "d/m")
    assert many.asked == ["a/m", "b/m", "c/m"]


async def test_a_backup_for_further_classes_by_setting() -> None:
    answer: Answer = lambda model: failure(401) if model == "acme/m" else None  # noqa: E731  it is one
    assert (await run(Call(answer), "acme/m", "other/m"))[1] is not None
    policy = RetryPolicy(backup_on=frozenset({"auth"}))
    assert await run(Call(answer), "acme/m", "other/m", policy=policy) == ("other/m", None)


async def test_who_was_given_up_rests() -> None:
    clock = ManualClock()
    attempts = Attempts(clock)
    models = ("acme/m", "other/m")
    slow = Call(lambda model: failure(429, retry_after="600") if model == "acme/m" else None)
    assert await attempts.run(slow, models) == ("other/m", None)
    after = Call(lambda model: None)
    assert await attempts.run(after, models) == ("other/m", None)
    assert after.asked == ["other/m"]
    await clock.advance(601)
    assert await attempts.run(Call(lambda model: None), models) == ("acme/m", None)


async def test_a_dead_provider_gets_hardly_more_requests_than_a_live_one() -> None:
    clock = ManualClock()
    attempts = Attempts(clock)
    calls = [Call(always(503), seed=str(number)) for number in range(200)]
    tasks = [asyncio.ensure_future(attempts.run(call, ("dead/m",))) for call in calls]
    other = [Call(first(failure(500, "well/m")), seed=str(number)) for number in range(10)]
    tasks += [asyncio.ensure_future(attempts.run(call, ("well/m",))) for call in other]
    await clock.advance(600)
    told = [await task for task in tasks]
    asked = sum(len(call.asked) for call in calls)
    assert asked <= 1.2 * len(calls)
    assert all(found is not None and found.code == "DEAD_503" for _, found in told[:200])
    assert all(found is None for _, found in told[200:])


async def test_a_provider_that_is_well_again_has_its_retries_back() -> None:
    clock = ManualClock()
    attempts = Attempts(clock)

    async def step(answer: Answer) -> Call:
        call = Call(answer)
        task = asyncio.ensure_future(attempts.run(call, ("acme/m",)))
        await clock.advance(30)
        await task
        return call

    for _ in range(20):
        await step(always(503))
    assert len((await step(always(503))).asked) == 1
    for _ in range(100):
        await step(lambda model: None)
    assert len((await step(first(failure(500)))).asked) == 2


async def test_refusals_for_good_reason_do_not_open_a_circuit() -> None:
    attempts = Attempts(ManualClock())
    for _ in range(50):
        await attempts.run(Call(always(400)), ("acme/m",))
    helped = Call(lambda model: None)
    assert await attempts.run(helped, ("acme/m", "other/m")) == ("acme/m", None)


async def test_a_stop_cuts_the_wait() -> None:
    clock = ManualClock()
    call = Call(always(429, retry_after="60"))
    task = asyncio.ensure_future(Attempts(clock).run(call, ("acme/m",)))
    await clock.advance(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(call.asked) == 1


CLASSES = st.sampled_from([200, 200, 400, 401, 429, 500, 503, 504, 529])


@settings(max_examples=50)
@given(st.lists(CLASSES, min_size=9, max_size=9), st.integers(1, 4), st.integers(1, 3))
async def test_whatever_happens_a_step_ends_within_its_attempts(
    statuses: list[int], models: int, most: int
) -> None:
    left = iter(statuses)

    def answer(model: str) -> Failure | None:
        status = next(left)
        return None if status == 200 else failure(status, model)

    call = Call(answer)
    names = [f"p{number}/m" for number in range(models)]
    model, told = await run(call, *names, policy=RetryPolicy(attempts=most))
    assert 1 <= len(call.asked) <= most
    assert model == call.asked[-1]
    assert (told is None) == (statuses[len(call.asked) - 1] == 200)
    permanent: set[ErrorClass | None] = {"invalid_request", "auth"}
    assert len(call.retries) == len(call.asked) - 1
    assert all(retry.failure.error_class not in permanent for retry in call.retries)
