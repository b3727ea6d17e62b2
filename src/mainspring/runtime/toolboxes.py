"""Owns finding the box of a tool. The first box of the list that offers a tool runs it; no box: the caller does.

The list that a server is assembled with: the functions of this process, then connected workers, then whatever else it
was given. So a function at hand is never sent across the network, and adding a worker cannot take a tool away from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import is_not

from mainspring.runtime.tool_calls import Toolbox, ToolCall, ToolOfferMap, ToolOutcome

NONE: frozenset[str] = frozenset()
NOBODY = "No tool box of this server runs {tool} any more."
SILENT = "Nobody can say whether {tool} ran."


class Toolboxes:
    """The tool boxes of a server, the first one that offers a tool first."""

    def __init__(self, boxes: Iterable[Toolbox] = ()) -> None:
        self._boxes = tuple(boxes)
        self._known: dict[tuple[str, str], tuple[tuple[ToolOfferMap, ...], frozenset[str]]] = {}

    def boxed(self, project_id: str, agent: str) -> frozenset[str]:
        """The names of all tools that run here for an agent."""
        if not self._boxes:
            return NONE
        offers = tuple(box.offers(project_id, agent) for box in self._boxes)
        known = self._known.get((project_id, agent))
        if known is None or any(map(is_not, known[0], offers)):
            known = (offers, NONE.union(*offers))
            self._known[project_id, agent] = known
        return known[1]

    def find(self, call: ToolCall) -> Toolbox | None:
        """The box that runs a call. One whose tools come and go has those that nobody else has."""
        for box in self._boxes:
            if call.tool in box.offers(call.project_id, call.agent):
                return box
        return next((box for box in self._boxes if box.outlives), None)

    def outlives(self, call: ToolCall) -> bool:
        """Whether a call that this process did not begin may still run somewhere."""
        box = self.find(call)
        return box is not None and box.outlives

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
        """What came of it; `probe`: only asks what became of the attempt before."""
        tool = self.call.tool
        if self._box is None:
            return ToolOutcome(error=NOBODY.format(tool=tool), unknown=probe or self.call.resumed)
        if not probe:
            return await self._box.call(self.call)
        return await self._box.probe(self.call) or ToolOutcome(error=SILENT.format(tool=tool), unknown=True)

    def settled(self, *, durable: bool) -> None:
        """See `Toolbox`."""
        if self._box is not None:
            self._box.settled(self.call, durable=durable)
