"""Owns the proof that OpenAI's own clients, unmodified, run agents of a real server: `openai` of npm and of PyPI."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from tests.docs.pages import ROOT, fences
from tests.e2e.desk import Desk
from tests.e2e.model_server import Call, Gate, Refuse, Reply, Say, Think, said
from tests.interop.conftest import HERE, Node
from tests.interop.openai_scenario import play

BAD_KEY = Refuse(401, {"error": {"message": "bad key"}})
TALK: list[Reply] = [
    [Think(("Hm.",)), Say(("Good ", "morning!"))],
    [Say(("Let me look.",)), Call("get-weather", {"city": "Rome"}), Call("get-time", {})],
    said("It is warm."),
]
CHAT: list[Reply] = [
    said("Good day."),
    [Call("get-weather", {"city": "Oslo"})],
    said("It is cold."),
    [BAD_KEY],
    [BAD_KEY],
]
CALLS = {"get-weather": {"city": "Rome"}, "get-time": {}}


@pytest.fixture
def played(node: Node, desk: Desk) -> dict[str, Any]:
    """The scenario of JavaScript, played once."""
    desk.script(*TALK, [BAD_KEY], [Say(("Once ", "upon ")), Gate()], *CHAT)
    given = {"url": desk.client.url, "key": desk.client.key, "agent": desk.agent}
    done = node.run(HERE / "scenarios" / "openai.mjs", json.dumps(given))
    assert done.returncode == 0, f"{done.stderr}\n{desk.server.log()[-2000:]}"
    return dict(json.loads(done.stdout))


def test_javascript(played: dict[str, Any], desk: Desk) -> None:
    assert any(model.startswith("agent:interop-") for model in played["models"])
    first = played["first"]
    assert (first["status"], first["output_text"]) == ("completed", "Good morning!")
    assert [item["type"] for item in first["output"]] == ["reasoning", "message"]
    assert "".join(played["deltas"]) == "Good morning!"
    assert desk.asked()[0].messages[0]["content"] == "You work for Springs & Co."

    calls = [item for item in played["asked"]["output"] if item["type"] == "function_call"]
    assert {call["name"]: json.loads(call["arguments"]) for call in calls} == CALLS
    assert played["answered"]["output_text"] == "It is warm."
    results = [str(each["content"]) for each in desk.asked()[2].messages if each["role"] == "tool"]
    assert "Rome" in results[0]

    assert played["kept"]["output_text"] == first["output_text"]
    assert played["replayed"]["output_text"] == first["output_text"]
    assert played["again"][0] == 4
    assert played["failed"]["status"] == "failed"
    assert played["failed"]["metadata"]["error_type"] == "authentication_error"
    assert played["cancelled"]["status"] == "cancelled"
    assert played["cancelled"]["output"][0]["content"][0]["text"].startswith("Once ")


def test_javascript_chat(played: dict[str, Any], desk: Desk) -> None:
    assert played["completion"]["choices"][0]["message"]["content"] == "Good day."
    (call,) = played["called"]["choices"][0]["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"city": "Oslo"}
    assert played["called"]["usage"]["total_tokens"] > 0
    assert played["told"] == "It is cold."
    assert [each["role"] for each in desk.asked()[6].messages] == ["system", "user", "assistant", "user"]
    assert played["chatFailed"]["type"] == "authentication_error"
    assert (played["wholeFailed"]["status"], played["wholeFailed"]["type"]) == (500, "authentication_error")
    refused = played["refused"]
    assert (refused["model"]["name"], refused["model"]["code"]) == ("NotFoundError", "model_not_found")
    assert (refused["key"]["name"], refused["key"]["code"]) == ("AuthenticationError", "unauthorized")
    assert (refused["input"]["name"], refused["input"]["param"]) == ("BadRequestError", "input")


@pytest.mark.parametrize("kind", [OpenAI, AsyncOpenAI])
def test_python(desk: Desk, kind: type[OpenAI] | type[AsyncOpenAI]) -> None:
    desk.script(*TALK, [BAD_KEY], [BAD_KEY], *CHAT)
    options: Any = {"base_url": f"{desk.client.url}/v1", "api_key": desk.client.key, "max_retries": 0}
    seen = asyncio.run(play(kind(**options), f"agent:{desk.agent}"))
    assert any(model.startswith("agent:interop-") for model in seen["models"])
    assert seen["text"] == "".join(seen["deltas"]) == "Good morning!"
    assert seen["calls"] == CALLS
    assert (seen["answered"], seen["kept"], seen["again"][0]) == ("It is warm.", True, 4)
    assert seen["failed"] == ("failed", "server_error", "authentication_error")
    assert seen["failing"] == "response.failed"
    assert (seen["completion"], seen["told"]) == ("Good day.", "It is cold.")
    assert (seen["reason"], seen["usage"]) == ("tool_calls", True)
    assert seen["chat_failing"][0] == "APIError"
    assert seen["chat_failed"][:2] == ("InternalServerError", 500)
    assert seen["refused"][:4] == ("NotFoundError", 404, "model_not_found", "model")
    assert seen["empty"][:4] == ("BadRequestError", 400, "validation_error", "input")


def test_the_guide(node: Node, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    python, javascript, _, _ = fences(ROOT / "docs" / "guides" / "connect-openai.md")
    desk.script(*([[Call("get-time", {})], said("It is noon.")] * 2))
    given = {"MAINSPRING_URL": desk.client.url, "MAINSPRING_KEY": desk.client.key or "", "AGENT": desk.agent}
    done = subprocess.run(
        [sys.executable, "-c", python.text],
        check=False,
        env=given,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert (done.stdout, done.stderr) == ("It is noon.\n", "")
    script = tmp_path / "guide.mjs"
    script.write_text(javascript.text)
    done = node.run(script, **given)
    assert (done.stdout, done.stderr) == ("It is noon.\n", "")
    assert {asked.messages[0]["content"] for asked in desk.asked()} == {"You work for Springs & Co."}
