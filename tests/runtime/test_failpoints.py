"""Proves the fail-points: each name stands in one place, what is armed happens when it is time, nothing else does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import mainspring
from mainspring.model.errors import InvalidRequest, StoreError
from mainspring.providers.script import Pause, Say
from mainspring.runtime.failpoints import ARMED, NAMES, FailPoint, arm, arm_with, disarm, parse_points, reach
from mainspring.settings import InvalidSetting, fail_points
from tests.runtime.desk import Desk

ROOT = Path(mainspring.__file__).parent


@pytest.fixture(autouse=True)
def harmless() -> Iterator[None]:
    """Nothing stays armed."""
    yield
    disarm()


def is_through(desk: Desk) -> bool:
    """Whether the session was taken up again and its turn is over."""
    host = desk.app.hosts.live(desk.session_id)
    return host is not None and not host.failed and host.state.execution is None


@pytest.mark.parametrize("name", NAMES)
def test_each_name_stands_in_one_place_behind_the_test_that_costs_nothing(name: str) -> None:
    lines = [
        (before, path.parent)
        for path in ROOT.rglob("*.py")
        if path.name != "failpoints.py"
        for text in [path.read_text().splitlines()]
        for before, line in pairwise(text)
        if f'reach("{name}")' in line
    ]
    assert {before.strip() for before, _ in lines} == {"if ARMED:"}
    # Every store has the places that only a store can have.
    stores = [ROOT / "storage" / name for name in ("sqlite", "postgres")]
    assert len(lines) == 1 or sorted(where for _, where in lines) == sorted(stores)


def test_an_armed_place_acts_when_it_is_time_and_no_other_does() -> None:
    hits: list[str] = []
    arm_with("append.before", lambda: hits.append("early"), first=2, last=3)
    arm_with("append.after", lambda: hits.append("late"), first=3, last=0)
    for _ in range(5):
        reach("append.before")
        reach("append.after")
        reach("decide.after")
    assert hits == ["early", "early", "late", "late", "late"]
    disarm()
    reach("append.before")
    assert not ARMED


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"fail-points: decide\.before"):
        arm_with("nowhere", lambda: None)


def test_the_text_of_the_environment() -> None:
    assert parse_points("") == ()
    assert parse_points("append.before=kill:3, commit.after=delay:2-9:0.5,decide.after=error:4-,") == (
        FailPoint(name="append.before", action="kill", first=3, last=3),
        FailPoint(name="commit.after", action="delay", first=2, last=9, seconds=0.5),
        FailPoint(name="decide.after", action="error", first=4, last=0),
    )
    assert parse_points("perform.chunk=pause") == (FailPoint(name="perform.chunk", action="pause"),)


@pytest.mark.parametrize(
    "text",
    [
        "append.before",
        "nowhere=kill",
        "append.before=burn",
        "append.before=kill:x",
        "append.before=delay:1:x",
    ],
)
def test_a_wrong_text_is_told_with_what_is_allowed(text: str) -> None:
    with pytest.raises(
        InvalidSetting, match=r"MAINSPRING_FAILPOINTS.*an action of kill, error, delay, pause"
    ):
        fail_points({"MAINSPRING_FAILPOINTS": text})


def test_nothing_is_armed_by_a_silent_environment() -> None:
    assert fail_points({}) == ()


def test_an_error_is_one_of_the_store() -> None:
    arm([FailPoint(name="commit.before", action="error"), FailPoint(name="commit.after", action="delay")])
    with pytest.raises(StoreError, match=r"commit\.before"):
        reach("commit.before")
    reach("commit.before")


def test_a_delay_holds() -> None:
    arm([FailPoint(name="decide.before", action="delay", seconds=0.0)])
    reach("decide.before")


@pytest.mark.parametrize(("action", "status"), [("kill", -signal.SIGKILL), ("pause", 0)])
def test_kill_and_pause_are_real(action: str, status: int) -> None:
    code = (
        "import sys; from mainspring.runtime.failpoints import arm, parse_points, reach;"
        "arm(parse_points(sys.argv[1])); reach('take-up.after')"
    )
    command = [sys.executable, "-c", code, f"take-up.after={action}"]
    with subprocess.Popen(command) as process:
        if action == "pause":
            _, stopped = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(stopped)
            process.send_signal(signal.SIGCONT)
        assert process.wait(20) == status


async def test_a_turn_passes_every_place_but_those_after_a_crash() -> None:
    passed: set[str] = set()
    for name in NAMES:
        arm_with(name, lambda name=name: passed.add(name), last=0)
    async with Desk() as desk:
        await desk.turn()
    assert set(NAMES) - passed == {"take-up.before", "take-up.after"}


@pytest.mark.parametrize("name", ["commit.before", "commit.after"])
async def test_a_commit_that_fails_or_whose_answer_is_lost_does_no_harm(name: str) -> None:
    async with Desk(lambda request: [Pause(500), Say("Hello there.")]) as desk:
        await desk.trigger()
        await desk.until_silent()
        arm([FailPoint(name=name, action="error", first=1, last=2)])
        await desk.clock.advance(0.5)
        while desk.app.hosts.live(desk.session_id) is not None:
            await desk.clock.advance(0)
        while not is_through(desk):
            await desk.clock.advance(0.5)
        host = desk.host
        assert [message.text for message in host.state.scopes["main"].threads["main"].messages][1:] == [
            "Hello there."
        ]
