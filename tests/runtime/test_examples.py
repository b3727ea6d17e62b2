"""Runs the agents that are shipped on the assembled runtime: their scripts and tools tell the story they promise."""

import runpy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mainspring.assembly import Mainspring, World, assemble
from mainspring.model.signals import ToolResult
from mainspring.providers.registry import ANY, Registry
from mainspring.providers.script_reader import load_script
from mainspring.runtime.requests import ContinueRequest, Leg, TriggerRequest
from mainspring.settings import Settings
from mainspring.storage.agent_folder import read_agent_folder
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock
from mainspring.testing.ids import SequenceIds

ROOT = Path(__file__).resolve().parents[2]
CLI = ROOT / "src" / "mainspring" / "cli"
PROJECT = "default"


class Play:
    """One agent with its script, its tools run here, and a session to play in."""

    def __init__(self, folder: Path) -> None:
        self.source = read_agent_folder(folder).source
        tools = folder / "tools.py"
        self._tools: dict[str, Any] = runpy.run_path(str(tools))["TOOLS"] if tools.is_file() else {}
        clock = ManualClock()
        script = load_script((folder / "script.yaml").read_text(), "script.yaml")
        completers = Registry({}, clock=clock, scripts={ANY: replace(script, pace=0)})
        store = SqliteStore(":memory:", clock=clock)
        self._world = World(clock=clock, ids=SequenceIds(), store=store, completers=completers)
        self._app: Mainspring = assemble(Settings(), self._world)
        self._session_id = ""
        self.called: list[str] = []

    async def open(self, **given: Any) -> None:
        await self._world.store.open()
        assert self.source is not None
        agent = await self._app.agents.publish(PROJECT, self.source)
        if self.source.settings.format == "interactive":
            self._session_id = (await self._app.sessions.create(PROJECT, agent.id, given)).id

    async def close(self) -> None:
        await self._app.hosts.close()
        await self._world.completers.close()
        await self._world.store.close()

    async def say(self, text: str) -> str:
        return await self.fire("user-message", USER_MESSAGE=text)

    async def fire(self, trigger: str, **given: Any) -> str:
        """Fires a trigger, runs the tools it asks for, and gives the last text of the main thread."""
        request = TriggerRequest(trigger=trigger, input=given)
        await self._finish(await self._app.sessions.trigger(PROJECT, self._session_id, request))
        thread = (await self._state()).scopes["main"].threads["main"]
        return thread.messages[-1].text

    async def work(self, **given: Any) -> Any:
        """Runs a worker and gives its output."""
        assert self.source is not None
        leg = await self._app.sessions.run_worker(PROJECT, self.source.settings.slug, given)
        self._session_id = leg.session_id
        await self._finish(leg)
        rows = await self._world.store.facts(self._session_id)
        return b"\n".join(row.data for row in rows if b'"worker-result"' in row.data).decode()

    async def variables(self) -> dict[str, Any]:
        return (await self._state()).scopes["main"].variables

    async def _state(self) -> Any:
        return await self._app.sessions.state(PROJECT, self._session_id)

    async def _finish(self, leg: Leg) -> None:
        while True:
            await self._settle()
            execution = (await self._state()).execution
            if execution is None:
                return
            calls = [call for call in execution.calls.values() if not call.settled and call.worker is None]
            self.called += [call.tool for call in calls]
            results = tuple(
                ToolResult(tool_call_id=call.id, result=self._tools[call.tool](call.args)) for call in calls
            )
            request = ContinueRequest(execution_id=execution.id, results=results)
            await self._app.sessions.resume_with(PROJECT, self._session_id, request)

    async def _settle(self) -> None:
        host = self._app.hosts.live(self._session_id)
        while host is not None and host.busy:
            await host.stream.wait(host.stream.cursor)


@pytest.fixture
async def play(request: pytest.FixtureRequest) -> AsyncIterator[Play]:
    playing = Play(request.param)
    yield playing
    await playing.close()


def on(folder: Path) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("play", [folder], indirect=True, ids=[folder.name])


@on(ROOT / "examples" / "support-chat")
async def test_the_support_chat_answers_and_hands_over(play: Play) -> None:
    await play.open(COMPANY_NAME="Acme", PRODUCT_NAME="Boards", USER_ID="user-1")
    assert "Ada, and it renews on 2027-03-01" in await play.say("When does my plan renew?")
    assert "The page “Exports” says" in await play.say("How do I export a board?")
    assert await play.say("I want a refund") == (
        "Within 30 days of your first payment you get all of it back. Shall I create a ticket for that?"
    )
    assert await play.fire("request-human") == (
        "I have handed you over: your ticket is T-1042. A colleague will write to you here."
    )
    assert play.called == ["get-user-account", "search-docs", "create-support-ticket"]
    variables = await play.variables()
    assert variables["TICKET"]["summary"] == variables["SUMMARY"]
    assert "How do I export a board?" in variables["CONVERSATION_TEXT"]
    assert await play.say("Thank you") == "You are welcome."


@on(ROOT / "examples" / "support-chat")
async def test_the_support_chat_asks_a_stranger_who_they_are(play: Play) -> None:
    await play.open(COMPANY_NAME="Acme", PRODUCT_NAME="Boards")
    assert "Which e-mail address" in await play.say("When does my plan renew?")
    assert play.called == []


@on(ROOT / "examples" / "research-brief")
async def test_the_research_brief_is_written_for_its_readers(play: Play) -> None:
    await play.open()
    assert "# A first look" in await play.work(TOPIC="How did clocks lose their weights?")
    assert "# Brief" in await play.work(TOPIC="How did clocks lose their weights?", AUDIENCE="experts")
    assert play.called == ["search-archive", "read-article"] * 2


@on(ROOT / "examples" / "invoice-extract")
async def test_the_invoice_extract_gives_an_object(play: Play) -> None:
    await play.open()
    await play.fire("read-invoice", INVOICE_TEXT="Invoice No. 2026-118 from Spring & Sons")
    document = (await play.variables())["INVOICE"]["document"]
    assert (document["kind"], document["number"]) == ("invoice", "2026-118")
    await play.fire("read-invoice", INVOICE_TEXT="A shopping list")
    assert (await play.variables())["INVOICE"]["document"]["kind"] == "unreadable"


@on(CLI / "templates")
async def test_a_new_agent_runs_at_once(play: Play) -> None:
    await play.open()
    assert (await play.say("Hello")).startswith("You said: Hello (")
    assert await play.say("Where is order 17?") == "Order 17 is on its way."


@on(CLI / "demo" / "support")
async def test_the_demo_streams_calls_a_tool_and_goes_on(play: Play) -> None:
    await play.open()
    for _ in range(2):
        assert "You are on the Team plan, Ada, with 12 seats" in await play.say("Which plan am I on?")
    assert play.called == ["get-user-account"] * 2
