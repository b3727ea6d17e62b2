"""Owns the proof that connected workers lose no call and double no effect; `make soak` gives it at length."""

import pytest

from tests.toolboxes.soak import judged

CALLS = 200


@pytest.mark.parametrize("seed", range(3))
def test_every_call_has_an_outcome_and_every_key_one_effect(seed: int) -> None:
    day = judged(seed, CALLS)
    assert {"death", "lost pull", "lost post", "double post", "lost reply"} <= day.faults.keys()
