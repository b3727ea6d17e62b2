"""Owns the proof that a turn survives `kill -9` around its model call: it finishes by itself, once, whole."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.agents import PLAIN
from tests.e2e.desk import Desk, finals, text_of
from tests.e2e.http_client import Event, Stream
from tests.e2e.model_server import Gate, Say, Think, said

Open = Callable[..., Desk]


def check_settled(desk: Desk, session: str) -> None:
    """One user message, one whole answer, nothing open."""
    messages = desk.client.messages(session)
    assert text_of(messages, "user") == ["Hello"]
    assert text_of(messages, "assistant") == ["The whole answer."]
    assert all(message["status"] == "done" for message in messages)


def deltas_read(stream: Stream, count: int) -> None:
    """Reads up to the text's `count`-th piece."""
    seen = 0
    while seen < count:
        seen += stream.until(lambda event: event.type == "text-delta").type == "text-delta"


def plain(events: list[Event]) -> list[dict[str, Any]]:
    """Events as cursors and objects."""
    return [{"cursor": event.cursor} | event.data for event in events]


def test_killed_right_after_the_trigger_was_accepted(open_desk: Open) -> None:
    desk = open_desk(PLAIN)
    desk.script(said("The whole ", "answer."), said("The whole ", "answer."))
    session = desk.session()
    stream = desk.client.trigger(session)
    stream.until(lambda event: event.type == "start")
    desk.crash()
    stream.close()
    finals(desk, session)
    check_settled(desk, session)
    assert len(desk.asked()) <= 2


def test_killed_after_the_model_was_asked(open_desk: Open) -> None:
    desk = open_desk(PLAIN)
    gate = Gate()
    desk.script([gate], said("The whole ", "answer."))
    session = desk.session()
    stream = desk.client.trigger(session)
    gate.wait()
    desk.crash()
    stream.close()
    events = finals(desk, session)
    check_settled(desk, session)
    assert len(desk.asked()) == 2
    assert [event["type"] for event in events].count("start") == 1
    first, second = desk.asked()
    assert first.body == second.body


@pytest.mark.parametrize("count", [1, 2, 7, 20])
def test_killed_in_the_middle_of_the_text(open_desk: Open, count: int) -> None:
    desk = open_desk(PLAIN)
    gate = Gate()
    desk.script([Say(tuple(f"piece {n} " for n in range(count))), gate], said("The whole ", "answer."))
    session = desk.session()
    trigger = desk.client.trigger(session)
    follower = desk.client.follow(session)
    deltas_read(trigger, count)
    deltas_read(follower, count)
    desk.server.kill()
    assert not [event for event in trigger.rest() if event.type in {"finish", "error"}]
    follower.rest()
    desk.server.start()
    whole = finals(desk, session)
    check_settled(desk, session)
    cursor = follower.seen[-1].cursor
    assert cursor is not None
    later = desk.client.follow(session, cursor)
    later.until(lambda event: event.type == "finish")
    later.close()
    assert plain(follower.seen) + plain(later.seen) == whole
    cursors = [event["cursor"] for event in whole]
    assert cursors == sorted(set(cursors))
    assert len(desk.asked()) == 2


def test_killed_while_it_thinks(open_desk: Open) -> None:
    desk = open_desk(PLAIN)
    gate = Gate()
    desk.script([Think(("Let me ", "see")), gate], [Think(("Of course.",)), Say(("The whole answer.",))])
    session = desk.session()
    stream = desk.client.trigger(session)
    gate.wait()
    desk.crash()
    stream.close()
    finals(desk, session)
    check_settled(desk, session)


def test_killed_twice(open_desk: Open) -> None:
    desk = open_desk(PLAIN)
    gates = [Gate(), Gate()]
    desk.script(*([Say(("Half",)), gate] for gate in gates), said("The whole answer."))
    session = desk.session()
    stream = desk.client.trigger(session)
    gates[0].wait()
    desk.crash()
    gates[1].wait()
    desk.crash()
    stream.close()
    finals(desk, session)
    check_settled(desk, session)
    assert len(desk.asked()) == 3


def test_a_turn_that_kills_every_time_is_given_up(open_desk: Open) -> None:
    desk = open_desk(PLAIN)
    gates = [Gate() for _ in range(5)]
    desk.script(*([gate] for gate in gates))
    session = desk.session()
    stream = desk.client.trigger(session)
    for gate in gates[:4]:
        gate.wait()
        desk.crash()
    stream.close()
    events = finals(desk, session)
    assert events[-1]["type"] == "error"
    assert len(desk.asked()) == 4
    other = desk.session()
    desk.models.scripts[desk.model].clear()
    desk.script(said("I am fine."))
    assert desk.client.trigger(other).rest()[-1].data["finishReason"] == "stop"


def test_a_finished_turn_is_left_alone(open_desk: Open) -> None:
    desk = open_desk(PLAIN)
    desk.script(said("The whole answer."))
    session = desk.session()
    before = desk.client.trigger(session).rest()
    desk.crash()
    check_settled(desk, session)
    whole = finals(desk, session)
    assert [event["type"] for event in whole][-1] == before[-1].type
    assert len(desk.asked()) == 1


@pytest.mark.parametrize("milliseconds", [0, 2, 5, 15])
def test_killed_around_the_end(open_desk: Open, milliseconds: int) -> None:
    desk = open_desk(PLAIN)
    last = Gate()
    last.opened.set()
    desk.script([Say(("The whole ", "answer.")), last], said("The whole answer."))
    session = desk.session()
    stream = desk.client.trigger(session)
    last.wait()
    time.sleep(milliseconds / 1000)
    desk.crash()
    stream.close()
    whole = finals(desk, session)
    check_settled(desk, session)
    assert [event["type"] for event in whole].count("finish") == 1
    assert len(desk.asked()) <= 2
