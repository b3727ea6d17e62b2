"""Owns a journal in which people are asked: about calls that are allowed, changed, denied, let go, unknown."""

from __future__ import annotations

from typing import Any

from mainspring.model.facts import Paused
from mainspring.model.stream_events import (
    PendingToolCall,
    ToolApprovalRequest,
    ToolApprovalResponse,
    ToolRequest,
    WorkerResult,
    WorkerStart,
)
from mainspring.wires.turns import Turn
from tests.wires.foreign import turn
from tests.wires.journal import (
    AT,
    Journal,
    added,
    asked,
    available,
    begun,
    block,
    block_over,
    called,
    finished,
    round_closed,
    said,
    settled,
    text,
    tool,
)

PAUSED = Paused(execution_id="e1")
_ENDS = (b'{"type":"tool-request"', b'{"type":"paused"')


def wanted(call_id: str, name: str, number: int = 1, **given: Any) -> ToolApprovalRequest:
    """A person is asked about a call; `args` are its arguments."""
    return ToolApprovalRequest(
        approval_id=f"apr_{call_id}_{number}",
        tool_call_id=call_id,
        tool_name=name,
        input=given.pop("args", {}),
        execution_id="e1",
        **given,
    )


def answer(call_id: str, number: int = 1, *, approved: bool = True, **given: Any) -> ToolApprovalResponse:
    """What was said about a call."""
    return ToolApprovalResponse(
        approval_id=f"apr_{call_id}_{number}", tool_call_id=call_id, approved=approved, **given
    )


def pending(call_id: str, name: str, **args: Any) -> ToolRequest:
    """The caller is asked for a call."""
    call = PendingToolCall(tool_call_id=call_id, tool_name=name, args=args, source="llm")
    return ToolRequest(tool_calls=(call,), execution_id="e1")


def approvals() -> Journal:
    """A turn that asks people about five calls in three legs.

    `c1` is the server's and runs with other arguments, `c2` the caller's, `c3` is denied, `c4` is hidden and in a
    worker, of `c5` nobody knew whether it ran until somebody brought its result.
    """
    journal = Journal().add(*begun(), added("u1", text("Pay.")), *block(), asked())
    journal.call("c1", "pay", '{"amount":', "500}", display="stream", title="Pays")
    journal.call("c2", "look", "{}", display="stream")
    journal.call("c3", "pay", '{"amount":9}', display="stream")
    journal.call("c5", "pay", '{"amount":1}', display="stream")
    journal.add(
        said(
            ("c1", tool("c1", "pay", amount=500)),
            ("c2", tool("c2", "look")),
            ("c3", tool("c3", "pay", amount=9)),
            ("c5", tool("c5", "pay", amount=1)),
        ),
        called("c1", "pay"),
        available("c1", "pay", amount=500),
        wanted("c1", "pay", args={"amount": 500}, reason="amount > 100", expires_at=AT + 60),
        called("c2", "look"),
        available("c2", "look"),
        wanted("c2", "look"),
        called("c3", "pay"),
        available("c3", "pay", amount=9),
        wanted("c3", "pay", args={"amount": 9}),
        called("c5", "pay"),
        available("c5", "pay", amount=1),
        wanted("c5", "pay", args={"amount": 1}, kind="unknown-outcome", reason="The worker was lost."),
        WorkerStart(worker_id="wrk_1", worker_slug="finder"),
        asked(2, frame="wrk_1", thread="work"),
        wanted("c4", "secret-audit", args={"note": "n"}, worker_id="wrk_1"),
        PAUSED,
        answer("c1", input={"amount": 50}, by="ada"),
        answer("c2"),
        answer("c3", approved=False, reason="No."),
        settled("c3", "pay", ran="synthetic", error="Not run: a person denied this call.", display="stream"),
        settled("c1", "pay", ran="box", output="paid", display="stream"),
        pending("c2", "look"),
        settled("c2", "look", output="seen", display="stream"),
        PAUSED,
        answer("c5", approved=False, cause="answered"),
        settled("c5", "pay", ran="box", output="paid", display="stream"),
        answer("c4", approved=False, cause="expired", worker_id="wrk_1"),
        settled("c4", "secret-audit", ran="synthetic", error="Not run.", worker_id="wrk_1", display="hidden"),
        WorkerResult(worker_id="wrk_1", output="A spring."),
        round_closed(),
        asked(3),
    )
    journal.text("x2", "Done.")
    return journal.add(said(("x2", text("Done.")), number=3), *block_over(), *finished())


def legs(journal: Journal) -> list[Turn]:
    """A turn as its client reads it: from its beginning, and after each end of a leg."""
    ends = [row.last for row in journal.rows if row.data.startswith(_ENDS)]
    return [turn(after=after, message_id="m1") for after in (0, *ends)]


def before(journal: Journal, mark: bytes) -> Journal:
    """The journal up to the last event that begins so, and with it."""
    last = max(index for index, row in enumerate(journal.rows) if row.data.startswith(mark))
    cut = Journal()
    cut.rows = journal.rows[: last + 1]
    return cut
