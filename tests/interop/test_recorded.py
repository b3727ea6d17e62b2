"""Owns the proof that the golden streams of the unit tests are what the real clients read: they play them."""

import json
from typing import Any

import pytest

from tests.conftest import TESTS
from tests.interop.conftest import HERE, Node

GOLDEN = TESTS / "golden" / "wires"
STORIES = ("talk", "two-calls", "everything")


@pytest.fixture(scope="module")
def played(node: Node) -> dict[str, Any]:
    """What the clients made of every recorded stream; nothing in them was wrong."""
    given = {
        name: [str(GOLDEN / f"{wire}-{story}.txt") for story in STORIES]
        for name, wire in (("aiSdk", "ai-sdk"), ("agUi", "ag-ui"))
    }
    done = node.run(HERE / "scenarios" / "recorded.mjs", json.dumps(given))
    assert done.returncode == 0, done.stderr
    whole = json.loads(done.stdout)
    assert whole["complaints"] == []
    return dict(whole["result"])


def test_the_ai_sdk_keeps_what_was_not_taken_back(played: dict[str, Any]) -> None:
    talk, calls, everything = played["aiSdk"]
    assert [part.get("text") for part in talk["parts"] if part["type"] == "text"] == ["Good day."]
    assert calls["called"] == ["c1", "c2"]
    assert everything["called"] == []
    assert [part["type"] for part in everything["parts"]] == [
        "data-block",
        "step-start",
        "text",
        "source-url",
        "source-url",
        "tool-octavus_reference_list",
        "tool-nonsense",
        "data-worker",
        "data-todo",
        "data-todo",
        "step-start",
        "data-object",
        "file",
        "data-resource",
    ]
    assert {each["status"] for each in played["aiSdk"]} == {"ready"}


def test_ag_ui_builds_the_same_talk(played: dict[str, Any]) -> None:
    talk, calls, everything = played["agUi"]
    assert [message["content"] for message in talk["messages"] if message["role"] == "assistant"] == [
        "Good day."
    ]
    asked = [call for message in calls["messages"] for call in message.get("toolCalls", ())]
    assert [call["function"]["arguments"] for call in asked] == ['{"city":"Rome"}', '{"note":"n"}']
    nested = [message for message in everything["messages"] if message.get("subagentRunId") == "wrk_1"]
    assert "Nested." in [message.get("content") for message in nested]
    assert everything["state"] == {"MOOD": {"is": "good"}}
    blocks = [message for message in everything["messages"] if message.get("activityType") == "BLOCK"]
    assert [block["content"]["status"] for block in blocks] == ["done", "done"]
