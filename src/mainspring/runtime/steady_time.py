"""Owns the time by which things end of themselves: wall time, but a clock that is set forward is believed slowly.

Sessions expire and waiting executions are taken up by wall time, which an operator, a hypervisor or a faulty time
server may set hours forward: then everything would end at once. So this time gains on a clock that jumped by at most
one second a second: a jump of two hours is believed after two hours, and sessions end spread over them, or not at all
if the clock is set right again. A clock that is set back is followed at once: then things end later. A process that has
just started knows no better than its clock.
"""

from __future__ import annotations

import logging

from mainspring.runtime.ports import Clock

log = logging.getLogger("mainspring.time")
GAIN = 2.0
NOTABLE = 60.0
"""Seconds of a jump that operators are told of."""


class SteadyTime:
    """The steady time of a process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.now()
        self._seen = clock.monotonic()
        self._told = False

    def now(self) -> float:
        """Unix seconds, never after the wall clock."""
        wall, seen = self._clock.now(), self._clock.monotonic()
        reached = self._at + GAIN * (seen - self._seen)
        self._at, self._seen = min(wall, reached), seen
        ahead = wall - self._at
        if ahead > NOTABLE and not self._told:
            log.warning(
                "the clock was set %.0f s forward: sessions expire by it only after as long again", ahead
            )
        self._told = ahead > NOTABLE
        return self._at
