"""Owns the wait of a model call for the MCP servers whose tools it offers at once: they are connected before it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from mainspring.model.signals import Complete
from mainspring.runtime.tool_servers import ToolServers

log = logging.getLogger("mainspring.host")


class Connecting:
    """The model calls of a session that wait. `begin`: told when one need not wait any more."""

    def __init__(self, servers: ToolServers, begin: Callable[[Complete], None]) -> None:
        self._servers = servers
        self._begin = begin
        self._waiting: dict[tuple[str, int], asyncio.Task[None]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def waits(self, effect: Complete, project_id: str, agent: str, namespaces: Collection[str]) -> bool:
        """Whether a model call has to wait, now that `namespaces` are what it offers at once."""
        unheard = namespaces and self._servers.unheard(project_id, agent, namespaces)
        if not unheard:
            return False
        key = (effect.generation_id, effect.attempt)
        if key not in self._waiting:
            work = self._connect(effect, project_id, agent, unheard)
            self._waiting[key] = asyncio.get_running_loop().create_task(work, name=f"connect for {key[0]}")
        return True

    async def _connect(
        self, effect: Complete, project_id: str, agent: str, namespaces: Collection[str]
    ) -> None:
        try:
            await self._servers.ready(project_id, agent, namespaces)
        finally:
            del self._waiting[effect.generation_id, effect.attempt]
        self._begin(effect)

    def cancel(self) -> None:
        """Nobody waits any more."""
        for task in list(self._waiting.values()):
            task.cancel()
