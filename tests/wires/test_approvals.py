"""Tells how people are asked on each wire: every byte of every leg, replays, what is taken back from each client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mainspring.model.errors import InvalidRequest
from mainspring.model.signals import ApprovalAnswer
from mainspring.wires.ag_ui import AgUiWriter
from mainspring.wires.ag_ui_requests import ParsedAnswers, ParsedAsk, parse_run
from mainspring.wires.ag_ui_runs import Run
from mainspring.wires.ai_sdk import AiSdkWriter
from mainspring.wires.ai_sdk_messages import ai_sdk_messages
from mainspring.wires.ai_sdk_requests import ParsedOutputs, parse_chat
from mainspring.wires.conversation_items import conversation_items
from mainspring.wires.responses_requests import parse_response_request
from mainspring.wires.turns import Turn
from tests.conftest import TESTS
from tests.wires.foreign import events, of_type, read_as, turn
from tests.wires.journal import AT, Journal
from tests.wires.openai_types import check_event, check_numbers, check_response, replay, responses
from tests.wires.people import approvals, before, legs

GOLDEN = TESTS / "golden" / "wires"
ALL = frozenset(("apr_c1_1", "apr_c2_1", "apr_c3_1", "apr_c4_1", "apr_c5_1", "c1", "c2", "c3", "c4", "c5"))
_PAUSED = b'{"type":"paused"'


def ag_ui(given: Turn) -> AgUiWriter:
    return AgUiWriter(given, Run(thread_id="t1", run_id="r1"))


WIRES: dict[str, Callable[[Turn], Any]] = {
    "ai-sdk": AiSdkWriter,
    "ag-ui": ag_ui,
    "responses": responses,
}


@pytest.mark.parametrize("name", WIRES)
def test_every_byte_of_every_leg(golden: Any, name: str) -> None:
    journal = approvals()
    shown = [read_as(WIRES[name], journal, given).decode() for given in legs(journal)]
    golden(GOLDEN / f"{name}-approvals.txt", "---- next leg\n\n".join(shown))


def ends(name: str, given: Turn, journal: Journal) -> dict[str, Any]:
    return dict(events(read_as(WIRES[name], journal, given))[-1])


def parts_of(journal: Journal) -> dict[str, dict[str, Any]]:
    """The tool parts that `useChat` would be given after a reload."""
    answered = ai_sdk_messages(journal.rows)[-1]
    return {part["toolCallId"]: part for part in answered["parts"] if part["type"].startswith("tool-")}


def test_the_messages_of_use_chat_after_a_reload() -> None:
    asked = parts_of(before(approvals(), _PAUSED[:-1] + b'"'))["c5"]
    assert (asked["state"], asked["approval"]["descriptor"]) == (
        "approval-requested",
        {"kind": "unknown-outcome"},
    )
    waiting = parts_of(before(approvals(), b'{"type":"tool-approval-response","approvalId":"apr_c2'))
    assert waiting["c1"] | {"title": ""} == {
        "type": "tool-pay",
        "toolCallId": "c1",
        "title": "",
        "state": "approval-responded",
        "input": {"amount": 50},
        "providerExecuted": True,
        "approval": {
            "id": "apr_c1_1",
            "descriptor": {"kind": "approval", "expiresAt": AT + 60},
            "requestReason": "amount > 100",
            "approved": True,
        },
    }
    whole = parts_of(approvals())
    assert {
        call_id: (part["state"], part["providerExecuted"], part["approval"]["approved"])
        for call_id, part in whole.items()
    } == {
        "c1": ("output-available", True, True),
        "c2": ("output-available", False, True),
        "c3": ("output-denied", True, False),
        "c5": ("output-available", True, True),
    }
    assert whole["c3"]["approval"]["reason"] == "No."


def test_nobody_s_tool_is_run_before_it_is_allowed() -> None:
    journal = approvals()
    first = events(read_as(AiSdkWriter, journal, legs(journal)[0]))
    assert {event["providerExecuted"] for event in of_type(first, "tool-input-available")} == {True}
    second = events(read_as(AiSdkWriter, journal, legs(journal)[1]))
    runs = {
        event["toolCallId"]: event["providerExecuted"] for event in of_type(second, "tool-input-available")
    }
    assert runs == {"c1": True, "c2": False}


@pytest.mark.parametrize("name", ["ai-sdk", "ag-ui"])
def test_a_replay_goes_on_to_what_is_open(name: str) -> None:
    journal = approvals()
    whole = events(read_as(WIRES[name], journal, turn(settled=ALL)))
    ends_with = {"ai-sdk": "finish", "ag-ui": "RUN_FINISHED"}[name]
    assert whole[-1]["type"] == ends_with
    assert "Done." in str(whole)
    open_yet = turn(settled=ALL - {"apr_c4_1", "apr_c5_1", "c4", "c5"})
    second = events(read_as(WIRES[name], before(journal, _PAUSED), open_yet))
    assert second[-1]["type"] == ends_with
    assert "seen" in str(second)


def test_ag_ui_s_runs_end_with_what_people_are_asked() -> None:
    journal = approvals()
    first, second, third, last = (ends("ag-ui", given, journal)["outcome"] for given in legs(journal))
    ids = [interrupt["id"] for interrupt in first["interrupts"]]
    assert ids == ["apr_c1_1", "apr_c2_1", "apr_c3_1", "apr_c5_1", "apr_c4_1"]
    assert first["interrupts"][0]["expiresAt"] == "2023-11-14T22:14:20.000Z"
    assert first["interrupts"][4]["subagentRunId"] == "wrk_1"
    assert "editedArgs" not in first["interrupts"][3]["responseSchema"]["properties"]
    assert [interrupt["id"] for interrupt in second["interrupts"]] == ["apr_c5_1", "apr_c4_1"]
    assert third == second
    assert last == {"type": "success"}


def test_a_worker_says_which_interrupts_it_waits_for() -> None:
    journal = approvals()
    shown = events(read_as(ag_ui, journal, legs(journal)[0]))
    (waits,) = of_type(shown, "SUBAGENT_FINISHED")
    assert waits["outcome"] == {"type": "suspended", "interruptIds": ["apr_c4_1"]}
    steps = events(read_as(ag_ui, journal, legs(journal)[1]))
    assert not of_type(steps, "STEP_FINISHED")


def test_openai_s_own_types_take_every_event() -> None:
    journal = approvals()
    items: list[str] = []
    for given in legs(journal):
        found = events(read_as(responses, journal, given))
        check_numbers(found)
        for event in found:
            check_event(event)
        check_response(found[-1]["response"])
        output = found[-1]["response"]["output"]
        assert [item["id"] for item in replay(found)["output"]] == [item["id"] for item in output]
        items += [item["type"] for item in output]
    assert items == [
        *["mcp_approval_request"] * 5,
        "mcp_call",
        "mcp_call",
        "function_call",
        "mcp_call",
        "mcp_call",
        "message",
    ]


def test_a_call_that_was_allowed_names_its_request() -> None:
    journal = approvals()
    output = ends("responses", legs(journal)[1], journal)["response"]["output"]
    denied, paid = output[0], output[1]
    assert denied["error"]["content"][0]["text"] == "Not run: a person denied this call."
    assert (paid["arguments"], paid["approval_request_id"]) == ('{"amount":50}', "mcpr_apr_c1_1--s1")


def test_the_items_of_a_conversation_have_requests_and_answers() -> None:
    def kinds(journal: Journal) -> list[str]:
        return [item["type"] for item in conversation_items(journal.rows, "s1")]

    paused = before(approvals(), b'{"type":"tool-approval-request"')
    assert [kind for kind in kinds(paused) if kind != "mcp_call"] == [
        "message",
        *["mcp_approval_request"] * 4,
    ]
    whole = conversation_items(approvals().rows, "s1")
    pairs = [item for item in whole if item["type"].startswith("mcp_approval")]
    assert [item.get("approve") for item in pairs] == [None, True, None, True, None, False, None, False]
    assert {item["approval_request_id"] for item in pairs[1::2]} == {item["id"] for item in pairs[::2]}


# ---- what clients answer


def chat(*parts: Any, **more: Any) -> Any:
    return parse_chat({"id": "c", "messages": [{"id": "m1", "role": "assistant", "parts": [*parts]}], **more})


def responded(approval: Any, state: str = "approval-responded") -> dict[str, Any]:
    return {"type": "tool-pay", "toolCallId": "c1", "state": state, "approval": approval}


def test_the_ai_sdk_answers_inside_its_messages() -> None:
    parsed = chat(
        responded({"id": "a1", "approved": True}),
        responded({"id": "a2", "approved": False, "reason": "No."}),
        responded({"id": "a3", "approved": True}, state="approval-requested"),
        approvalInputs={"a1": {"amount": 5}},
    )
    assert parsed == ParsedOutputs(
        id="c",
        results=(),
        approvals=(
            ApprovalAnswer(approval_id="a1", allow=True, args={"amount": 5}),
            ApprovalAnswer(approval_id="a2", allow=False, message="No."),
        ),
    )
    with pytest.raises(InvalidRequest, match=r"messages\[0\]\.parts\[0\]\.approval\.approved must be true"):
        chat(responded({"id": "a1", "approved": "yes"}))


def run(*entries: Any, role: str = "assistant") -> Any:
    message = {"id": "m", "role": role, "content": "x"}
    return parse_run({"threadId": "t", "runId": "r", "messages": [message], "resume": list(entries)})


def test_ag_ui_answers_by_resume() -> None:
    parsed = run(
        {"interruptId": "a1", "status": "resolved", "payload": {"approved": True, "editedArgs": {"n": 1}}},
        {"interruptId": "a2", "status": "resolved", "payload": {"approved": False, "reason": "No."}},
        {"interruptId": "a3", "status": "cancelled"},
    )
    assert isinstance(parsed, ParsedAnswers)
    assert parsed.approvals == (
        ApprovalAnswer(approval_id="a1", allow=True, args={"n": 1}),
        ApprovalAnswer(approval_id="a2", allow=False, message="No."),
        ApprovalAnswer(approval_id="a3", allow=False),
    )
    assert not parsed.cancels
    cancelled = {"interruptId": "a3", "status": "cancelled"}
    assert run(cancelled).cancels
    assert isinstance(run(cancelled, role="user"), ParsedAsk)
    with pytest.raises(InvalidRequest, match="exclude each other"):
        run({"interruptId": "a1", "status": "resolved", "payload": {"approved": True}}, role="user")
    with pytest.raises(InvalidRequest, match=r"resume\[0\]\.payload must be an object"):
        run({"interruptId": "a1", "status": "resolved"})


def test_responses_answer_by_items() -> None:
    def item(approve: Any, **more: Any) -> dict[str, Any]:
        whole = {"type": "mcp_approval_response", "approval_request_id": "mcpr_a1--ses_1"}
        return {**whole, "approve": approve, **more}

    def parsed(*items: Any) -> Any:
        return parse_response_request({"model": "agent:a", "input": list(items)})

    request = {"type": "mcp_approval_request", "id": "mcpr_a1--ses_1"}
    allowed = parsed(request, item(True, input={"n": 1}))
    assert allowed.approvals == (ApprovalAnswer(approval_id="a1", allow=True, args={"n": 1}),)
    assert (allowed.answers, allowed.session) == (True, "ses_1")
    denied = parsed({"role": "user", "content": "Hi"}, item(False, reason="No."))
    assert denied.approvals == (ApprovalAnswer(approval_id="a1", allow=False, message="No."),)
    assert len(denied.history) == 1
    later = parsed(item(True), {"role": "user", "content": "Hi"})
    assert (later.approvals, later.answers) == ((), False)
    with pytest.raises(InvalidRequest, match="several sessions"):
        parsed(item(True), {**item(True), "approval_request_id": "mcpr_a2--ses_2"})
    with pytest.raises(InvalidRequest, match="approve must be true or false"):
        parsed(item("yes"))
    with pytest.raises(InvalidRequest, match="mcp_approval_response"):
        parsed(request)
