"""Long polling: the same events with the same cursors as the stream, waited for, from any place on."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mainspring.model.generation import ModelRequest
from tests.server.asgi import Exchange
from tests.server.desk import Desk, trigger, until
from tests.server.test_events import ids
from tests.server.test_legs import Model, ask_weather, results
from tests.server.test_tokens import SESSIONS, browser, code


async def polled(desk: Desk, session: str, after: int = 0) -> dict[str, Any]:
    """Everything up to where nothing runs any more."""
    whole: dict[str, Any] = {"events": [], "cursors": [], "cursor": after}
    while True:
        page = (await desk.client.get(f"{SESSIONS}/{session}/poll?wait=0&after={whole['cursor']}")).json
        whole["events"] += page["events"]
        whole["cursors"] += page["cursors"]
        whole |= {"cursor": page["cursor"], "status": page["status"]}
        if page["status"] != "streaming":
            return whole


async def streamed(desk: Desk, session: str) -> Exchange:
    return await desk.client.get(f"{SESSIONS}/{session}/events?follow=false")


async def test_the_same_events_with_the_same_cursors(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    first = await desk.say(session)
    await desk.client.post(f"{SESSIONS}/{session}/trigger", results(first))
    stream = await streamed(desk, session)
    whole = await polled(desk, session)
    assert (whole["events"], whole["cursors"]) == (stream.events, ids(stream))
    assert whole["status"] == "idle"
    for index, cursor in enumerate(whole["cursors"]):
        rest = await polled(desk, session, cursor)
        assert rest["events"] == whole["events"][index + 1 :]


async def test_a_trigger_that_does_not_stream(desk: Desk) -> None:
    session = await desk.session()
    taken = await desk.client.post(f"{SESSIONS}/{session}/trigger?format=poll", trigger())
    assert taken.status == 202
    path = f"{SESSIONS}/{session}/poll?after="
    page = (await desk.client.get(f"{path}{taken.json['cursor']}")).json
    seen = page["events"]
    while page["status"] == "streaming":
        page = (await desk.client.get(f"{path}{page['cursor']}")).json
        seen += page["events"]
    assert (seen[0]["type"], seen[0]["executionId"]) == ("start", taken.json["executionId"])
    assert "".join(event.get("delta", "") for event in seen) == "Hello there"
    assert [event["type"] for event in seen][-2:] == ["finish", "usage"]
    assert len(desk.app.seats) == 0


async def test_it_waits_for_the_next_event(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    async with desk.client.open("GET", f"{SESSIONS}/{session}/poll") as waiting:
        await until(lambda: len(desk.app.seats) == 1)
        assert not waiting.complete
        await desk.client.post(f"{SESSIONS}/{session}/trigger?format=poll", trigger())
    assert waiting.json["events"][0]["type"] == "start"
    assert waiting.json["status"] == "streaming"
    model.go_on.set()
    await until(lambda: len(desk.app.seats) == 0)


async def test_it_waits_no_longer_than_it_is_told(desk: Desk) -> None:
    session = await desk.session()
    cursor = (await desk.client.get(f"{SESSIONS}/{session}/poll?wait=0")).json["cursor"]
    async with desk.client.open("GET", f"{SESSIONS}/{session}/poll?wait=3&after={cursor}") as waiting:
        await until(lambda: len(desk.app.seats) == 1)
        await desk.clock.advance(2)
        assert not waiting.complete
        await desk.clock.advance(1)
    assert waiting.json == {"events": [], "cursors": [], "cursor": cursor, "status": "idle"}


async def test_leaving_cancels_nothing_and_gives_the_seat_back(desk: Desk) -> None:
    model = Model()
    desk.models.script = model
    session = await desk.session()
    await desk.client.post(f"{SESSIONS}/{session}/trigger?format=poll", trigger())
    async with desk.client.open("GET", f"{SESSIONS}/{session}/events") as stream:
        await stream.until("One ")
        stream.leave()
    async with desk.client.open("GET", f"{SESSIONS}/{session}/poll?after={ids(stream)[-1]}") as waiting:
        await until(lambda: len(desk.app.seats) == 1)
        waiting.leave()
    assert waiting.status == 0
    assert (len(desk.app.seats), model.cut) == (0, 0)
    model.go_on.set()


async def test_a_failed_execution_says_so(desk: Desk) -> None:
    async def fail(_request: ModelRequest) -> AsyncIterator[str]:
        for text in ("Hm",):
            yield text
            raise RuntimeError("no")

    desk.models.script = fail
    session = await desk.session()
    await desk.say(session)
    whole = await polled(desk, session)
    assert whole["status"] == "error"
    assert (await polled(desk, session, whole["cursor"]))["status"] == "idle"


async def test_a_shutdown_ends_the_waiting(desk: Desk) -> None:
    session = await desk.session()
    async with desk.client.open("GET", f"{SESSIONS}/{session}/poll?after=1") as waiting:
        await until(lambda: len(desk.app.seats) == 1)
        await desk.app.drain(10)
    assert waiting.json["events"] == []
    again = await desk.client.get(f"{SESSIONS}/{session}/poll?after=1")
    assert code(again) == (503, "UNAVAILABLE")


@pytest.mark.parametrize("query", ["wait=61", "wait=x", "after=9", "after=x"])
async def test_refused(desk: Desk, query: str) -> None:
    session = await desk.session()
    assert (await desk.client.get(f"{SESSIONS}/{session}/poll?{query}")).status == 400
    assert (await desk.stranger.get(f"{SESSIONS}/{session}/poll")).status == 404


async def test_a_token_is_asked_for_its_own_tools_only(desk: Desk) -> None:
    desk.models.script = ask_weather
    session = await desk.session()
    await desk.say(session)
    for tools, asked in (([], 0), (["get-weather"], 1), (["other"], 0)):
        client = await browser(desk, sessionId=session, clientTools=tools)
        page = (await client.get(f"{SESSIONS}/{session}/poll?wait=0")).json
        assert [event["type"] for event in page["events"]].count("tool-request") == asked
        stream = await client.get(f"{SESSIONS}/{session}/events?follow=false")
        assert stream.types.count("tool-request") == asked
