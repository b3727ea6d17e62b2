"""Following a session: replay, then live, from any cursor, by any number of readers."""

import re

import pytest

from tests.server.asgi import Exchange
from tests.server.desk import Desk, trigger, until
from tests.server.test_legs import Model, ask_weather, results

IDS = re.compile(r"^id: (\d+)$", re.MULTILINE)


def ids(exchange: Exchange) -> list[int]:
    return [int(number) for number in IDS.findall(exchange.body.decode())]


def blocks(exchange: Exchange) -> list[str]:
    """The events with their cursors, as written."""
    return [block for block in exchange.body.decode().split("\n\n") if block.startswith("id: ")]


async def test_what_is_there_ends_when_nothing_is_followed(desk: Desk) -> None:
    session = await desk.session()
    path = f"/api/agent-sessions/{session}/events"
    empty = await desk.client.get(f"{path}?follow=false")
    assert (empty.status, empty.body) == (200, b"retry: 1000\n\n")
    await desk.say(session)
    whole = await desk.client.get(f"{path}?follow=false")
    assert (whole.types[0], whole.types[-1]) == ("start", "usage")
    cursors = ids(whole)
    assert cursors == sorted(set(cursors))
    nothing = await desk.client.get(f"{path}?follow=false&after={cursors[-1]}")
    assert nothing.events == []


async def test_every_cursor_is_a_place_to_go_on(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    first = await desk.say(session)
    await desk.client.post(f"/api/agent-sessions/{session}/trigger", results(first))
    path = f"/api/agent-sessions/{session}/events?follow=false&after="
    whole = await desk.client.get(path + "0")
    for index, cursor in enumerate(ids(whole)):
        rest = await desk.client.get(path + str(cursor))
        assert blocks(rest) == blocks(whole)[index + 1 :]


async def test_the_header_of_a_browser_that_comes_back_counts_more(desk: Desk) -> None:
    session = await desk.session()
    await desk.say(session)
    path = f"/api/agent-sessions/{session}/events?follow=false&after=0"
    whole = await desk.client.get(path)
    last = ids(whole)[-2]
    rest = await desk.client.get(path, headers={"last-event-id": str(last)})
    assert ids(rest) == ids(whole)[-1:]
    assert ids(await desk.client.get(path, headers={"last-event-id": ""})) == ids(whole)


async def test_readers_follow_and_leave_and_cancel_nothing(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    events = f"/api/agent-sessions/{session}/events"
    async with (
        desk.client.open("GET", events) as patient,
        desk.client.open("GET", events) as hasty,
        desk.client.open("POST", f"/api/agent-sessions/{session}/trigger", trigger()) as leg,
    ):
        await patient.until("One ")
        await hasty.until("One ")
        hasty.leave()
        await until(lambda: len(desk.app.seats) == 2)
        async with desk.client.open("GET", events) as late:
            await late.until("One ")
            model.go_on.set()
            await late.until('"usage"')
            late.leave()
        await leg.until("[DONE]")
        await patient.until('"usage"')
        again = desk.client.open("POST", f"/api/agent-sessions/{session}/trigger", trigger())
        async with again as second:
            await second.until("[DONE]")
            await patient.until(second.events[0]["executionId"], '"usage"')
            patient.leave()
    assert model.cut == 0
    assert late.body == patient.body[: len(late.body)]
    assert len(desk.app.seats) == 0


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("after=x", None),
        ("after=-1", None),
        ("after=2", None),
        ("after=99999999999999999999", None),
        ("follow=no", None),
        ("", "x"),
        ("", "7"),
    ],
)
async def test_refused_places(desk: Desk, query: str, header: str | None) -> None:
    session = await desk.session()
    headers = {} if header is None else {"last-event-id": header}
    answer = await desk.client.get(f"/api/agent-sessions/{session}/events?{query}", headers=headers)
    assert (answer.status, set(answer.json)) == (400, {"error", "code"})
    assert len(desk.app.seats) == 0
