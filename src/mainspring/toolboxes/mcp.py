"""Owns the tool box of MCP servers: what they offer is pinned, what they do is bounded, how they fail is an outcome.

One connection to a server serves all sessions of this process. A server that is gone, slow or changed costs its own
calls an error each, and nobody else anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from mainspring.model.program import Tool
from mainspring.model.served import ACTIVATE, ServedTools
from mainspring.model.values import Json
from mainspring.runtime.ports import Clock
from mainspring.runtime.tool_calls import ToolCall, ToolOffer, ToolOfferMap, ToolOutcome
from mainspring.toolboxes.mcp_connection import McpConnection
from mainspring.toolboxes.mcp_peer import Dial, ListedTool, PeerGone, PeerRefused
from mainspring.toolboxes.mcp_pins import Differences, Pins
from mainspring.toolboxes.mcp_results import outcome_of
from mainspring.toolboxes.mcp_settings import McpServer
from mainspring.toolboxes.mcp_tools import NamedTool, digest_of, read_tools

log = logging.getLogger("mainspring.mcp")
NOTHING: Final[ToolOfferMap] = MappingProxyType({})
CUT: Final = "The server was ended while this call ran."
REFUSED: Final = (
    "its tools are not those that were trusted ({differences}). What differs is not offered. To accept it, take {name} "
    "out of the file of `mcp_pins` and start again."
)


class _Server:
    """A server as it stands: its connection, and the tools that may be called by the names that models know."""

    def __init__(self, name: str, server: McpServer, pins: Pins) -> None:
        self.name = name
        self.server = server
        self._pins = pins
        self.heard = False
        self.tools: dict[str, NamedTool] = {}
        self.differences = Differences()
        self.connection: McpConnection
        known = pins.known(name)
        if known is not None:
            self._offer([pin.listed(tool) for tool, pin in known.items()])

    def listed(self, tools: list[ListedTool]) -> bool:
        """Takes what the server lists; whether its offer is another one now."""
        self.heard = True
        before = self.tools
        self.differences = self._pins.differences(self.name, tools)
        if self._pins.known(self.name) is None:
            self._pins.trust(self.name, tools)
        elif self.differences:
            tools = self._judged(tools)
        self._offer(tools)
        return self.tools != before

    def _judged(self, tools: list[ListedTool]) -> list[ListedTool]:
        """The tools of a changed server that are still offered."""
        if self.server.on_change == "accept":
            log.warning(
                "MCP server %s: its tools were changed, and accepted: %s", self.name, self.differences
            )
            self._pins.trust(self.name, tools)
            self.differences = Differences()
            return tools
        if not (self.differences.changed or self.differences.added):
            log.warning("MCP server %s: tools are gone: %s", self.name, self.differences)
            return tools
        why = REFUSED.format(differences=self.differences, name=self.name)
        log.error("ALARM: MCP server %s: %s", self.name, why)
        pins = self._pins.known(self.name) or {}
        return [tool for tool in tools if tool.name in pins and pins[tool.name].digest == digest_of(tool)]

    def _offer(self, tools: Iterable[ListedTool]) -> None:
        allowed = [tool for tool in tools if self.server.has(tool.name)]
        self.tools = {named.tool.name: named for named in read_tools(self.name, allowed)}

    @property
    def problem(self) -> str | None:
        """Why it cannot be used, or not as it lists itself."""
        if self.connection.problem is not None:
            return self.connection.problem
        if self.differences.changed or self.differences.added:
            return (
                f"The MCP server {self.name}: {REFUSED.format(differences=self.differences, name=self.name)}"
            )
        return None

    def served(self) -> ServedTools:
        """What sessions know of it."""
        return ServedTools(
            namespace=self.name,
            source=self.server.source,
            description=self.server.description,
            tools={name: named.tool for name, named in self.tools.items()},
        )


class McpBox:
    """A `Toolbox` and `ToolServers` of the servers that the operator has configured."""

    name = "MCP servers"
    outlives = False

    def __init__(self, servers: Mapping[str, McpServer], *, dial: Dial, clock: Clock, pins: Pins) -> None:
        self._servers: dict[str, _Server] = {}
        self._offers: dict[tuple[str, str], ToolOfferMap] = {}
        self._served: dict[tuple[str, str], Mapping[str, ServedTools]] = {}
        for name, server in servers.items():
            known = _Server(name, server, pins)
            known.connection = McpConnection(
                name, server, dial=dial, clock=clock, listed=partial(self._listed, known)
            )
            self._servers[name] = known

    def _listed(self, server: _Server, tools: list[ListedTool]) -> None:
        if server.listed(tools):
            self._offers, self._served = {}, {}

    def _of(self, project_id: str, agent: str) -> list[_Server]:
        return [one for one in self._servers.values() if one.server.serves(project_id, agent)]

    # ---- what there is --------------------------------------------------------------------------------------

    def offers(self, project_id: str, agent: str, /) -> ToolOfferMap:
        """The tools of an agent's servers, and the one that activates a server."""
        found = self._offers.get((project_id, agent))
        if found is None:
            servers = self._of(project_id, agent)
            tools = [named.tool for server in servers for named in server.tools.values()]
            if servers:
                tools.append(Tool(name=ACTIVATE, description="Use the tools of a server."))
            found = {tool.name: _offered(tool) for tool in tools}
            self._offers[project_id, agent] = found
        return found

    def servers(self, project_id: str, agent: str, /) -> Mapping[str, ServedTools]:
        """See `ToolServers`."""
        found = self._served.get((project_id, agent))
        if found is None:
            found = {server.name: server.served() for server in self._of(project_id, agent)}
            self._served[project_id, agent] = found
        return found

    def unheard(self, project_id: str, agent: str, namespaces: Collection[str], /) -> frozenset[str]:
        """Servers that were not connected so far, and whose last attempt was not just now."""
        return frozenset(
            server.name
            for server in self._of(project_id, agent)
            if server.name in namespaces and not server.heard and server.connection.may_connect
        )

    async def ready(self, project_id: str, agent: str, namespaces: Collection[str], /) -> None:
        """Connects to servers that are not connected, all at the same time."""
        wanted = [server for server in self._of(project_id, agent) if server.name in namespaces]
        await asyncio.gather(*(self._ready(server) for server in wanted))

    async def _ready(self, server: _Server) -> str | None:
        """Why a server cannot be used; None: it can."""
        try:
            await server.connection.ready()
        except PeerGone as gone:
            return str(gone)
        return None

    def report(self) -> list[dict[str, Json]]:
        """Every server, for people: what it is, whether it can be used, and what differs from what was trusted."""
        return [
            {
                "name": server.name,
                "source": server.server.source,
                "connected": server.connection.connected,
                "protocol": server.connection.version,
                "tools": sorted(server.tools),
                "problem": server.problem,
            }
            for server in self._servers.values()
        ]

    # ---- calls ----------------------------------------------------------------------------------------------

    async def call(self, call: ToolCall, /) -> ToolOutcome:
        """Calls the tool at its server; one that was cut by the end of a process is `unknown`."""
        if call.tool == ACTIVATE:
            return await self._activate(call)
        if call.resumed:
            return ToolOutcome(error=CUT, unknown=True)
        for server in self._of(call.project_id, call.agent):
            if call.tool in server.tools:
                return await self._run(server, call)
        return ToolOutcome(error=f"No MCP server offers {call.tool} any more.")

    async def _run(self, server: _Server, call: ToolCall) -> ToolOutcome:
        for last in (False, True):
            named = server.tools.get(call.tool)
            if named is None:
                return ToolOutcome(error=server.problem or f"{server.name} has no tool {call.tool} any more.")
            try:
                await server.connection.ready()
                if server.tools.get(call.tool) != named:
                    continue
                result = await server.connection.call(named.name, call.args)
            except PeerGone as gone:
                if last or gone.sent or not server.connection.may_connect:
                    return ToolOutcome(error=str(gone), retryable=not gone.sent)
            except PeerRefused as refused:
                return ToolOutcome(error=f"{server.name}: {refused}")
            else:
                return outcome_of(call.call_id, result, most=server.server.max_result)
        return ToolOutcome(error=f"The tool {call.tool} was just changed by {server.name}. Look at it again.")

    async def _activate(self, call: ToolCall) -> ToolOutcome:
        wanted = call.args.get("server")
        server = next((one for one in self._of(call.project_id, call.agent) if one.name == wanted), None)
        if server is None:
            return ToolOutcome(error=f"This server is not configured with an MCP server {wanted!r}.")
        problem = await self._ready(server)
        if problem is not None:
            return ToolOutcome(error=problem, retryable=True)
        tools = [
            {"name": one.tool.name, "description": one.tool.description} for one in server.tools.values()
        ]
        return ToolOutcome(output={"server": server.name, "tools": tools})

    async def probe(self, call: ToolCall, /) -> ToolOutcome | None:
        """The protocol has no question for that."""
        return None

    def settled(self, call: ToolCall, /, *, durable: bool) -> None:
        """No server waits for that."""

    async def close(self) -> None:
        """Closes every connection, and ends the processes."""
        await asyncio.gather(*(server.connection.close() for server in self._servers.values()))


def _offered(tool: Tool) -> ToolOffer:
    return ToolOffer(name=tool.name, description=tool.description, schema=tool.schema)
