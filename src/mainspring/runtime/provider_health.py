"""Owns what a process knows of its providers' health: how many retries they may still cost, and who rests.

Nothing here refuses the first attempt of a call: a provider that is down gets the usual rate of requests, not more.
"""

from __future__ import annotations

from typing import Final

import msgspec

from mainspring.model.errors import ErrorClass, Failure
from mainspring.runtime.ports import Clock

BURST: Final = 15.0
"""Retries in hand at the beginning."""

A_CALL: Final = 0.1
"""Retries that a first attempt earns, and a success once more: in the long run at most a fifth of the requests."""

_COSTS: Final[dict[ErrorClass, float]] = {"rate_limit": 0.5}
OPEN_AFTER: Final = 20
"""Failures in a row after which a provider's circuit opens: it gets no retries, and backups are asked first."""

REST: Final = 30.0
"""Seconds that a target rests after it was given up, unless it said how long."""

_ILL: Final[frozenset[ErrorClass]] = frozenset({"overloaded", "server_error", "timeout", "network"})


class _Provider(msgspec.Struct):
    """What is known of one provider. A process has one key for each, so this is of the key too."""

    tokens: float = BURST
    failures: int = 0
    open_until: float = 0.0


class ProviderHealth:
    """Budgets, circuits and rests of one process, on monotonic time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._providers: dict[str, _Provider] = {}
        self._resting: dict[str, float] = {}

    def _of(self, model: str) -> _Provider:
        name = model.partition("/")[0]
        found = self._providers.get(name)
        if found is None:
            found = self._providers[name] = _Provider()
        return found

    def called(self, model: str) -> None:
        """A step asks a model for the first time."""
        self._earn(self._of(model))

    def succeeded(self, model: str) -> None:
        """A model answered."""
        provider = self._of(model)
        provider.failures = 0
        provider.open_until = 0.0
        self._earn(provider)
        self._resting.pop(model, None)

    @staticmethod
    def _earn(provider: _Provider) -> None:
        provider.tokens = min(BURST, provider.tokens + A_CALL)

    def failed(self, model: str, failure: Failure) -> None:
        """A model did not answer; what the provider refused for good reason says that it is well."""
        provider = self._of(model)
        if failure.error_class not in _ILL:
            provider.failures = 0
            return
        provider.failures += 1
        if provider.failures >= OPEN_AFTER:
            provider.open_until = self._clock.monotonic() + REST

    def given_up(self, model: str, failure: Failure) -> None:
        """Another model is asked instead: this one rests."""
        rest = REST if failure.retry_after is None else failure.retry_after
        self._resting[model] = self._clock.monotonic() + rest

    def may_retry(self, model: str, failure: Failure) -> bool:
        """Whether the budget has room for one more attempt; takes it."""
        provider = self._of(model)
        cost = _COSTS.get(failure.error_class or "unknown", 1.0)
        if provider.tokens < cost or self._clock.monotonic() < provider.open_until:
            return False
        provider.tokens -= cost
        return True

    def rests(self, model: str) -> bool:
        """Whether a backup should be asked first."""
        now = self._clock.monotonic()
        return now < self._resting.get(model, 0.0) or now < self._of(model).open_until
