"""Forks over HTTP: a session goes on from a message of another, with what that one had kept by then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tests.server.desk import Desk, trigger
from tests.server.test_legs import ask_weather


async def fork(desk: Desk, session: str, after: str | None = None) -> Any:
    body = {} if after is None else {"afterMessageId": after}
    return await desk.client.post(f"/api/agent-sessions/{session}/fork", body)


async def texts(desk: Desk, session: str) -> list[tuple[str, str]]:
    answer = await desk.client.get(f"/api/agent-sessions/{session}?format=ui")
    return [
        (message["id"], "".join(part.get("text", "") for part in message["parts"]))
        for message in answer.json["messages"]
    ]


async def talked(desk: Desk) -> tuple[str, list[tuple[str, str]]]:
    session = await desk.session()
    for number in range(3):
        await desk.say(session, text=f"Say {number}")
    return session, await texts(desk, session)


async def test_a_fork_has_everything_and_goes_its_own_way(desk: Desk) -> None:
    session, before = await talked(desk)
    made = await fork(desk, session)
    assert made.status == 201
    other = str(made.json["sessionId"])
    assert other != session
    assert await texts(desk, other) == before
    await desk.say(other, text="More")
    assert len(await texts(desk, other)) == len(before) + 2
    assert await texts(desk, session) == before
    shown = (await desk.client.get(f"/api/agent-sessions/{other}")).json
    assert shown["input"] == (await desk.client.get(f"/api/agent-sessions/{session}")).json["input"]


async def test_a_fork_at_a_message(desk: Desk) -> None:
    session, before = await talked(desk)
    for count in range(1, len(before) + 1):
        other = str((await fork(desk, session, before[count - 1][0])).json["sessionId"])
        assert await texts(desk, other) == before[:count]
    forked = str((await fork(desk, session)).json["sessionId"])
    again = str((await fork(desk, forked, before[1][0])).json["sessionId"])
    assert await texts(desk, again) == before[:2]


async def test_the_model_reads_what_the_fork_keeps(desk: Desk) -> None:
    session, before = await talked(desk)
    seen: list[Any] = []

    async def script(request: Any) -> AsyncIterator[str]:
        seen.append(request)
        yield "Yes."

    desk.models.script = script
    other = str((await fork(desk, session, before[1][0])).json["sessionId"])
    await desk.say(other, text="Go on")
    said = [message.text for message in seen[0].messages if message.role != "system"]
    assert said == [before[0][1], before[1][1], "Go on"]


async def test_what_cannot_be_forked(desk: Desk) -> None:
    session, _ = await talked(desk)
    unknown = await fork(desk, session, "msg_nothing")
    assert (unknown.status, unknown.json["code"]) == (404, "MESSAGE_NOT_FOUND")
    desk.models.script = ask_weather
    waiting = await desk.session()
    await desk.client.post(f"/api/agent-sessions/{waiting}/trigger", trigger())
    said = await texts(desk, waiting)
    opened = await fork(desk, waiting, said[-1][0])
    assert (opened.status, opened.json["code"]) == (409, "MESSAGE_OPEN")
    empty = str((await fork(desk, waiting)).json["sessionId"])
    assert await texts(desk, empty) == []
    await desk.client.request("DELETE", f"/api/agent-sessions/{session}")
    gone = await fork(desk, session)
    assert (gone.status, gone.json["code"]) == (409, "EXPIRED")
