"""Owns the tool box of connected workers: processes elsewhere that pull their calls from a queue."""

from __future__ import annotations

from collections.abc import Mapping

from mainspring.model.tool_work import RemoteTool
from mainspring.runtime.call_queue import CallQueue
from mainspring.runtime.tool_calls import ToolCall, ToolOffer, ToolOfferMap, ToolOutcome


class ConnectedBox:
    """A `Toolbox` over a `CallQueue`."""

    name = "connected workers"
    outlives = True

    def __init__(self, queue: CallQueue) -> None:
        self._queue = queue
        self._known: dict[str, tuple[Mapping[str, RemoteTool], ToolOfferMap]] = {}

    def offers(self, project_id: str, agent: str, /) -> ToolOfferMap:
        """The tools of the project's workers, for every agent of it."""
        there = self._queue.offers(project_id)
        known = self._known.get(project_id)
        if known is None or known[0] is not there:
            known = (there, {name: _offered(tool) for name, tool in there.items()})
            self._known[project_id] = known
        return known[1]

    async def call(self, call: ToolCall, /) -> ToolOutcome:
        """Waits for a worker, and for its answer."""
        return await self._queue.give(call)

    async def probe(self, call: ToolCall, /) -> ToolOutcome | None:
        """A worker cannot be asked without running the call."""
        return None

    def settled(self, call: ToolCall, /, *, durable: bool) -> None:
        """The worker that answered may be told."""
        self._queue.settled(call, durable=durable)

    async def close(self) -> None:
        """Closes the queue."""
        await self._queue.close()


def _offered(tool: RemoteTool) -> ToolOffer:
    return ToolOffer(name=tool.name, description=tool.description, schema=tool.input_schema)
