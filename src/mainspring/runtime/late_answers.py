"""Owns answers of connected workers to calls that no queue holds any more: the session's journal decides."""

from __future__ import annotations

from mainspring.model.errors import Conflict, NotFound, Unavailable
from mainspring.model.session import Call, State
from mainspring.model.signals import ToolResult
from mainspring.model.tool_work import CallAnswer
from mainspring.runtime.requests import ContinueRequest
from mainspring.runtime.sessions import Sessions

AGAIN = 1
"""Seconds before an answer that cannot be taken yet is to be given again."""


class LateAnswers:
    """Takes an answer where a person is asked what became of the call, or says what was recorded instead."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def take(self, project_id: str, answer: CallAnswer, tools: frozenset[str]) -> None:
        """Returns when the answer is on disk, or was before.

        Raises `NotFound` for a call that is not one of a worker with these `tools`, `Conflict` for one that has
        another result or is over, `Unavailable` while it is about to be tried again.
        """
        state = await self._sessions.state(project_id, answer.session_id)
        call = _open_call(state, answer)
        if call is not None:
            if call.runs != "box" or (call.asked_as or call.tool) not in tools:
                raise NotFound(f"There is no call {answer.call_id!r} of yours.")
            if not call.settled and call.approval is None:
                raise Unavailable("The call is about to be tried again.", details={"retryAfter": AGAIN})
            if not call.settled and answer.retryable:
                raise Conflict("A person is asked what to do with this call.", code="OUT_OF_DATE")
        result = ToolResult(
            tool_call_id=answer.call_id, result=answer.result, error=answer.error, files=answer.files
        )
        await self._sessions.resume_with(
            project_id,
            answer.session_id,
            ContinueRequest(execution_id=answer.execution_id, results=(result,)),
        )


def _open_call(state: State, answer: CallAnswer) -> Call | None:
    execution = state.execution
    if execution is None or execution.id != answer.execution_id:
        return None
    return execution.calls.get(answer.call_id)
