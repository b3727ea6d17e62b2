"""Owns running the calls of a connected worker: each once, side by side; what a function raises is its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor

from mainspring.client.errors import ToolError
from mainspring.client.tools import Tool, ToolContext, failed, succeeded
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import PendingToolCall
from mainspring.model.tool_work import CallAnswer, PulledCall, RunningCall


class Runner:
    """Runs calls by the functions of their tools; `answered` is told of each end, unless it was dropped."""

    def __init__(
        self, tools: Mapping[str, Tool], threads: Executor, answered: Callable[[CallAnswer], None]
    ) -> None:
        self._tools = tools
        self._threads = threads
        self._answered = answered
        self.running: dict[str, tuple[PulledCall, asyncio.Task[None]]] = {}

    def begin(self, call: PulledCall) -> None:
        """Runs a call; one that runs already is the same call, and goes on."""
        if call.call_id not in self.running:
            task = asyncio.get_running_loop().create_task(self._run(call), name=f"call {call.call_id}")
            self.running[call.call_id] = (call, task)

    def drop(self, call_id: str) -> None:
        """Nobody waits for the answer any more. A function in a thread goes on to its end all the same."""
        held = self.running.pop(call_id, None)
        if held is not None:
            held[1].cancel()

    def cancel(self) -> None:
        """Drops everything."""
        for call_id in list(self.running):
            self.drop(call_id)

    def calls(self, answers: Mapping[str, CallAnswer]) -> tuple[RunningCall, ...]:
        """What runs or was answered, for the server."""
        held = [RunningCall(call_id=call.call_id, attempt=call.attempt) for call, _ in self.running.values()]
        return (
            *held,
            *(RunningCall(call_id=one.call_id, attempt=one.attempt) for one in answers.values()),
        )

    async def _run(self, call: PulledCall) -> None:
        answer = await self.answer(call)
        held = self.running.get(call.call_id)
        if held is not None and held[1] is asyncio.current_task():
            del self.running[call.call_id]
            self._answered(answer)

    async def answer(self, call: PulledCall) -> CallAnswer:
        """Runs a call to its end; what the function raises is the answer."""
        pending = PendingToolCall(
            tool_call_id=call.call_id, tool_name=call.tool, args=call.args, source="llm"
        )
        tool = self._tools.get(call.tool)
        if tool is None:
            return _told(call, failed(pending, ToolError(f"There is no function for {call.tool} here.")))
        try:
            value = await tool.value(pending, _context(call), self._threads)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return _told(call, failed(pending, RuntimeError(type(error).__name__)))
        except ToolError as error:
            return _told(call, failed(pending, error), error)
        except Exception as error:  # noqa: BLE001 - whatever a tool raises is its answer
            return _told(call, failed(pending, error))
        except SystemExit as error:
            return _told(call, failed(pending, RuntimeError(type(error).__name__)))
        return _told(call, succeeded(pending, value))


def _told(call: PulledCall, result: ToolResult, error: ToolError | None = None) -> CallAnswer:
    return CallAnswer(
        call_id=call.call_id,
        session_id=call.session_id,
        execution_id=call.execution_id,
        attempt=call.attempt,
        result=result.result,
        error=result.error,
        files=result.files,
        retryable=error is not None and error.retryable,
        retry_after=None if error is None else error.retry_after,
    )


def _context(call: PulledCall) -> ToolContext:
    return ToolContext(
        call_id=call.call_id,
        tool_name=call.tool,
        session_id=call.session_id,
        execution_id=call.execution_id,
        attempt=call.attempt,
        deadline=call.deadline,
        sender=call.sender,
    )
