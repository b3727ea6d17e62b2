"""Owns the tools of MCP servers that Mainspring itself reaches: where they may be called, and how a model gets to them.

A server is listed in a thread by its namespace, or stands for itself on demand. One that is eager, or on this server's
device, has its tools offered at once; of a lazy one the model learns by `octavus_mcp_list`, and has them from
`octavus_mcp_activate` on, as long as the frame lives: in the main frame, as long as the session.
"""

from __future__ import annotations

from collections.abc import Mapping

from mainspring.engine.turn import Library, Turn
from mainspring.model.generation import ToolSpec
from mainspring.model.program import Namespace, Program, Tool
from mainspring.model.served import ACTIVATE, LIST, ServedTools
from mainspring.model.session import Frame, Scope, Thread
from mainspring.model.values import Json, Value

NONE: Mapping[str, Tool] = {}


class Reach(Value, frozen=True, kw_only=True):
    """A server that a thread may use: what the protocol says of it, and what is known of it; None: nothing."""

    namespace: Namespace
    server: ServedTools | None
    direct: bool


def reached(library: Library, program: Program, thread: Thread) -> dict[str, Reach]:
    """The servers that a thread may use, those it lists first."""
    found: dict[str, Reach] = {}
    for name in thread.names("mcpServers"):
        namespace = program.namespaces.get(name)
        if namespace is None:
            continue
        server = library.servers.get(name)
        server = server if server is not None and server.source == namespace.source else None
        if server is not None or namespace.source == "remote":
            direct = namespace.eager or namespace.source == "device"
            found[name] = Reach(namespace=namespace, server=server, direct=direct)
    if "remote" in thread.names("onDemandMcpServers"):
        shown = program.on_demand or Namespace(name="", source="remote")
        for name, server in library.servers.items():
            if server.source == "remote" and name not in program.namespaces:
                found[name] = Reach(namespace=shown, server=server, direct=False)
    return found


def direct_servers(turn: Turn, frame: Frame) -> frozenset[str]:
    """The servers whose tools the model call that a frame waits for offers without their being activated."""
    if frame.generation is None:
        return frozenset()
    thread = turn.scope(frame.id).threads[frame.generation.thread]
    found = reached(turn.library, turn.program(frame), thread)
    return frozenset(name for name, one in found.items() if one.direct)


def served_tools(library: Library, program: Program, scope: Scope, thread: Thread) -> dict[str, Tool]:
    """The tools that the model of a thread may call now, by full name."""
    found: dict[str, Tool] = {}
    if not library.servers:
        return found
    for name, one in reached(library, program, thread).items():
        if one.server is None or not (one.direct or name in scope.servers):
            continue
        shown = one.namespace
        for tool in one.server.tools.values():
            if tool.name not in program.tools and tool.name not in program.workers:
                found[tool.name] = Tool(
                    name=tool.name,
                    description=tool.description,
                    schema=tool.schema,
                    display=shown.display,
                    title=shown.title,
                )
    return found


def served_specs(library: Library, program: Program, thread: Thread) -> list[ToolSpec]:
    """The built-in tools by which a model gets to the servers that are not offered at once."""
    lazy = [name for name, one in reached(library, program, thread).items() if not one.direct]
    if not lazy and "remote" not in thread.names("onDemandMcpServers"):
        return []
    name: dict[str, Json] = {"type": "string", "description": "The name of the server."}
    return [
        ToolSpec(
            name=LIST,
            description="List the servers of tools that you may use, with what each is about.",
            schema={"type": "object", "properties": {}, "additionalProperties": False},
        ),
        ToolSpec(
            name=ACTIVATE,
            description="Get the tools of a server; you may call them from your next step on.",
            schema={
                "type": "object",
                "properties": {"server": name},
                "required": ["server"],
                "additionalProperties": False,
            },
        ),
    ]


def list_servers(turn: Turn, frame: Frame, thread: Thread) -> Json:
    """What `octavus_mcp_list` answers."""
    program, active = turn.program(frame), turn.scope(frame.id).servers
    return [
        {
            "server": name,
            "description": _described(one),
            "active": one.direct or name in active,
            "available": one.server is not None,
        }
        for name, one in reached(turn.library, program, thread).items()
    ]


def _described(one: Reach) -> str:
    own = "" if one.server is None else one.server.description
    return (one.namespace.description if one.namespace.name else own) or own


def cannot_activate(turn: Turn, frame: Frame, thread: Thread, args: dict[str, Json]) -> str | None:
    """Why `octavus_mcp_activate` cannot be run with these arguments; None: it can."""
    found = reached(turn.library, turn.program(frame), thread)
    wanted = args.get("server")
    one = found.get(wanted) if isinstance(wanted, str) else None
    if one is None:
        return f"There is no server {wanted!r}. Servers: {', '.join(found) or 'none'}."
    return f"The server {wanted} is not configured where this agent runs." if one.server is None else None
