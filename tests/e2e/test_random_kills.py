"""Owns the proof that nobody can tell how often servers were killed, and how soon another one takes over."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import pytest

from tests.e2e.house import House, Kind, house_of
from tests.e2e.model_server import Gate, said
from tests.e2e.random_kills import rage

if TYPE_CHECKING:
    from tests.postgres.server import PostgresServer

KILLS = 12
READERS = 20


@pytest.fixture(params=["sqlite-restart", "postgres-take-over"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that is killed."""
    kind = cast(Kind, request.param)
    server: PostgresServer | None = None
    if kind != "sqlite-restart":
        server = request.getfixturevalue("postgres_server")
    with house_of(kind, tmp_path_factory.mktemp(kind), server) as house:
        yield house


@pytest.mark.timeout(180)
def test_nothing_is_lost(house: House) -> None:
    storm = rage(house, kills=KILLS, readers=READERS, seed=1)
    print(storm)  # noqa: T201  # what was measured, with -s
    assert storm.turns >= KILLS
    assert storm.given_up <= 1


@pytest.mark.parametrize("house", ["postgres-take-over"], indirect=True)
def test_another_server_takes_over_at_once(house: House) -> None:
    times: list[float] = []
    for _ in range(3):
        gate = Gate()
        house.script([*said("It "), gate], said("It is noon."))
        session = house.session()
        reader = house.clients[-1].follow(session)
        stream = house.clients[0].trigger(session)
        gate.wait()
        reader.until(lambda event: event.type == "text-delta")
        house.servers[0].kill()
        began = time.monotonic()
        reader.until(lambda event: event.type == "attempt-superseded")
        times.append(time.monotonic() - began)
        gate.opened.set()
        stream.close()
        reader.until(lambda event: event.type == "finish")
        reader.close()
        house.turn_around()
    print("taken over after", *(f"{seconds:.2f} s" for seconds in times))  # noqa: T201  # what was measured, with -s
    assert max(times) < 3
