"""Owns the tool box of this process: plain Python functions, async ones on the event loop, others in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from mainspring.client.errors import ToolError
from mainspring.client.tools import Tool, ToolContext, ToolsGiven, failed, succeeded, tools_of
from mainspring.model.stream_events import PendingToolCall
from mainspring.runtime.tool_calls import ToolCall, ToolOffer, ToolOfferMap, ToolOutcome

THREADS = 32
"""How many functions that are not async run at the same time; the others wait."""
CUT = "The server was ended while this call ran."
NOT_RUN = "The call has not run."


class FunctionBox:
    """A `Toolbox` of functions, for every project and agent. Raises `InvalidTool` for what cannot be a tool."""

    name = "functions"
    outlives = False

    def __init__(
        self, tools: ToolsGiven, *, probes: ToolsGiven | None = None, threads: int = THREADS
    ) -> None:
        self._tools: dict[str, Tool] = {}
        self._probes: dict[str, Tool] = {}
        self._offers: ToolOfferMap = {}
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mainspring-tool")
        self.replace(tools, probes=probes)

    def replace(self, tools: ToolsGiven, *, probes: ToolsGiven | None = None) -> None:
        """Other functions from the next call on; what runs goes on. Raises `InvalidTool`, then nothing changes."""
        read, probing = tools_of(tools), tools_of(probes or {})
        self._offers = {
            name: ToolOffer(name=name, description=tool.description, schema=tool.schema)
            for name, tool in read.items()
        }
        self._tools, self._probes = read, probing

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The functions, by the names of their tools."""
        return self._tools

    def offers(self, project_id: str, agent: str, /) -> ToolOfferMap:
        """The same for everybody."""
        return self._offers

    async def call(self, call: ToolCall, /) -> ToolOutcome:
        """Runs the function; what it raises is the outcome. One that was cut by the end of a process is `unknown`."""
        if call.resumed:
            return ToolOutcome(error=CUT, unknown=True)
        tool = self._tools.get(call.tool)
        if tool is None:
            return ToolOutcome(error=f"The function of {call.tool} is no longer there.")
        return await self._run(tool, call)

    async def probe(self, call: ToolCall, /) -> ToolOutcome | None:
        """What the tool's probe returns; if that is None, the call has not run. Without a probe nobody can tell."""
        probe = self._probes.get(call.tool)
        if probe is None:
            return None
        outcome = await self._run(probe, call)
        if outcome.error is not None:
            return ToolOutcome(error=outcome.error, unknown=True)
        return ToolOutcome(error=NOT_RUN, retryable=True) if outcome.output is None else outcome

    async def _run(self, tool: Tool, call: ToolCall) -> ToolOutcome:
        pending = PendingToolCall(
            tool_call_id=call.call_id, tool_name=call.tool, args=call.args, source="llm"
        )
        try:
            value = await tool.value(pending, _context(call), self._pool)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return ToolOutcome(error=failed(pending, _told(error)).error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a tool raises is its outcome
            again = error if isinstance(error, ToolError) else ToolError("")
            return ToolOutcome(
                error=failed(pending, _told(error)).error,
                retryable=again.retryable,
                retry_after=again.retry_after,
            )
        result = succeeded(pending, value)
        return ToolOutcome(output=result.result, error=result.error)

    def settled(self, call: ToolCall, /, *, durable: bool) -> None:
        """Nobody here waits for that."""

    async def close(self) -> None:
        """Starts nothing more; functions in threads cannot be ended, their outcomes are lost."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _told(error: BaseException) -> Exception:
    """An error to be told to the model; leaving the process is no tool's business."""
    return error if isinstance(error, Exception) else RuntimeError(type(error).__name__)


def _context(call: ToolCall) -> ToolContext:
    return ToolContext(
        call_id=call.call_id,
        tool_name=call.tool,
        session_id=call.session_id,
        execution_id=call.execution_id,
        attempt=call.attempt,
        deadline=call.deadline,
        sender=call.sender,
    )
