"""Agents that use MCP servers: offered at once or activated, called, lost, and kept over turns and restarts."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from mainspring.assembly import assemble
from mainspring.model.generation import ModelRequest
from mainspring.model.parts import ToolResultPart
from mainspring.providers.script import Call
from tests.runtime.desk import Desk
from tests.toolboxes.mcp_servers import Town, listed, tool_call

SERVERS = """
mcpServers:
  files: { description: Reads files, source: remote, connection: eager }
  mail: { description: Sends mail, source: remote, display: name }
  git: { description: Knows the code, source: device }
agent:
  model: scripted/model
  system: system
  agentic: true
  mcpServers: [files, mail, git]
"""
ON_DEMAND = """
onDemandMcpServers: { remote: { display: name } }
agent:
  model: scripted/model
  system: system
  agentic: true
  onDemandMcpServers: [remote]
"""


def script(*steps: Any) -> Any:
    """A model that plays steps, one a call; a step is text or the calls to make."""
    left = list(steps)

    def answer(request: ModelRequest) -> Any:
        step = left.pop(0) if left else "Done."
        return step if isinstance(step, str) else [Call(**call) for call in step]

    return answer


@asynccontextmanager
async def at(desk: Desk, **tables: dict[str, Any]) -> AsyncGenerator[Town, None]:
    """A desk whose server is configured with MCP servers."""
    town = Town(desk.clock, **tables)
    desk.world = replace(desk.world, boxes=(town.box,), servers=town.box)
    desk.app = assemble(desk.settings, desk.world)
    async with desk:
        yield town


def names(request: ModelRequest) -> list[str]:
    """The tools a request offers."""
    return [tool.name for tool in request.tools]


def results(request: ModelRequest) -> list[Any]:
    """The results in a request, errors as (error,)."""
    parts = [part for message in request.messages for part in message.parts]
    found = [part for part in parts if isinstance(part, ToolResultPart)]
    return [part.output if part.error is None else (part.error,) for part in found]


ALL: dict[str, dict[str, Any]] = {"files": {}, "mail": {}, "git": {"command": ["git-mcp"]}}


async def test_eager_servers_and_those_of_the_device_are_offered_at_once() -> None:
    desk = Desk(script([{"name": "files__add", "args": {"a": 1}}, {"name": "git__add", "args": {}}]), SERVERS)
    async with at(desk, **ALL) as town:
        await desk.turn()
        first, second = desk.model.requests
        assert names(first) == ["octavus_mcp_list", "octavus_mcp_activate", "files__add", "git__add"]
        assert first.tools[2].schema["properties"]["a"] == {"type": "number"}
        assert results(second) == ["add ran", "add ran"]
        assert town["files"].calls == [("add", {"a": 1})]
        assert town["mail"].dialled == 0


async def test_a_lazy_server_is_listed_activated_and_called_and_stays_for_the_session() -> None:
    steps = script(
        [{"name": "octavus_mcp_list", "args": {}}],
        [{"name": "octavus_mcp_activate", "args": {"server": "mail"}}],
        [{"name": "mail__add", "args": {}}],
        "Sent.",
        "Again.",
    )
    desk = Desk(steps, SERVERS)
    async with at(desk, **ALL) as town:
        await desk.turn()
        await desk.turn("More")
        requests = desk.model.requests
        assert results(requests[1])[0] == [
            {"server": "files", "description": "Reads files", "active": True, "available": True},
            {"server": "mail", "description": "Sends mail", "active": False, "available": True},
            {"server": "git", "description": "Knows the code", "active": True, "available": True},
        ]
        assert "mail__add" not in names(requests[1])
        assert results(requests[2])[1]["tools"] == [{"name": "mail__add", "description": "Does add."}]
        assert "mail__add" in names(requests[2])
        assert results(requests[3])[2] == "add ran"
        assert "mail__add" in names(requests[4]), "the next turn has it still"
        assert len(town["mail"].calls) == 1
        await desk.restart()
        await desk.turn("And after a restart")
        assert "mail__add" in names(desk.model.requests[-1])


async def test_servers_on_demand_are_those_that_the_protocol_does_not_name() -> None:
    steps = script(
        [{"name": "octavus_mcp_list", "args": {}}],
        [{"name": "octavus_mcp_activate", "args": {"server": "mail"}}],
    )
    desk = Desk(steps, ON_DEMAND)
    async with at(desk, mail={"description": "Letters"}, git={"command": ["git-mcp"]}):
        await desk.turn()
        listed_, after = desk.model.requests[1:3]
        expected = {"server": "mail", "description": "Letters", "active": False, "available": True}
        assert results(listed_)[0] == [expected]
        assert names(after) == ["octavus_mcp_list", "octavus_mcp_activate", "mail__add"]


async def test_a_server_that_is_not_configured_is_told_to_the_model() -> None:
    steps = script(
        [{"name": "octavus_mcp_activate", "args": {"server": "mail"}}],
        [{"name": "octavus_mcp_activate", "args": {"server": "nobody"}}],
        [{"name": "mail__add", "args": {}}],
    )
    desk = Desk(steps, SERVERS)
    async with at(desk, files={}):
        await desk.turn()
        (unknown,), (nobody,), (missing,) = results(desk.model.requests[3])
        assert unknown == "The server mail is not configured where this agent runs."
        assert nobody == "There is no server 'nobody'. Servers: files, mail."
        assert missing.startswith("There is no tool 'mail__add'.")


async def test_a_server_of_the_wrong_kind_is_not_used() -> None:
    desk = Desk(script("Hello."), SERVERS)
    async with at(desk, files={"command": ["files-mcp"]}, git={}):
        await desk.turn()
        assert names(desk.model.requests[0]) == ["octavus_mcp_list", "octavus_mcp_activate"]


async def test_a_server_that_is_down_does_not_keep_the_agent_from_talking() -> None:
    desk = Desk(script("Hello.", "Again."), SERVERS)
    async with at(desk, **ALL) as town:
        town["files"].mute = True
        leg = await desk.trigger()
        await desk.clock.advance(9.0)
        assert desk.model.requests == []
        await desk.clock.advance(2.0)
        await desk.settle()
        assert leg.execution_id
        assert "files__add" not in names(desk.model.requests[0])
        assert "git__add" in names(desk.model.requests[0])
        town["files"].mute = False
        await desk.clock.advance(2.0)
        await desk.turn("Again")
        assert "files__add" in names(desk.model.requests[1])


async def test_stopping_while_a_server_is_connected_asks_no_model() -> None:
    desk = Desk(script("Hello."), SERVERS)
    async with at(desk, **ALL) as town:
        town["files"].mute = True
        leg = await desk.trigger()
        await desk.clock.advance(1.0)
        assert not desk.host.idle
        await asyncio.shield(desk.host.stop())
        await desk.clock.advance(20.0)
        assert leg.execution_id
        assert desk.model.requests == []
        assert desk.host.state.execution is None


async def test_a_server_that_dies_under_a_call_is_an_error_and_the_session_goes_on() -> None:
    desk = Desk(
        script([{"name": "files__add", "args": {}}, {"name": "git__add", "args": {}}], "So be it."), SERVERS
    )
    async with at(desk, **ALL) as town:
        town["files"].gate = asyncio.Event()
        await desk.trigger()
        while not town["files"].calls:
            await desk.clock.advance(0)
        town["files"].die()
        await desk.settle()
        lost, fine = results(desk.model.requests[1])
        assert "It may have run or not." in lost[0]
        assert fine == "add ran"


async def test_a_call_that_a_crash_cut_is_told_to_the_model_and_not_run_again() -> None:
    desk = Desk(script([{"name": "files__add", "args": {}}], "So be it."), SERVERS)
    async with at(desk, **ALL) as town:
        town["files"].gate = asyncio.Event()
        await desk.trigger()
        while not town["files"].calls:
            await desk.clock.advance(0)
        await desk.restart()
        while len(desk.model.requests) < 2:
            await desk.clock.advance(0.1)
        assert results(desk.model.requests[1]) == [
            ("The server ended while the call ran. It may have run or not.",)
        ]
        assert len(town["files"].calls) == 1


async def test_other_tools_are_offered_from_the_next_step_on() -> None:
    desk = Desk(script("Hello.", "Again."), SERVERS)
    async with at(desk, **{**ALL, "files": {"on_change": "accept"}}) as town:
        await desk.turn()
        town["files"].relist(listed("add"), listed("remove"))
        await desk.clock.advance(0)
        await desk.turn("Again")
        assert "files__remove" in names(desk.model.requests[1])
        assert (await town.box.call(tool_call("files__remove"))).output == "remove ran"
