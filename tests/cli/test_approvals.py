"""Approvals from the command line: in a conversation, and by the commands for whoever was not in it."""

import json
from pathlib import Path

import pytest

from mainspring.cli.approval_person import ask_approval
from mainspring.cli.views.terminal import Terminal
from tests.cli.conftest import Run, json_of, lines_of

ORDER = "Where is order 17?"
RESULT = '{"orderId": "17", "status": "lost"}\n'


@pytest.fixture
def shop(online: Run, agent: Path) -> Run:
    """Commands with a server whose agent may look nothing up without a person's word."""
    protocol = agent / "protocol.yaml"
    text = protocol.read_text()
    protocol.write_text(text.replace("  get-order:\n", "  get-order:\n    policy: {approval: always}\n"))
    assert "approval: always" in protocol.read_text()
    synced = online("sync", agent)
    assert synced.exit_code == 0, synced.output
    return online


@pytest.fixture
def waiting(shop: Run) -> tuple[str, str]:
    """A session with a call that waits, and the id of the request."""
    talked = lines_of(shop("chat", "shop-desk", "-m", ORDER, "--json"))
    session = str(talked[0]["sessionId"])
    (request,) = (event for event in talked if event.get("type") == "tool-approval-request")
    return session, request["approvalId"]


def test_a_person_allows_a_call_in_the_conversation(shop: Run) -> None:
    shown = shop("chat", "shop-desk", "-m", ORDER, typed="perhaps\ny\n" + RESULT)
    assert shown.exit_code == 0, shown.output
    assert "?? get-order waits for a person" in shown.output
    assert "y, n, or an object" in shown.output
    assert "?? get-order allowed" in shown.output
    assert "-> get-order" in shown.output
    assert "<- get-order" in shown.output


def test_a_person_denies_a_call_and_says_why(shop: Run) -> None:
    shown = shop("chat", "shop-desk", "-m", ORDER, typed="n Not today.\n")
    assert "?? get-order denied: Not today." in shown.output
    # The script goes on as if it had an order: what is asked here is that the model was told.
    assert "They say: Not today." in shown.output


def test_other_arguments_are_what_runs(shop: Run) -> None:
    talked = shop("chat", "shop-desk", "-m", ORDER, "--json", typed='{"orderId": "18"}\n' + RESULT)
    (asked,) = (event for event in lines_of(talked) if event.get("type") == "tool-request")
    assert asked["toolCalls"][0]["args"] == {"orderId": "18"}


def test_what_nobody_answers_stays_open(shop: Run, waiting: tuple[str, str]) -> None:
    session, approval = waiting
    listed = json_of(shop("approvals", "list", session, "--json"))["approvals"]
    assert [entry["approvalId"] for entry in listed] == [approval]
    shown = shop("approvals", "list", session).output
    assert approval in shown
    assert "get-order" in shown
    assert shop("approvals", "allow", session, approval, "--by", "ada").output == "Allowed.\n"
    assert shop("approvals", "allow", session, approval, "--by", "ada").output == "Allowed before.\n"
    assert shop("approvals", "list", session).output == "Nothing waits for a person.\n"
    refused = shop("approvals", "deny", session, approval)
    assert refused.exit_code == 1
    assert shop("approvals", "allow", session, "nothing").exit_code == 3


def test_a_call_is_denied_from_elsewhere(shop: Run, waiting: tuple[str, str]) -> None:
    session, approval = waiting
    taken = json_of(shop("approvals", "deny", session, approval, "--reason", "No.", "--json"))
    assert taken == {"sessionId": session, "approvalId": approval, "changed": True}


def test_arguments_from_elsewhere_are_an_object(shop: Run, waiting: tuple[str, str]) -> None:
    session, approval = waiting
    assert "not a JSON object" in shop("approvals", "allow", session, approval, "--input", "[").output
    given = json.dumps({"orderId": "19"})
    assert shop("approvals", "allow", session, approval, "--input", given).output == "Allowed.\n"


def test_the_end_of_what_is_typed_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.StringIO("no\n"))
    approve = ask_approval(Terminal())
    request = {"approvalId": "a", "toolName": "pay", "input": {}, "reason": "It costs."}
    assert approve(request) == {"approvalId": "a", "approved": False}
    assert approve(request) is None
