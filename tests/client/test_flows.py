"""Keeps the two flows of the guide as they are written there, against a server."""

import asyncio
from typing import Any

import httpx2
import pytest

from mainspring.client import AsyncClient, Client, ToolContext, trigger
from mainspring.model.stream_events import TextDelta
from mainspring.providers.scripted import Pause
from tests.client.callers import URL
from tests.client.office import Office, Wire
from tests.client.play import Play, asks

ACCOUNT = ("get-user-account", {"userId": "ada"})


async def get_user_account(user_id: str, context: ToolContext) -> dict[str, Any]:
    """The account of a customer."""
    return {"user": user_id, "call": context.call_id}


def stored_session(office: Office) -> Play:
    play = Play.open(office, None)
    play.script(["Hello."], asks(ACCOUNT), ["Your account is fine."])
    return play


async def test_the_flow_of_the_guide(office: Office) -> None:
    http = httpx2.AsyncClient(transport=Wire(office))
    async with AsyncClient(URL, office.desk.client.key, http=http) as client:
        play = stored_session(office)
        session_id = await client.sessions.create(play.agent, {"COMPANY_NAME": "Acme Corp"})
        await client.sessions.attach(session_id).send("Hi").outcome()
        stored_messages = (await client.sessions.get_messages(session_id)).messages
        await client.sessions.clear(session_id)
        text = "How is my account?"
        answer = ""

        result = await client.sessions.get_messages(session_id)
        if result.status == "expired" and stored_messages:
            await client.sessions.restore(session_id, stored_messages, {"COMPANY_NAME": "Acme Corp"})
        session = client.sessions.attach(session_id, tools={"get-user-account": get_user_account})
        async for event in session.execute(trigger("user-message", USER_MESSAGE=text)):
            if isinstance(event, TextDelta):
                answer += event.delta

        assert answer == "Your account is fine."
        messages = (await client.sessions.get_messages(session_id)).messages
        assert [message["role"] for message in messages] == ["user", "assistant"] * 2
        assert messages[:2] == stored_messages
    await http.aclose()


def test_the_same_without_async(office: Office) -> None:
    http = httpx2.Client(transport=Wire(office))
    with Client(URL, office.desk.client.key, http=http) as client:
        play = stored_session(office)
        session_id = client.sessions.create(play.agent, {"COMPANY_NAME": "Acme Corp"})
        client.sessions.attach(session_id).send("Hi").outcome()
        stored_messages = client.sessions.get_messages(session_id).messages
        client.sessions.clear(session_id)
        text = "How is my account?"
        answer = ""

        result = client.sessions.get_messages(session_id)
        if result.status == "expired" and stored_messages:
            client.sessions.restore(session_id, stored_messages, {"COMPANY_NAME": "Acme Corp"})
        session = client.sessions.attach(session_id, tools={"get-user-account": get_user_account})
        for event in session.execute(trigger("user-message", USER_MESSAGE=text)):
            if isinstance(event, TextDelta):
                answer += event.delta

        assert answer == "Your account is fine."
    http.close()


async def test_leaving_an_async_loop_is_enough(office: Office) -> None:
    http = httpx2.AsyncClient(transport=Wire(office))
    async with AsyncClient(URL, office.desk.client.key, http=http) as client:
        play = Play.open(office, None)
        play.script(["One ", Pause(60_000)])
        session_id = await client.sessions.create(play.agent, {"COMPANY_NAME": "Acme Corp"})
        async with client.sessions.attach(session_id).send("Count") as turn:
            async for event in turn:
                if isinstance(event, TextDelta):
                    break
        async with client.sessions.events(session_id, after=turn.cursor or 0) as journal:
            async for event in journal:
                if type(event).__name__ == "UsageEvent":
                    break
        assert journal.cursor > (turn.cursor or 0)
    await http.aclose()


def test_leaving_a_loop_is_enough(office: Office) -> None:
    http = httpx2.Client(transport=Wire(office))
    with Client(URL, office.desk.client.key, http=http) as client:
        play = Play.open(office, None)
        play.script(["One ", Pause(60_000)])
        session_id = client.sessions.create(play.agent, {"COMPANY_NAME": "Acme Corp"})
        for event in client.sessions.attach(session_id).send("Count"):
            if isinstance(event, TextDelta):
                break
        assert office.asked[-1] == f"POST /api/agent-sessions/{session_id}/stop"
        with client.sessions.events(session_id, follow=False) as journal:
            assert [type(event).__name__ for event in journal][-1] == "UsageEvent"
        with client.sessions.attach(session_id).send("Never read"):
            pass
    http.close()


async def test_a_caller_that_is_cancelled_cancels_its_tools_and_the_turn(office: Office) -> None:
    http = httpx2.AsyncClient(transport=Wire(office))
    async with AsyncClient(URL, office.desk.client.key, http=http) as client:
        play = Play.open(office, None)
        play.script(asks(ACCOUNT))
        session_id = await client.sessions.create(play.agent, {"COMPANY_NAME": "Acme Corp"})
        begun = asyncio.Event()
        ended: list[str] = []

        async def get_user_account(user_id: str) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(user_id)

        session = client.sessions.attach(session_id, tools=[get_user_account])
        running = asyncio.ensure_future(session.send("Hi").outcome())
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert ended == ["ada"]
        assert office.asked[-1] == f"POST /api/agent-sessions/{session_id}/stop"
    await http.aclose()
