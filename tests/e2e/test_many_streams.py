"""Owns the proof that a killed server is not noticed by hundreds of readers: 200 idle sessions, 200 that stream."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.desk import finals
from tests.e2e.house import House, house_of
from tests.e2e.http_client import Client, Stream
from tests.e2e.model_server import Asked, Reply, Rest, Say
from tests.postgres.server import PostgresServer

IDLE = 200
STREAMING = 200
PIECES = 50
PAUSE = 0.2


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[House]:
    """Two servers on one database."""
    with house_of("postgres-take-over", tmp_path_factory.mktemp("many"), postgres_server) as house:
        house.models.rule(house.model, answer)
        yield house


def answer(asked: Asked) -> Reply:
    """Some seconds of text; at once, if that is asked for."""
    if asked.messages[-1]["content"] == "Quick":
        return [Say(("Done.",))]
    return [step for number in range(PIECES) for step in (Say((f"piece {number} ",)), Rest(PAUSE))]


class Reader(threading.Thread):
    """One connection, never cut, to the first end."""

    def __init__(self, client: Client, session: str) -> None:
        super().__init__(daemon=True)
        self.session = session
        self.stream: Stream = client.follow(session)
        self.times: list[float] = []
        self.start()

    def run(self) -> None:
        """Reads, and notes when."""
        for event in self.stream:
            self.times.append(time.monotonic())
            if event.type in {"finish", "error"}:
                self.stream.close()

    @property
    def seen(self) -> list[dict[str, Any]]:
        """What came."""
        return [{"cursor": event.cursor} | event.data for event in self.stream.seen]


@pytest.mark.timeout(240)
def test_nobody_notices_that_a_server_is_killed(house: House) -> None:
    with ThreadPoolExecutor(8) as pool:
        idle = list(pool.map(lambda _: house.session(), range(IDLE)))
        sessions = list(pool.map(lambda _: house.session(), range(STREAMING)))
        survivor = house.clients[-1]
        waiting = list(pool.map(lambda session: Reader(survivor, session), idle))
        readers = list(pool.map(lambda session: Reader(survivor, session), sessions))
        # Every other turn at the server that will die; its answers stay open, for who leaves stops a turn.
        legs = list(pool.map(lambda n: house.clients[n % 2].trigger(sessions[n]), range(STREAMING)))
        time.sleep(1)
        killed = time.monotonic()
        house.servers[0].kill()
        for reader in readers:
            reader.join(120)
            assert not reader.is_alive(), reader.session
        pauses = [min((t for t in reader.times if t > killed), default=0.0) - killed for reader in readers]
        cut = sum(any(event["type"] == "attempt-superseded" for event in reader.seen) for reader in readers)
        house.servers[0].start()
        wholes = list(pool.map(lambda session: finals(house, session), sessions))
        for number in range(0, IDLE, 20):
            house.client.trigger(idle[number], "Quick").rest()
            waiting[number].join(20)
            assert [event["delta"] for event in waiting[number].seen if event["type"] == "text-delta"] == [
                "Done."
            ]
    assert [reader.seen for reader in readers] == wholes
    for reader in readers:
        cursors = [event.cursor or 0 for event in reader.stream.seen]
        assert cursors == sorted(set(cursors))
        assert reader.seen[-1]["finishReason"] == "stop"
    assert cut >= STREAMING // 4
    print(f"{IDLE} idle, {STREAMING} streaming, {cut} taken over; longest pause {max(pauses):.2f} s")  # noqa: T201  # with -s
    for leg in legs:
        leg.close()
