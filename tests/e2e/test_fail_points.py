"""Owns the proof at every fail-point: the process kills itself there, another opens the file, and the turn goes on."""

import http.client
import signal
import threading
import time

import pytest

from mainspring.runtime.failpoints import NAMES
from tests.e2e.desk import Desk, finals
from tests.e2e.test_crash_sweep import Caller, answer, check_as_if_nothing_happened

VARIABLE = "MAINSPRING_FAILPOINTS"
KEY = "the-one-turn"
AFTER_A_CRASH = ("take-up.before", "take-up.after")
OFTEN = ("append.before", "append.after", "commit.before", "commit.after", "publish.before", "publish.after")
CASES = [
    *((name, when) for name in NAMES if name not in AFTER_A_CRASH for when in (1, 2)),
    *((name, 4) for name in (*OFTEN, "perform.chunk")),
    ("decide.before", 3),
    ("decide.after", 3),
]


def arm(desk: Desk, points: str) -> None:
    """The server starts anew, to fail at these points; clean, if there are none."""
    environment = desk.server.environment
    environment.pop(VARIABLE, None)
    if points:
        environment[VARIABLE] = points
    desk.server.start()


def dies(desk: Desk) -> None:
    """Returns when the server has killed itself."""
    assert desk.server.process is not None
    assert desk.server.process.wait(20) == -signal.SIGKILL
    desk.server.kill()


class Turn:
    """A turn under a client that never gives up, and one more that only looks on."""

    def __init__(self, desk: Desk, session: str) -> None:
        self.desk = desk
        self.session = session
        self.caller = Caller(desk, session)
        self.asking = threading.Thread(target=self.ask, daemon=True)
        self.working = threading.Thread(target=self.caller.work, daemon=True)

    def begin(self) -> None:
        """Asks, and follows what comes of it."""
        self.working.start()
        self.asking.start()

    def ask(self) -> None:
        """Triggers until that is accepted: the same key each time, so there is one turn."""
        while True:
            try:
                self.desk.client.trigger(self.session, idempotencyKey=KEY).rest()
            except (OSError, http.client.HTTPException, AssertionError):
                time.sleep(0.02)
            else:
                return

    def check(self) -> None:
        """As if nothing had happened, for both readers."""
        self.working.join(45)
        self.asking.join(10)
        assert self.caller.done
        check_as_if_nothing_happened(self.caller)
        seen = [{"cursor": cursor} | data for cursor, data in self.caller.seen]
        assert seen == finals(self.desk, self.session)


@pytest.mark.parametrize(("name", "when"), CASES)
def test_killed_at_a_fail_point(desk: Desk, name: str, when: int) -> None:
    desk.models.rule(desk.model, answer)
    turn = Turn(desk, desk.session())
    desk.server.stop()
    arm(desk, f"{name}=kill:{when}")
    turn.begin()
    dies(desk)
    arm(desk, "")
    turn.check()


@pytest.mark.parametrize("name", AFTER_A_CRASH)
def test_killed_again_when_the_turn_is_taken_up(desk: Desk, name: str) -> None:
    desk.models.rule(desk.model, answer)
    turn = Turn(desk, desk.session())
    desk.server.stop()
    arm(desk, "perform.chunk=kill:2")
    turn.begin()
    dies(desk)
    desk.server.environment[VARIABLE] = f"{name}=kill"
    second = desk.server.process = desk.server.spawn()
    assert second.wait(20) == -signal.SIGKILL
    desk.server.kill()
    arm(desk, "")
    turn.check()


def test_a_disk_that_takes_its_time_changes_nothing(desk: Desk) -> None:
    desk.models.rule(desk.model, answer)
    turn = Turn(desk, desk.session())
    desk.server.stop()
    arm(desk, "commit.before=delay:2-4:0.3")
    turn.begin()
    turn.check()
