"""Owns the proof that AG-UI's own client, unmodified and with its verifier on, runs an agent of a real server."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT, fences
from tests.e2e.desk import Desk
from tests.e2e.model_server import Call, Gate, Refuse, Say, Think, said
from tests.interop.conftest import HERE, Node

TALK = [
    [Think(("Hm.",)), Say(("Good ", "morning!"))],
    [
        Say(("Let me look.",)),
        Call("get-weather", {"city": "Rome"}),
        Call("get-time", {}),
        Call("secret-audit", {"note": "n"}),
    ],
    said("It is warm."),
    [Refuse(401, {"error": {"message": "bad key"}})],
    [Say(("Once ", "upon ")), Gate()],
]


@pytest.fixture
def played(node: Node, desk: Desk) -> dict[str, Any]:
    """The scenario, played once; nothing in it made the client complain."""
    desk.script(*TALK)
    given = {"url": desk.client.url, "key": desk.client.key, "agent": desk.agent}
    done = node.run(HERE / "scenarios" / "ag_ui.mjs", json.dumps(given))
    assert done.returncode == 0, f"{done.stderr}\n{desk.server.log()[-2000:]}"
    return dict(json.loads(done.stdout))


def roles(messages: list[dict[str, Any]]) -> list[str]:
    """The roles of messages, activities left out."""
    return [message["role"] for message in messages if message["role"] != "activity"]


def test_a_talk_with_tools_of_the_client(played: dict[str, Any], desk: Desk) -> None:
    result = played["result"]
    assert roles(result["plain"]) == ["user", "reasoning", "assistant"]
    assert result["plain"][-1]["content"] == "Good morning!"
    calls = [call for message in result["asked"] for call in message.get("toolCalls", ())]
    assert [call["id"] for call in calls] == result["pending"]
    assert {call["function"]["name"]: json.loads(call["function"]["arguments"]) for call in calls} == {
        "get-weather": {"city": "Rome"},
        "get-time": {},
        "secret-audit": {"note": "n"},
    }
    assert result["answered"][-1]["content"] == "It is warm."
    told = [str(each["content"]) for each in desk.asked()[2].messages if each["role"] == "tool"]
    assert len(told) == 3
    assert "Rome" in told[0]
    assert desk.asked()[0].messages[0]["content"] == "You work for Springs & Co."


def test_failures_aborts_and_refusals(played: dict[str, Any], desk: Desk) -> None:
    errors = [event for leg in played["legs"] for event in leg if event["type"] == "RUN_ERROR"]
    assert [error["code"] for error in errors] == ["authentication_error"]
    assert desk.asked()[4].gone.wait(5)
    assert played["result"]["refused"]["code"] == "UNAUTHORIZED"


def test_a_reader_that_returns_has_the_talk(played: dict[str, Any]) -> None:
    texts = [
        message["content"]
        for message in played["result"]["returned"]
        if message["role"] in ("user", "assistant") and message.get("content")
    ]
    assert texts == ["Hello", "Good morning!", "Weather and time", "Let me look.", "It is warm.", "Fail"]


def test_the_client_finds_nothing_to_complain_of(played: dict[str, Any]) -> None:
    assert played["complaints"] == []
    # The stream that was aborted has no end to be read.
    assert [leg[0]["type"] for leg in played["legs"] if leg] == ["RUN_STARTED"] * 5


def test_the_guide(node: Node, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    shown, _ = fences(ROOT / "docs" / "guides" / "connect-ag-ui.md")
    script = tmp_path / "guide.mjs"
    script.write_text(shown.text)
    desk.script([Call("get-time", {})], said("It is noon."))
    given = {"MAINSPRING_URL": desk.client.url, "MAINSPRING_KEY": desk.client.key or "", "AGENT": desk.model}
    done = node.run(script, **given)
    assert (done.stdout, done.stderr) == ("It is noon.\n", "")
    assert "noon" in str(desk.asked()[1].messages[-1]["content"])
