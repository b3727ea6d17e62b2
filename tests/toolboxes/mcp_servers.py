"""Owns MCP servers for tests: tools that a test gives, connections that it cuts, a clock that it moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from mainspring.runtime.tool_calls import ToolCall
from mainspring.testing.clock import ManualClock
from mainspring.toolboxes.mcp import McpBox
from mainspring.toolboxes.mcp_peer import ListedTool, Peer, PeerGone, PeerRefused
from mainspring.toolboxes.mcp_pins import Pins
from mainspring.toolboxes.mcp_settings import McpServer, parse_servers

NUMBERS = {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}}


def listed(name: str, description: str = "", schema: dict[str, Any] | None = None) -> ListedTool:
    """A tool as a server lists it."""
    return ListedTool(name=name, description=description or f"Does {name}.", schema=schema or NUMBERS)


def text(said: str, **more: Any) -> dict[str, Any]:
    """A result of one text."""
    return {"content": [{"type": "text", "text": said}], **more}


class FakeServer:
    """A server. `down`: why nobody can connect; `mute`: connecting never ends; `answer`: what a call gives."""

    def __init__(self, *tools: ListedTool) -> None:
        self.listing = list(tools)
        self.down: str | None = None
        self.mute = False
        self.dialled = 0
        self.open = 0
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.cancelled = 0
        self.gate: asyncio.Event | None = None
        self.answer: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda name, args: text(f"{name} ran")
        self.ended: Callable[[str], None] = lambda why: None
        self.changed: Callable[[], None] = lambda: None

    def die(self) -> None:
        """The connection is cut."""
        self.ended("the server has ended.")

    def relist(self, *tools: ListedTool) -> None:
        """Other tools from now on, and the client is told."""
        self.listing = list(tools)
        self.changed()


class FakePeer:
    """An open connection to a fake server."""

    version = "2026-07-28"

    def __init__(self, server: FakeServer) -> None:
        self._server = server

    async def tools(self) -> list[ListedTool]:
        """As the server lists them."""
        return list(self._server.listing)

    async def call(self, name: str, args: dict[str, Any], /) -> dict[str, Any]:
        """What the test says."""
        self._server.calls.append((name, args))
        try:
            if self._server.gate is not None:
                await self._server.gate.wait()
            return self._server.answer(name, args)
        except asyncio.CancelledError:
            self._server.cancelled += 1
            raise


class Town:
    """Fake servers by name, and the box over them."""

    def __init__(self, clock: ManualClock, pins: Pins | None = None, /, **tables: dict[str, Any]) -> None:
        self.clock = clock
        self.fakes = {name: FakeServer(listed("add")) for name in tables}
        entries = {
            name: {"url": f"https://{name}.example/mcp", **table} if "command" not in table else table
            for name, table in tables.items()
        }
        self.settings = dict(parse_servers(entries))
        self._names = {id(server): name for name, server in self.settings.items()}
        self.pins = pins or Pins()
        self.box = McpBox(self.settings, dial=self.dial, clock=clock, pins=self.pins)

    def __getitem__(self, name: str) -> FakeServer:
        return self.fakes[name]

    def dial(
        self, server: McpServer, /, *, changed: Callable[[], None], ended: Callable[[str], None]
    ) -> AbstractAsyncContextManager[Peer]:
        """A `Dial`."""
        fake = self.fakes[self._names[id(server)]]
        fake.changed, fake.ended = changed, ended
        return _connected(fake)

    async def call(self, tool: str, **args: Any) -> Any:
        """The outcome of a call, however long the clock has to be moved for it."""
        task = asyncio.ensure_future(self.box.call(tool_call(tool, **args)))
        await self.clock.advance(0)
        return await task


@asynccontextmanager
async def _connected(fake: FakeServer) -> AsyncGenerator[Peer, None]:
    fake.dialled += 1
    if fake.mute:
        await asyncio.Event().wait()
    if fake.down is not None:
        raise PeerGone(fake.down, sent=False)
    fake.open += 1
    try:
        yield FakePeer(fake)
    finally:
        fake.open -= 1


def tool_call(tool: str, /, *, agent: str = "helper", project: str = "default", **args: Any) -> ToolCall:
    """A call as a session makes it."""
    return ToolCall(
        call_id="call_1",
        attempt=1,
        tool=tool,
        args=args,
        project_id=project,
        session_id="ses_1",
        execution_id="exe_1",
        agent=agent,
    )


def refuses(_name: str, _args: dict[str, Any]) -> dict[str, Any]:
    """A server that answers with an error of the protocol."""
    raise PeerRefused("Invalid arguments")


def loses(_name: str, _args: dict[str, Any]) -> dict[str, Any]:
    """A connection that breaks under a call."""
    raise PeerGone("the connection was closed.", sent=True)
