"""Owns the sweep: a turn with tools under a caller that never gives up, killed at one moment after another."""

import http.client
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.desk import Desk, calls_of, execution_of, text_of
from tests.e2e.http_client import BROKEN, Stream
from tests.e2e.model_server import Asked, Call, Reply, Rest, Say

ROUND: Reply = [
    Say(("Let me ",)),
    Rest(0.01),
    Say(("look.",)),
    Rest(0.01),
    Call("get-weather", {"city": "Rome"}),
    Rest(0.01),
    Call("get-time", {"zone": "CET"}),
]
ANSWER: Reply = [Say(("It is ",)), Rest(0.02), Say(("a fine ",)), Rest(0.02), Say(("day.",))]


@dataclass
class Caller:
    """Follows a session and runs its tools; comes back after every cut, at the cursor where it was."""

    desk: Desk
    session: str
    cursor: int = 0
    ran: list[str] = field(default_factory=list)
    seen: list[tuple[int | None, dict[str, Any]]] = field(default_factory=list)
    done: bool = False

    def work(self) -> None:
        """Until the turn is over."""
        deadline = time.monotonic() + 40
        while not self.done and time.monotonic() < deadline:
            try:
                self.follow(self.desk.client.follow(self.session, self.cursor))
            except BROKEN:
                time.sleep(0.02)

    def follow(self, stream: Stream) -> None:
        """One connection, to its end."""
        for event in stream:
            assert event.cursor is not None
            self.cursor = event.cursor
            self.seen.append((event.cursor, event.data))
            if event.type == "tool-request":
                self.run(stream)
            if event.type == "error" or event.data.get("finishReason") == "stop":
                self.done = True
                stream.close()
                return

    def run(self, stream: Stream) -> None:
        """Runs the tools of a request and posts the results, again and again if it must."""
        calls = calls_of(stream)
        self.ran += [call["toolCallId"] for call in calls]
        given = [
            {"toolCallId": call["toolCallId"], "toolName": call["toolName"], "result": "fine"}
            for call in calls
        ]
        execution = next(data["executionId"] for _, data in self.seen if data["type"] == "start")
        while True:
            try:
                posted = self.desk.client.resume(self.session, execution, given)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
            else:
                posted.rest()
                return


def answer(asked: Asked) -> Reply:
    """Tools first; an answer once their results are there."""
    return ANSWER if asked.messages[-1]["role"] == "tool" else ROUND


@pytest.mark.parametrize("milliseconds", [0, 8, 16, 24, 32, 40, 50, 60, 80, 100, 130])
def test_killed_after_some_time(desk: Desk, milliseconds: int) -> None:
    desk.models.rule(desk.model, answer)
    session = desk.session()
    caller = Caller(desk, session)
    working = threading.Thread(target=caller.work)
    trigger = desk.client.trigger(session)
    trigger.until(lambda event: event.type == "start")
    working.start()
    time.sleep(milliseconds / 1000)
    desk.crash()
    working.join()
    trigger.close()
    assert caller.done
    check_as_if_nothing_happened(caller)
    assert execution_of(trigger) == caller.seen[0][1]["executionId"]


def check_as_if_nothing_happened(caller: Caller) -> None:
    """One question, each call run once under one id, one whole answer, no event twice."""
    messages = caller.desk.client.messages(caller.session)
    assert text_of(messages, "user") == ["Hello"]
    assert text_of(messages, "assistant") == ["Let me look.It is a fine day."]
    calls = [part for part in messages[1]["parts"] if part["type"] == "tool-call"]
    assert [part["status"] for part in calls] == ["done", "done"]
    assert caller.ran == [part["toolCallId"] for part in calls]
    cursors = [cursor or 0 for cursor, _ in caller.seen]
    assert cursors == sorted(set(cursors))
