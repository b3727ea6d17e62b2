"""Owns finding the box of a tool. The first box of the list that offers a tool runs it; no box: the caller does.

The list that a server is assembled with: the functions of this process, then connected workers, then whatever else it
was given. So a function at hand is never sent across the network, and adding a worker cannot take a tool away from it.
"""

from __future__ import annotations

from collections.abc import Iterable

from mainspring.runtime.tool_calls import Toolbox, ToolCall, ToolOutcome

NOBODY = "No tool box of this server runs {tool} any more."


class Toolboxes:
    """The tool boxes of a server, the first one that offers a tool first."""

    def __init__(self, boxes: Iterable[Toolbox] = ()) -> None:
        self._boxes = tuple(boxes)

    def boxed(self, project_id: str, agent: str) -> frozenset[str]:
        """The names of all tools that run here for an agent."""
        if not self._boxes:
            return frozenset()
        return frozenset[str]().union(*(box.offers(project_id, agent) for box in self._boxes))

    def find(self, call: ToolCall) -> Toolbox | None:
        """The box that runs a call."""
        for box in self._boxes:
            if call.tool in box.offers(call.project_id, call.agent):
                return box
        return None

    async def close(self) -> None:
        """Closes every box."""
        for box in self._boxes:
            await box.close()


class BoxedCall:
    """One attempt as a host performs it. `box` None: the tool was boxed when it was asked for, and is no more."""

    def __init__(self, boxes: Toolboxes, call: ToolCall) -> None:
        self.call = call
        self._box = boxes.find(call)

    async def run(self, *, probe: bool) -> ToolOutcome:
        """What came of it; `probe`: first ask whether an earlier attempt took effect."""
        if self._box is None:
            if self.call.resumed:
                return ToolOutcome(error=NOBODY.format(tool=self.call.tool), unknown=True)
            return ToolOutcome(error=NOBODY.format(tool=self.call.tool))
        if probe:
            found = await self._box.probe(self.call)
            if found is not None:
                return found
        return await self._box.call(self.call)

    def settled(self, *, durable: bool) -> None:
        """See `Toolbox`."""
        if self._box is not None:
            self._box.settled(self.call, durable=durable)
