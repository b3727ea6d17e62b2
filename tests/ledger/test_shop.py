"""Owns the proof that what agents do through connected workers is done, and done once: with and without kills."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.model_server import ModelServer
from tests.e2e.server_process import ServerProcess
from tests.ledger.play import Stage, killing
from tests.ledger.shop_play import ShopDomain

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def models() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server
        assert server.wrong() == []


def test_tasks_are_done_exactly_as_if_they_were_done_directly(tmp_path: Path, models: ModelServer) -> None:
    domain = ShopDomain(tmp_path, count=110)
    stage = Stage(domain, models, [ServerProcess(tmp_path, models.base_url)])
    try:
        played = stage.play()
    finally:
        stage.end()
    domain.check(played)
    assert played.asked_people > 0


def test_with_server_and_workers_killed_at_random_it_is_the_same(tmp_path: Path, models: ModelServer) -> None:
    domain = ShopDomain(tmp_path, count=24)
    stage = Stage(domain, models, [ServerProcess(tmp_path, models.base_url)], linger=0.3)
    try:
        played = stage.play(killing(seed=5, between=(12, 24)))
    finally:
        stage.end()
    domain.check(played)
    assert played.server_kills
    assert played.worker_kills
    starts, calls = domain.runs()
    assert starts > calls  # some were begun again
