"""Owns the proof that people are asked by foreign clients, unmodified: the AI SDK, AG-UI and OpenAI."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT, fences
from tests.e2e.agents import ASKING
from tests.e2e.desk import Desk
from tests.e2e.model_server import Call, said
from tests.interop.conftest import HERE, PATIENCE, Node
from tests.interop.test_ai_sdk import calls, play, text

BOTH = [Call("get-weather", {"city": "Rome"}), Call("get-weather", {"city": "Oslo"})]
TOO_COLD = "Not run: a person denied this call. They say: Too cold."


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk(ASKING)


def run(node: Node, desk: Desk, scenario: str) -> dict[str, Any]:
    given = {"url": desk.client.url, "key": desk.client.key, "agent": desk.agent}
    done = node.run(HERE / "scenarios" / f"{scenario}.mjs", json.dumps(given))
    assert done.returncode == 0, f"{done.stderr}\n{desk.server.log()[-2000:]}"
    return dict(json.loads(done.stdout))


def told(desk: Desk, number: int) -> list[str]:
    """What the model was told of the calls, in the order it made them."""
    return [str(each["content"]) for each in desk.asked()[number].messages if each["role"] == "tool"]


def states(message: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (part["state"], part["input"]["city"])
        for part in message["parts"]
        if part["type"] == "tool-get-weather"
    ]


@pytest.mark.parametrize(("page", "language"), [("ai-sdk", "js"), ("ag-ui", "js"), ("openai", "python")])
def test_the_guides(node: Node, desk: Desk, tmp_path: Path, page: str, language: str) -> None:
    [shown] = [
        fence
        for fence in fences(ROOT / "docs" / "guides" / f"connect-{page}.md")
        if fence.language == language and "approv" in fence.text
    ]
    desk.script(BOTH, said("It is warm in Rome."))
    given = {"MAINSPRING_URL": desk.client.url, "MAINSPRING_KEY": desk.client.key or "", "AGENT": desk.agent}
    if language == "js":
        (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
        script = tmp_path / "guide.mjs"
        script.write_text(shown.text)
        done = node.run(script, **given)
    else:
        command = [sys.executable, "-c", shown.text]
        done = subprocess.run(
            command, check=False, env=given, capture_output=True, text=True, timeout=PATIENCE
        )
    assert (done.stdout, done.stderr) == ("It is warm in Rome.\n", "")
    assert "21" in told(desk, 1)[0]
    assert "They say: Only Rome." in told(desk, 1)[1]


def test_use_chat_asks_and_answers(node: Node, desk: Desk) -> None:
    desk.script(BOTH, said("Warm, and not."), [Call("get-weather", {"city": "Bergen"})], said("Nice."))
    result = play(node, desk, "ai_sdk_approvals").result
    assert [part["input"]["city"] for part in result["asked"]["parts"]] == ["Rome", "Oslo"]
    assert result["asked"]["ran"] == []
    waits = [("approval-requested", "Rome"), ("approval-requested", "Oslo")]
    assert states(result["asked"]["stored"][-1]) == waits
    assert [part["approval"]["id"] for part in result["again"]] == [
        part["approval"]["id"] for part in result["asked"]["parts"]
    ]
    assert result["answered"]["unsent"] == "ready"
    answered = result["answered"]["messages"][-1]
    assert states(answered) == [("output-available", "Rome"), ("output-denied", "Oslo")]
    assert states(result["answered"]["stored"][-1]) == states(answered)
    assert "21" in told(desk, 1)[0]
    assert TOO_COLD in told(desk, 1)[1]
    edited = result["edited"]
    assert edited["ran"] == [["get-weather", {"city": "Rome"}], ["get-weather", {"city": "Nice"}]]
    assert (text(edited["messages"][-1]), calls(edited["messages"][-1])) == (
        "Nice.",
        {"tool-get-weather": ("output-available", {"degrees": 21})},
    )


def test_ag_ui_interrupts_and_resumes(node: Node, desk: Desk) -> None:
    desk.script(BOTH, said("Warm, and not."))
    played = run(node, desk, "ag_ui_approvals")
    result = played["result"]
    assert played["complaints"] == []
    assert [each["metadata"]["input"]["city"] for each in result["interrupts"]] == ["Rome", "Oslo"]
    assert "not addressed by resume" in result["unanswered"]
    assert result["pending"] == [result["interrupts"][0]["toolCallId"]]
    assert (result["messages"][-1]["content"], result["last"]) == ("Warm, and not.", {"type": "success"})
    assert "21" in told(desk, 1)[0]
    assert TOO_COLD in told(desk, 1)[1]
    made = [
        json.loads(call["function"]["arguments"])["city"]
        for message in desk.asked()[1].messages
        for call in message.get("tool_calls") or ()
    ]
    assert made == ["Nice", "Oslo"]


def test_openai_asks_for_approval(node: Node, desk: Desk) -> None:
    desk.script(BOTH, said("Warm, and not."))
    result = run(node, desk, "openai_approvals")
    assert [item["type"] for item in result["first"]["output"]] == ["mcp_approval_request"] * 2
    assert [item["type"] for item in result["second"]["output"]] == ["mcp_call", "function_call"]
    assert result["second"]["output"][0]["error"]["content"][0]["text"] == TOO_COLD
    assert result["third"]["output_text"] == "Warm, and not."
    assert result["items"] == [
        "message",
        "mcp_approval_request",
        "mcp_approval_response",
        "function_call",
        "function_call_output",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_call",
        "message",
    ]
