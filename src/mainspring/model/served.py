"""Owns what a session knows of an MCP server that Mainspring itself talks to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from mainspring.model.program import Tool
from mainspring.model.values import Value

SEPARATOR: Final = "__"
"""Between the namespace of a server and the name of its tool."""
LIST: Final = "octavus_mcp_list"
"""The tool that tells a model which servers it may use."""
ACTIVATE: Final = "octavus_mcp_activate"
"""The tool that makes the tools of a server ones that the model may call."""


class ServedTools(Value, frozen=True, kw_only=True):
    """A server and its tools by full name (`files__read`); `source` is what a protocol has to call it."""

    namespace: str
    source: Literal["remote", "device"]
    description: str = ""
    tools: dict[str, Tool] = {}


NO_SERVERS: Final[Mapping[str, ServedTools]] = MappingProxyType({})
