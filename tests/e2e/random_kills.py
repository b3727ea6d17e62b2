"""Owns storms: conversations with tools under servers that are killed at random, with readers that are cut at random.

    python -m tests.e2e.random_kills --kills 1000

has one on each store and says what came of it; `make soak` does that.
"""

import argparse
import hashlib
import json
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.desk import calls_of
from tests.e2e.house import House, Kind, house_of
from tests.e2e.http_client import BROKEN, Event, Stream
from tests.e2e.model_server import Asked, Reply
from tests.e2e.test_crash_sweep import ANSWER, ROUND
from tests.postgres.server import begun

CONVERSATIONS = 4
LONGEST = 0.6
"""Seconds between the moment all servers live and the next kill, at most."""


def answer(asked: Asked) -> Reply:
    """Tools first; an answer once their results are there."""
    return ANSWER if asked.messages[-1]["role"] == "tool" else ROUND


def is_end(event: Event) -> bool:
    """Whether an execution is over with it."""
    return event.type == "error" or event.data.get("finishReason") in {"stop", "error", "cancelled"}


class Reader:
    """Reads a session from its beginning; is cut again and again, and goes on at its cursor, at any server."""

    def __init__(self, house: House, session: str, seed: int) -> None:
        self.house = house
        self.session = session
        self.chance = random.Random(seed)
        self.seen: list[tuple[int, dict[str, Any]]] = []
        self.over = False
        self.cuts = 0
        threading.Thread(target=self.work, daemon=True).start()

    @property
    def cursor(self) -> int:
        """Where it is."""
        return self.seen[-1][0] if self.seen else 0

    def work(self) -> None:
        """Until it is told that all is over."""
        while not self.over:
            server = self.chance.randrange(len(self.house.servers))
            try:
                stream = self.house.clients[server].follow(self.session, self.cursor)
                self.read(stream, self.chance.randrange(1, 200))
            except BROKEN:
                time.sleep(0.05)

    def read(self, stream: Stream, most: int) -> None:
        """One connection: so many events."""
        for number, event in enumerate(stream, 1):
            assert event.cursor is not None
            self.seen.append((event.cursor, event.data))
            if number == most:
                break
        stream.close()
        self.cuts += 1

    def digest(self, last: int) -> str:
        """The hash of what it has seen up to a cursor."""
        seen = [each for each in self.seen if each[0] <= last]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


class Conversation:
    """Turns with tools in one session, by a caller that never gives up."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.session = house.session()
        self.turns = 0
        self.given_up = 0
        self.cursor = 0
        self.execution = ""
        self.ran: list[str] = []
        self.over = False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self) -> None:
        """Turn after turn."""
        while not self.over:
            asking = threading.Thread(target=self.ask, args=[f"{self.session}-{self.turns}"], daemon=True)
            asking.start()
            while not self.turn():
                time.sleep(0.02)
            asking.join(60)
            self.turns += 1

    def ask(self, key: str) -> None:
        """Triggers until that is accepted."""
        while True:
            try:
                self.house.client.trigger(self.session, idempotencyKey=key).rest()
            except BROKEN:
                time.sleep(0.02)
            else:
                return

    def turn(self) -> bool:
        """Follows over one connection; whether the turn is over."""
        try:
            stream = self.house.client.follow(self.session, self.cursor)
            for event in stream:
                assert event.cursor is not None
                self.cursor = event.cursor
                if event.type == "start":
                    self.execution = event.data["executionId"]
                if event.type == "tool-request":
                    self.run(stream)
                if is_end(event):
                    self.given_up += event.type == "error"
                    stream.close()
                    return True
        except BROKEN:
            pass
        return False

    def run(self, stream: Stream) -> None:
        """Runs the tools of the last request once, and posts until that is accepted."""
        calls = [call for call in calls_of(stream) if call["toolCallId"] not in self.ran]
        self.ran += [call["toolCallId"] for call in calls]
        given = [
            {"toolCallId": call["toolCallId"], "toolName": call["toolName"], "result": 1} for call in calls
        ]
        while given:
            try:
                self.house.client.resume(self.session, self.execution, given).rest()
            except BROKEN:
                time.sleep(0.02)
            else:
                return


@dataclass
class Storm:
    """What came of it."""

    kills: int
    turns: int = 0
    events: int = 0
    cuts: int = 0
    calls: int = 0
    given_up: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills in {self.seconds:.0f} s: {self.turns} turns, {self.events} events, {self.cuts} cuts "
            f"of readers, {self.calls} tool calls each once, {self.given_up} turns given up, all readers alike"
        )


def rage(house: House, *, kills: int, readers: int, seed: int) -> Storm:
    """Kills that often, then checks that nobody can tell."""
    chance = random.Random(seed)
    began = time.monotonic()
    house.models.rule(house.model, answer)
    conversations = [Conversation(house) for _ in range(CONVERSATIONS)]
    watching = [
        Reader(house, conversations[number % CONVERSATIONS].session, seed * 1000 + number)
        for number in range(readers)
    ]
    for _ in range(kills):
        time.sleep(chance.random() * LONGEST)
        house.servers[0].kill()
        house.turn_around()
    for conversation in conversations:
        conversation.over = True
    for conversation in conversations:
        conversation.thread.join(60)
        assert not conversation.thread.is_alive(), "a turn does not end"
    storm = Storm(kills, seconds=time.monotonic() - began)
    for conversation in conversations:
        check(house, conversation, [each for each in watching if each.session == conversation.session], storm)
    return storm


def check(house: House, conversation: Conversation, watching: list[Reader], storm: Storm) -> None:
    """Every reader has the same; every call ran once; every question is there once."""
    whole = Reader(house, conversation.session, 0)
    everybody = [whole, *watching]
    deadline = time.monotonic() + 30
    while any(reader.cursor < conversation.cursor for reader in everybody) and time.monotonic() < deadline:
        time.sleep(0.05)
    for reader in everybody:
        reader.over = True
    assert len({reader.digest(conversation.cursor) for reader in everybody}) == 1
    cursors = [cursor for cursor, _ in whole.seen]
    assert cursors == sorted(set(cursors))
    messages = house.client.messages(conversation.session)
    assert [message["role"] for message in messages].count("user") == conversation.turns
    calls = [part for message in messages for part in message["parts"] if part["type"] == "tool-call"]
    mine = [part["toolCallId"] for part in calls if part["toolName"] == "get-time"]
    assert len(conversation.ran) == len(set(conversation.ran))
    assert set(mine) <= set(conversation.ran) or conversation.given_up
    theirs = [part for part in calls if part["toolName"] == "get-weather" and part["status"] == "done"]
    assert all(house.noted("effects", part["toolCallId"]) == 1 for part in theirs)
    storm.turns += conversation.turns
    storm.events += len(whole.seen)
    storm.cuts += sum(reader.cuts for reader in watching)
    storm.calls += len(mine) + len(theirs)
    storm.given_up += conversation.given_up


def main() -> None:
    """A storm on each store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    kinds: tuple[Kind, ...] = ("sqlite-restart", "postgres-take-over")
    for kind in kinds:
        server = begun() if kind != "sqlite-restart" else None
        try:
            with tempfile.TemporaryDirectory() as folder, house_of(kind, Path(folder), server) as house:
                storm = rage(house, kills=given.kills // 2, readers=given.readers, seed=given.first)
                sys.stdout.write(f"{kind}: {storm}\n")
                sys.stdout.flush()
        finally:
            if server is not None:
                server.end()


if __name__ == "__main__":
    main()
