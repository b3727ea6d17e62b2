"""Model calls that fail anywhere, on every wire, with tools and backups; `make soak` runs five thousand of them."""

import asyncio
from collections import Counter

import pytest

from mainspring.model.errors import Failure
from mainspring.model.facts import GenerationSettled
from mainspring.model.generation import Finished, Usage
from mainspring.model.signals import AnswerSignal, FailedSignal
from mainspring.model.stream_events import AttemptSuperseded, ToolRequest
from mainspring.runtime.asking import Asking
from mainspring.runtime.recorder import Recorder
from tests.faults.checking import of
from tests.faults.positions import Run, problems

SEEDS = 300
MORE = 1000
TOGETHER = 20


@pytest.mark.parametrize("first", range(0, SEEDS, TOGETHER))
def test_nothing_is_found(first: int) -> None:
    found = {seed: problems(seed) for seed in range(first, first + TOGETHER)}
    assert not any(found.values()), f"python -m tests.faults: {found}"


@pytest.mark.e2e
@pytest.mark.timeout(180)
def test_nothing_is_found_in_more() -> None:
    found = {seed: problems(seed) for seed in range(SEEDS, SEEDS + MORE)}
    assert not any(found.values()), f"python -m tests.faults: {found}"


def test_the_seeds_meet_what_they_are_for() -> None:
    """Partial answers, tool rounds, backups that take over, failures of each kind: all of them happen."""
    met: Counter[str] = Counter()
    for seed in range(40):
        run = Run(seed)
        events = asyncio.run(run.play())
        met["partial"] += sum(event.message.incomplete for event in of(events, GenerationSettled))
        met["whole"] += sum(not event.message.incomplete for event in of(events, GenerationSettled))
        met["calls"] += len(of(events, ToolRequest))
        met["backup"] += any(attempt.model == run.models[1] for attempt in run.wires.attempts)
        met["hidden"] += run.hidden
        met["taken back"] += len(of(events, AttemptSuperseded))
        met.update((attempt.fault or "none").partition(" ")[0] for attempt in run.wires.attempts)
    kinds = (
        "partial",
        "whole",
        "calls",
        "backup",
        "hidden",
        "taken back",
        "refused",
        "cut",
        "ended",
        "stalled",
        "frame",
        "garbage",
    )
    assert all(met[kind] >= 3 for kind in kinds), met


@pytest.mark.parametrize("planted", ["again after it was shown", "glued", "half a call kept", "left open"])
def test_a_planted_bug_is_found(planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks bite: each way of getting it wrong is noticed within some seeds."""
    if planted == "again after it was shown":
        monkeypatch.setattr(Asking, "shown", False)
    elif planted == "glued":
        monkeypatch.setattr(Recorder, "restart", lambda self: None)
    elif planted == "half a call kept":
        monkeypatch.setattr(Asking, "outcome", _as_if_whole)
    else:
        monkeypatch.setattr(Recorder, "close", lambda self, cut=False: None)
    assert any(_found(seed) for seed in range(60))


def _found(seed: int) -> bool:
    try:
        return bool(problems(seed))
    except Exception:  # noqa: BLE001 - a run that breaks has found it too
        return True


_outcome = Asking.outcome


def _as_if_whole(self: Asking, failure: Failure | None, *, at: float) -> AnswerSignal | FailedSignal:
    """Takes what had come for the whole answer."""
    recorder: Recorder = self._recorder
    if failure is not None and recorder.shown:
        recorder.finished = Finished("tool-calls", Usage(), None, None, None)
        failure = None
    return _outcome(self, failure, at=at)
