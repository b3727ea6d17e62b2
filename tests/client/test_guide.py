"""Runs what the guide to the SDK shows, as it stands there."""

from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from mainspring.client import AsyncClient
from mainspring.model.stream_events import Start
from tests.client.callers import URL
from tests.client.office import Office, Wire
from tests.client.play import Play, asks
from tests.docs.pages import ROOT, fences

GUIDE = ROOT / "docs" / "guides" / "python-sdk.md"


def shown() -> dict[str, Any]:
    """The functions of the guide; its first block is a whole program."""
    names: dict[str, Any] = {}
    for fence in fences(GUIDE)[1:]:
        if fence.language == "python":
            exec(compile(fence.text, fence.place, "exec"), names)
    return names


async def test_the_guide(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    guide = shown()
    http = httpx2.AsyncClient(transport=Wire(office))
    async with AsyncClient(URL, office.desk.client.key, http=http) as client:
        play = Play.open(office, None)
        session = await client.sessions.create(play.agent, {"COMPANY_NAME": "Acme Corp"})

        play.script(asks(("get-user-account", {"userId": "ada"})), ["It is the Team plan."])
        await client.sessions.clear(session)
        stored = [{"id": "m", "role": "user", "parts": [{"type": "text", "text": "Hi", "status": "done"}]}]
        stored[0].update(status="done", createdAt="2026-11-22T12:00:00Z")
        await guide["answer"](client, session, stored, "Which plan?")
        assert capsys.readouterr().out == "It is the Team plan."

        play.script(asks(("ask-person", {"question": "?"})), ["Ordered."])
        await guide["ask_then_go_on"](client, session)

        play.script(["Nothing to pay."])
        assert await guide["ask_a_person"](client, session, []) == "Nothing to pay."

        play.script(asks(("get-weather", {"city": "Oslo"})), ["Cold."])
        asked = client.sessions.attach(session).send("Weather?")
        cursor = [asked.cursor async for event in asked if isinstance(event, Start)].pop()

        def get_weather(city: str) -> str:
            return city

        assert await guide["after_a_restart"](client, session, cursor, [get_weather]) == "Cold."

        play.script(["Hello."])
        body = {"input": {"USER_MESSAGE": "Hi"}}

        async def posted() -> Any:
            return body

        request = SimpleNamespace(path_params={"session": session}, json=posted)
        answer = await guide["chat"](client, request)
        assert b"Hello." in b"".join([piece async for piece in answer.body_iterator])
    await http.aclose()
