"""Owns the tool calls under way of one session: begun once, given up when nobody waits for them any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from mainspring.model.signals import CallTool, Effect
from mainspring.runtime.tool_calls import ToolCall, ToolOutcome
from mainspring.runtime.toolboxes import BoxedCall, Toolboxes

log = logging.getLogger("mainspring.tools")
Key = tuple[str, int]
Ended = Callable[[CallTool, ToolOutcome], asyncio.Future[None]]
"""Told of an attempt's end; done when that is on disk, cancelled or failed if it could not be recorded."""


def key_of(effect: Effect) -> Key:
    """What tells one attempt at an effect from another."""
    return effect.call_id if isinstance(effect, CallTool) else effect.generation_id, effect.attempt


class ToolRuns:
    """Attempts at tool calls. `inherited`: those that a process before this one may have begun."""

    def __init__(self, boxes: Toolboxes, ended: Ended, inherited: Collection[Key]) -> None:
        self._boxes = boxes
        self._ended = ended
        self._inherited = frozenset(inherited)
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def __bool__(self) -> bool:
        return bool(self._running)

    def was_begun(self, effect: CallTool) -> bool:
        """Whether a process before this one may have begun it."""
        return key_of(effect) in self._inherited

    def begin(self, effect: CallTool, call: ToolCall) -> None:
        """Performs an attempt, unless it runs already."""
        key = key_of(effect)
        if key not in self._running:
            boxed = BoxedCall(self._boxes, call)
            task = asyncio.get_running_loop().create_task(
                self._perform(effect, boxed), name=f"call {effect.call_id}"
            )
            self._running[key] = task

    def keep(self, planned: Collection[Key]) -> None:
        """Gives up what is not planned any more: it was stopped, or its time is over."""
        for key in [key for key in self._running if key not in planned]:
            self._running.pop(key).cancel()

    def cancel(self) -> None:
        """Gives up everything: the process ends, or another one has the session."""
        self.keep(())

    async def _perform(self, effect: CallTool, boxed: BoxedCall) -> None:
        key = key_of(effect)
        try:
            outcome = await boxed.run(probe=effect.probe)
        except Exception:
            log.exception("a tool box failed in our own code (%s)", effect.call_id)
            outcome = ToolOutcome(error="The server failed while it ran this call.", unknown=True)
        task = asyncio.current_task()
        if task is None or self._running.get(key) is not task:
            boxed.settled(durable=False)
            return
        # Nobody may cancel it from here on: the outcome is being recorded.
        del self._running[key]
        self._ending.add(task)
        durable = False
        try:
            await asyncio.shield(self._ended(effect, outcome))
            durable = True
        except Exception as error:  # noqa: BLE001 - whoever drives the session was told; here it only means "not kept"
            log.warning("the outcome of %s was not recorded: %s", effect.call_id, error)
        finally:
            self._ending.discard(task)
            boxed.settled(durable=durable)
