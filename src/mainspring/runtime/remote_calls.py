"""Owns what all call queues do alike: how long they wait, what they give to workers, what tells answers apart."""

from __future__ import annotations

import hashlib

import msgspec

from mainspring.model.errors import NotFound
from mainspring.model.tool_work import WORKER_UNKNOWN, AnswerTaken, CallAnswer, PulledCall, Welcome
from mainspring.model.values import Value
from mainspring.runtime.tool_calls import ToolCall, ToolOutcome

LOST = "The worker {label} was lost while it ran this call."
LEFT = "The worker {label} left before it had answered."
FORGOTTEN = "The worker {label} no longer knows of this call."
UNCLAIMED = "The server was started anew, and no worker says that it runs this call."
NOBODY_CAME = "No worker that runs {tool} is connected."


class Patience(Value, frozen=True, kw_only=True):
    """How long is waited, in seconds.

    `lease`: for a word of a worker before it is lost. `grace`: for a worker before a call of its tool fails, and as
    long the tool counts as a worker's after the last one went. `poll`: how long a pull is held open. `expected`: names
    that are workers' even when none is connected.
    """

    lease: float = 15.0
    grace: float = 60.0
    poll: float = 20.0
    expected: frozenset[str] = frozenset()

    def welcome(self, drop: tuple[str, ...]) -> Welcome:
        """What a worker that announced itself is told."""
        return Welcome(lease=self.lease, heartbeat=self.lease / 3, poll=self.poll, drop=drop)


def pulled_call(call: ToolCall) -> PulledCall:
    """What a worker is given of a call."""
    return PulledCall(
        call_id=call.call_id,
        attempt=call.attempt,
        tool=call.tool,
        args=call.args,
        session_id=call.session_id,
        execution_id=call.execution_id,
        agent=call.agent,
        deadline=call.deadline,
        sender=call.sender,
    )


def answer_digest(answer: CallAnswer) -> str:
    """What tells two answers apart."""
    told = (answer.result, answer.error, answer.files)
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


def outcome_of(answer: CallAnswer) -> ToolOutcome:
    """What an answer means for the call."""
    return ToolOutcome(
        output=answer.result,
        error=answer.error,
        files=answer.files,
        retryable=answer.retryable,
        retry_after=answer.retry_after,
    )


def contradicted(call_id: str) -> AnswerTaken:
    """What the giver of another answer is told."""
    return AnswerTaken(
        call_id=call_id,
        status=409,
        code="RESULT_CONFLICT",
        error=f"Call {call_id} has another result already.",
    )


def unknown_worker(worker_id: str) -> NotFound:
    """What a worker is told that was not heard of, or not for long."""
    return NotFound(
        f"There is no worker {worker_id!r}: it has to announce itself (again).", code=WORKER_UNKNOWN
    )
