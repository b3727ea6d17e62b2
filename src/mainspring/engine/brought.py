"""Owns the tools that a caller brings with a trigger: which a model may call where, and what is refused of them.

A name like `browser__open` belongs to the namespace `browser`: it is offered where the protocol declares an MCP server
of that name whose source is the caller's side (`device`, `consumer`), in the threads that list it. A plain name is
offered in the main thread; of a worker that runs by itself, in all threads. What the protocol declares comes first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from mainspring.model.errors import InvalidRequest
from mainspring.model.json_shape import is_object
from mainspring.model.program import Program, Tool
from mainspring.model.session import Execution, Frame, Thread
from mainspring.model.values import Json

MAIN: Final = "main"
RESERVED: Final = "octavus_"
SEPARATOR: Final = "__"
PLAIN: Final = "plain"
"""The member of a brought tool whose wire knows no namespaces: its name is plain, whatever it looks like."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_brought(tools: Sequence[Mapping[str, Json]]) -> None:
    """Raises `InvalidRequest` for names that no provider takes, that are Mainspring's own, or that come twice."""
    seen: set[str] = set()
    for tool in tools:
        name = str(tool["name"])
        if _NAME.fullmatch(name) is None:
            raise _refused(name, "a name is 1 to 64 letters, digits, _ and -")
        if name.startswith(RESERVED):
            raise _refused(name, f"names that begin with {RESERVED} are Mainspring's own")
        if name in seen:
            raise _refused(name, "it is there twice")
        seen.add(name)


def _refused(name: str, why: str) -> InvalidRequest:
    told = f"The tool {name[:80]!r} cannot be offered: {why}"
    return InvalidRequest(told, code="INVALID_TOOL", details={"param": "tools"})


def brought_tools(execution: Execution, program: Program, frame: Frame, thread: Thread) -> dict[str, Tool]:
    """The brought tools that the model of a thread may call, by name; `schema` is as the caller wrote it."""
    if not execution.tool_schemas:
        return {}
    plain = frame.parent is None and (thread.name == MAIN or program.format == "worker")
    listed = thread.names("mcpServers")
    found: dict[str, Tool] = {}
    for given in execution.tool_schemas:
        name = str(given["name"])
        if name in program.tools or name in program.workers:
            continue
        tool = _tool(given, program, plain=plain, listed=listed)
        if tool is not None:
            found[name] = tool
    return found


def _tool(
    given: Mapping[str, Json], program: Program, *, plain: bool, listed: tuple[str, ...]
) -> Tool | None:
    name = str(given["name"])
    description, schema = str(given.get("description") or ""), given.get("inputSchema")
    tool = Tool(name=name, description=description, schema=schema if is_object(schema) else {})
    prefix, parted, _ = name.partition(SEPARATOR)
    namespace = program.namespaces.get(prefix) if parted else None
    if namespace is not None and namespace.source == "remote":
        return None
    if namespace is not None:
        shown = replace(tool, display=namespace.display, title=namespace.title)
        return shown if prefix in listed else None
    return tool if plain and (not parted or given.get(PLAIN) is True) else None
