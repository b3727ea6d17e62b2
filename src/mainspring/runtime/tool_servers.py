"""Owns the port of MCP servers: which tools they have now, and getting those that are not connected yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Protocol

from mainspring.model.served import NO_SERVERS, ServedTools


class ToolServers(Protocol):
    """The MCP servers that the operator lets agents use. No method raises anything but `CancelledError`."""

    def servers(self, project_id: str, agent: str, /) -> Mapping[str, ServedTools]:
        """Those of an agent, by namespace; asked for at every decision, so without I/O.

        The same object as long as nothing has changed.
        """
        ...

    def unheard(self, project_id: str, agent: str, namespaces: Collection[str], /) -> frozenset[str]:
        """Those of them that have not told their tools to this process yet, and may be asked now."""
        ...

    async def ready(self, project_id: str, agent: str, namespaces: Collection[str], /) -> None:
        """Returns when each of them has told its tools or failed to; takes no longer than connecting may."""
        ...


class NoServers:
    """A `ToolServers` without any."""

    def servers(self, project_id: str, agent: str, /) -> Mapping[str, ServedTools]:
        """None."""
        return NO_SERVERS

    def unheard(self, project_id: str, agent: str, namespaces: Collection[str], /) -> frozenset[str]:
        """None."""
        return frozenset()

    async def ready(self, project_id: str, agent: str, namespaces: Collection[str], /) -> None:
        """At once."""


NO_TOOL_SERVERS: Final[ToolServers] = NoServers()
