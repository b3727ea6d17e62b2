"""Owns the proof at every fail-point: the process kills itself there, and the turn goes on, whoever drives the store.

Three houses: a SQLite file whose server is started again, a PostgreSQL database whose server is started again, and one
where a second server, which has served all along, takes over.
"""

import signal
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest

from mainspring.runtime.failpoints import NAMES
from tests.e2e.desk import finals, text_of
from tests.e2e.house import KINDS, House, Kind, house_of
from tests.e2e.http_client import BROKEN, Client
from tests.e2e.model_server import Asked, Reply
from tests.e2e.test_crash_sweep import ANSWER, ROUND, Caller

if TYPE_CHECKING:
    from tests.postgres.server import PostgresServer

AFTER_A_CRASH = ("take-up.before", "take-up.after")
OFTEN = ("append.before", "append.after", "commit.before", "commit.after", "publish.before", "publish.after")
CASES = [
    *((name, when) for name in NAMES if name not in AFTER_A_CRASH for when in (1, 2)),
    *((name, 4) for name in OFTEN),
    ("decide.before", 3),
    ("decide.after", 3),
]


@pytest.fixture(scope="module", params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of each kind, for all cases of it."""
    kind = cast(Kind, request.param)
    server: PostgresServer | None = None
    if kind != "sqlite-restart":
        server = request.getfixturevalue("postgres_server")
    with house_of(kind, tmp_path_factory.mktemp(kind), server) as house:
        house.models.rule(house.model, answer)
        yield house


def answer(asked: Asked) -> Reply:
    """Tools first; an answer once their results are there."""
    return ANSWER if asked.messages[-1]["role"] == "tool" else ROUND


class Turn:
    """A turn under a client that never gives up, and one more reader, of a server that is not the one to die.

    `survivor` False: there is no such server.
    """

    def __init__(self, house: House, *, survivor: bool = True) -> None:
        house.mend()
        self.house = house
        self.session = house.session()
        self.caller = Caller(house, self.session)
        self.uncut: list[dict[str, Any]] = []
        self.threads = [threading.Thread(target=self.ask, daemon=True)]
        self.threads.append(threading.Thread(target=self.caller.work, daemon=True))
        self.looked_on = survivor and len(house.servers) > 1
        if self.looked_on:
            self.threads.append(threading.Thread(target=self.look_on, args=[house.clients[-1]], daemon=True))

    def begin(self) -> None:
        """Asks, and follows what comes of it."""
        for thread in self.threads:
            thread.start()

    def ask(self) -> None:
        """Triggers until that is accepted: the same key each time, so there is one turn."""
        while True:
            try:
                self.house.client.trigger(self.session, idempotencyKey=f"the-one-of-{self.session}").rest()
            except BROKEN:
                time.sleep(0.02)
            else:
                return

    def look_on(self, client: Client) -> None:
        """Follows the session at one server, in one connection."""
        stream = client.follow(self.session)
        stream.until(lambda event: event.type == "error" or event.data.get("finishReason") == "stop")
        stream.close()
        self.uncut = [{"cursor": event.cursor} | event.data for event in stream.seen]

    def check(self) -> None:
        """As if nothing had happened, for every reader; every tool ran once."""
        for thread in self.threads:
            thread.join(45)
        assert self.caller.done
        whole = finals(self.house, self.session)
        assert [{"cursor": cursor} | data for cursor, data in self.caller.seen] == whole
        cursors = [event["cursor"] for event in whole]
        assert cursors == sorted(set(cursors))
        if self.looked_on:
            assert self.uncut == whole
        self.check_calls(self.house.client.messages(self.session))

    def check_calls(self, messages: list[dict[str, Any]]) -> None:
        """One question, one answer, one run of each tool."""
        assert text_of(messages, "user") == ["Hello"]
        assert text_of(messages, "assistant") == ["Let me look.It is a fine day."]
        calls = [part for part in messages[1]["parts"] if part["type"] == "tool-call"]
        assert [part["status"] for part in calls] == ["done", "done"]
        weather, clock = (part["toolCallId"] for part in calls)
        assert self.caller.ran == [clock]
        assert self.house.noted("effects", weather) == 1
        # Begun twice only if it was killed before its result was on disk; the second time under the same id.
        assert self.house.noted("began", weather) in {1, 2}


@pytest.mark.timeout(90)
@pytest.mark.parametrize(("name", "when"), CASES)
def test_killed_at_a_fail_point(house: House, name: str, when: int) -> None:
    turn = Turn(house)
    house.servers[0].arm(f"{name}=kill:{when}")
    turn.begin()
    house.dies()
    house.turn_around()
    turn.check()


@pytest.mark.timeout(90)
@pytest.mark.parametrize("name", AFTER_A_CRASH)
def test_killed_again_when_the_turn_is_taken_up(house: House, name: str) -> None:
    turn = Turn(house, survivor=False)
    house.servers[0].arm("perform.chunk=kill:2")
    second = house.servers[-1]
    if second is not house.servers[0]:
        second.arm(f"{name}=kill")
    turn.begin()
    house.dies()
    if second is house.servers[0]:
        second.environment["MAINSPRING_FAILPOINTS"] = f"{name}=kill"
        second.process = second.spawn()
        house.dies()
        del second.environment["MAINSPRING_FAILPOINTS"]
    else:  # before the first is there again, or that one might take the turn up
        assert second.process is not None
        assert second.process.wait(20) == -signal.SIGKILL
        house.turn_around()
        house.dies()
    house.turn_around()
    turn.check()


def test_a_disk_that_takes_its_time_changes_nothing(house: House) -> None:
    turn = Turn(house)
    house.servers[0].arm("commit.before=delay:2-4:0.3")
    turn.begin()
    turn.check()
