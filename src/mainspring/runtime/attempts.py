"""Owns trying again: how often a step asks a model, how long it waits between, and when another model is asked.

Wires never try again by themselves, so this is the only place where a request is made twice. Once anything of an
answer was shown there is no second attempt: two answers are never glued together.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final, Protocol

from msgspec.structs import replace

from mainspring.model.errors import ErrorClass, Failure
from mainspring.model.values import Value
from mainspring.runtime.ports import Clock
from mainspring.runtime.provider_health import ProviderHealth

FIRST_WAIT: Final = 0.5
LONGEST_BACKOFF: Final = 8.0
_SPREAD: Final = 0.1
"""How much longer than asked we wait at most, so that all who wait do not come back at once."""


class RetryPolicy(Value, frozen=True, kw_only=True):
    """`attempts`: of a step in all. `longest_wait`, `step_time`: seconds, of one wait and of the whole step.

    `backup_on`: classes for which a backup is asked though it is not by default (`auth`, `quota_exceeded` ...).
    """

    attempts: int = 3
    longest_wait: float = 120.0
    step_time: float = 1800.0
    backup_on: frozenset[str] = frozenset()


class Retry(Value, frozen=True, kw_only=True):
    """What comes next: attempt number `attempt` by `model`, after `delay` seconds, because of `failure`."""

    attempt: int
    model: str
    delay: float
    failure: Failure


class Step(Protocol):
    """A model call that can be made again."""

    @property
    def seed(self) -> str:
        """Random text of the step: its jitter follows from it, so a test knows the jitter."""
        ...

    @property
    def shown(self) -> bool:
        """Whether anybody saw something of the answer."""
        ...

    @property
    def restarts(self) -> bool:
        """Whether an answer of which something was shown may be taken back, and the step performed anew."""
        ...

    @property
    def made(self) -> int:
        """How often the step was made before this run of it."""
        ...

    async def ask(self, model: str, /) -> Failure | None:
        """Makes one attempt, from the beginning; None: it has an answer. Raises `CancelledError` alone."""
        ...

    def waits(self, retry: Retry, /) -> None:
        """Tells whoever looks on."""
        ...


class Attempts:
    """Performs steps; shared by all sessions of a process."""

    def __init__(self, clock: Clock, policy: RetryPolicy | None = None) -> None:
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._health = ProviderHealth(clock)

    async def run(self, step: Step, models: Sequence[str]) -> tuple[str, Failure | None]:
        """Asks the first model, and the others if it fails; the model that was asked last, and the failure if all did.

        The failure is the first one, unless a later one was in the middle of what was shown. A step that may be begun
        anew is over for this run once it has waited: the model is then the one to ask next.
        """
        course = _Course(step, self._in_order(models), until=self._clock.monotonic() + self._policy.step_time)
        while True:
            model = course.model
            if course.tries == 0:
                self._health.called(model)
            failure = await step.ask(model)
            course.attempts += 1
            course.tries += 1
            if failure is None:
                self._health.succeeded(model)
                return model, None
            course.failures.append(failure)
            self._health.failed(model, failure)
            retry = self._next(course, failure) if step.restarts or not step.shown else None
            if retry is None:
                return model, failure if step.shown else course.told()
            step.waits(retry)
            if retry.delay > 0:
                await self._clock.sleep(retry.delay)
            if step.shown:
                return retry.model, failure

    def _in_order(self, models: Sequence[str]) -> list[str]:
        """Who rests comes after who does not, the first one too."""
        return sorted(dict.fromkeys(models), key=self._health.rests)

    def _next(self, course: _Course, failure: Failure) -> Retry | None:
        """The next attempt, by the same model or by a backup; None: there is none."""
        left = self._policy.attempts - course.attempts
        if left <= 0:
            return None
        backups = self._backups(course, failure)
        delay = self._delay(course, failure) if left > len(backups) else None
        if delay is not None and self._health.may_retry(course.model, failure):
            return self._retry(course, failure, delay)
        if not backups:
            return None
        self._health.given_up(course.model, failure)
        course.move_to(backups[0])
        return self._retry(course, failure, 0.0)

    @staticmethod
    def _retry(course: _Course, failure: Failure, delay: float) -> Retry:
        return Retry(attempt=course.attempts + 1, model=course.model, delay=round(delay, 3), failure=failure)

    def _backups(self, course: _Course, failure: Failure) -> list[str]:
        """Who may still be asked instead; nobody if the failure would be the same everywhere."""
        allowed = failure.fallback or failure.error_class in self._policy.backup_on
        return course.rest if allowed else []

    def _delay(self, course: _Course, failure: Failure) -> float | None:
        """How long to wait before the same model is asked again; None: it is not worth it, or there is no time."""
        if not failure.inline_retry:
            return None
        chance = zlib.crc32(f"{course.step.seed} {course.attempts}".encode()) / 2**32
        if failure.retry_after is None:
            delay = chance * min(LONGEST_BACKOFF, FIRST_WAIT * 2**course.tries)
        else:
            delay = failure.retry_after * (1 + chance * _SPREAD)
            if failure.retry_after > self._policy.longest_wait:
                return None
        return delay if self._clock.monotonic() + delay < course.until else None


class _Course:
    """How far one step has come."""

    def __init__(self, step: Step, models: list[str], *, until: float) -> None:
        self.step = step
        self.model = models[0]
        self.rest = models[1:]
        self.until = until
        self.attempts = step.made
        self.tries = 0
        self.failures: list[Failure] = []

    def move_to(self, model: str) -> None:
        """Another model is asked from now on."""
        self.rest = self.rest[self.rest.index(model) + 1 :]
        self.model = model
        self.tries = 0

    def told(self) -> Failure:
        """The first failure; what came after it is among the details."""
        first, others = self.failures[0], self.failures[1:]
        if not others:
            return first
        listed = "; ".join(f"{_who(other)}: {_class(other)} ({other.code})" for other in others)
        details = f"{first.details or first.message} | then {listed}"
        return replace(first, details=details.encode()[:2048].decode("utf-8", "ignore"))


def _who(failure: Failure) -> str:
    provider = failure.provider
    return "a model" if provider is None else f"{provider.name}/{provider.model or '?'}"


def _class(failure: Failure) -> ErrorClass:
    return failure.error_class or "unknown"
