"""Owns the fail-points: named places between decide, append, perform and publish where a test makes a host fail.

Nothing is armed in a server that serves people. A place costs one test of an empty dictionary:

```python
if ARMED:
    reach("append.before")
```
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterable
from typing import Literal

from mainspring.model.errors import InvalidRequest, StoreError
from mainspring.model.values import Value

ActionName = Literal["kill", "error", "delay", "pause"]
ACTIONS: tuple[ActionName, ...] = ("kill", "error", "delay", "pause")
DELAY = 0.05

NAMES = (
    "decide.before",  # a signal arrived
    "decide.after",  # its events are known, nothing of them is recorded
    "append.before",  # rows have their cursors
    "append.after",  # and are queued at the store
    "commit.before",  # the store has written a group and has not committed it (on its writer's thread)
    "commit.after",  # the group is on disk, and nobody knows
    "publish.before",  # the host knows
    "publish.after",  # its readers know
    "perform.before",  # a model call is due
    "perform.asked",  # its request was made
    "perform.chunk",  # something of the answer arrived, nothing of it is recorded
    "perform.answered",  # the answer is whole, and not settled
    "take-up.before",  # an execution was found open
    "take-up.after",  # and is recorded as taken up
)
"""Every place."""


class FailPoint(Value, frozen=True, kw_only=True):
    """What happens from the `first` to the `last` time (0: for ever) that a place is reached; `seconds`: of a delay."""

    name: str
    action: ActionName
    first: int = 1
    last: int = 1
    seconds: float = DELAY


class _Armed:
    """One armed place and how often it was reached."""

    __slots__ = ("act", "first", "last", "reached")

    def __init__(self, act: Callable[[], None], first: int, last: int) -> None:
        self.act = act
        self.first = first
        self.last = last
        self.reached = 0


ARMED: dict[str, _Armed] = {}
"""The armed places of this process; empty in every server that serves people."""


def reach(name: str) -> None:
    """A place was reached: does what is armed there, if it is time."""
    armed = ARMED.get(name)
    if armed is None:
        return
    armed.reached += 1
    if armed.first <= armed.reached and (not armed.last or armed.reached <= armed.last):
        armed.act()


def arm(points: Iterable[FailPoint]) -> None:
    """Arms places of this process, each anew."""
    for point in points:
        arm_with(point.name, _action(point), first=point.first, last=point.last)


def arm_with(name: str, act: Callable[[], None], *, first: int = 1, last: int = 1) -> None:
    """Arms one place with an action of the test's own; `last` 0: every time from the first on."""
    if name not in NAMES:
        raise InvalidRequest(f"there is no fail-point {name!r}; fail-points: {', '.join(NAMES)}")
    ARMED[name] = _Armed(act, first, last)


def disarm() -> None:
    """Makes every place harmless again."""
    ARMED.clear()


def _action(point: FailPoint) -> Callable[[], None]:
    if point.action == "error":
        return lambda: _fail(point.name)
    if point.action == "delay":
        return lambda: _hold(point.seconds)
    return _die if point.action == "kill" else _freeze


def _fail(name: str) -> None:
    raise StoreError(f"The fail-point {name} is armed.")


def _hold(seconds: float) -> None:
    """Holds this thread: an event loop that stands still, or a disk that takes its time."""
    threading.Event().wait(seconds)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _freeze() -> None:
    """The whole process stands still until it gets SIGCONT: a host that wakes up late."""
    os.kill(os.getpid(), signal.SIGSTOP)


def parse_points(text: str) -> tuple[FailPoint, ...]:
    """`append.before=kill:3,commit.after=delay:2-9:0.5`: name, action, when (`3`, `2-9`, `2-`), seconds of a delay.

    Raises `ValueError` that says what is allowed.
    """
    return tuple(_parsed(item.strip()) for item in text.split(",") if item.strip())


def _parsed(item: str) -> FailPoint:
    name, _, rest = item.partition("=")
    action, _, times = rest.partition(":")
    when, _, seconds = times.partition(":")
    found: ActionName | None = next((known for known in ACTIONS if known == action), None)
    matched = re.fullmatch(r"(\d*)(-(\d*))?", when)
    held = re.fullmatch(r"|\d+(\.\d+)?", seconds)
    if name not in NAMES or found is None or matched is None or held is None:
        raise ValueError(
            "a list of NAME=ACTION[:WHEN[:SECONDS]], with a name of "
            f"{', '.join(NAMES)} and an action of {', '.join(ACTIONS)}"
        )
    first = int(matched[1] or 1)
    last = int(matched[3] or 0) if matched[2] else first
    return FailPoint(
        name=name, action=found, first=first, last=last, seconds=float(seconds) if seconds else DELAY
    )
