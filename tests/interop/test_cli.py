"""Owns the proof that the unmodified command line 2.0.0 works: validate, sync, list, get, and its exit codes."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.agents import PLAIN, definition
from tests.e2e.desk import Desk
from tests.interop.conftest import HERE, Node

OCTAVUS = HERE / "node_modules" / "@octavus" / "cli" / "dist" / "index.js"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def octavus(node: Node, desk: Desk) -> Run:
    """Runs `octavus` with the address and key of the server; keyword arguments change the environment."""

    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        given = {"OCTAVUS_API_URL": desk.client.url, "OCTAVUS_API_KEY": desk.client.key or ""} | environment
        return node.run(OCTAVUS, *arguments, "--json", **given)

    return run


def folder(path: Path, slug: str, protocol: str = PLAIN) -> str:
    """An agent's folder as people write it."""
    source = definition(slug, "model", protocol)
    (path / "prompts").mkdir(exist_ok=True)
    (path / "settings.json").write_text(json.dumps(source["settings"]))
    (path / "protocol.yaml").write_text(source["protocol"])
    for prompt in source["prompts"]:
        (path / "prompts" / f"{prompt['name']}.md").write_text(prompt["content"])
    return str(path)


def out(done: "subprocess.CompletedProcess[str]", status: int = 0) -> Any:
    """The JSON a command printed; its exit status must be `status`."""
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_sync_creates_then_updates(octavus: Run, tmp_path: Path) -> None:
    path = folder(tmp_path, "by-the-cli")
    made = out(octavus("sync", path))
    assert (made["slug"], made["created"]) == ("by-the-cli", True)
    (tmp_path / "prompts" / "system.md").write_text("You are new.")
    assert out(octavus("sync", path)) == {**made, "created": False}
    got = out(octavus("get", "by-the-cli"))
    assert got["id"] == made["agentId"]
    assert {"name": "system", "content": "You are new."} in got["prompts"]
    assert got["protocol"] == (tmp_path / "protocol.yaml").read_text()
    assert made["agentId"] in [agent["id"] for agent in out(octavus("list"))["agents"]]


def test_validate_says_what_is_wrong_and_where(octavus: Run, tmp_path: Path) -> None:
    good = out(octavus("validate", folder(tmp_path, "sound")))
    assert good == {"slug": "sound", "valid": True, "errors": [], "warnings": []}
    bad = folder(tmp_path, "unsound", PLAIN.replace("prompt: user-message", "prompt: nowhere"))
    said = out(octavus("validate", bad), 1)
    assert said["valid"] is False
    (error,) = said["errors"]
    assert error["path"] == "handlers.user-message.Add message.prompt"
    assert "nowhere" in error["message"]
    assert out(octavus("sync", bad), 1)["code"] == "API_ERROR"
    assert out(octavus("get", "unsound"), 1)["code"] == "NOT_FOUND"


def test_the_key_decides(octavus: Run, desk: Desk) -> None:
    assert out(octavus("list", OCTAVUS_API_KEY="ms_sk_wrong"), 1)["code"] == "API_ERROR"
    assert out(octavus("list", OCTAVUS_API_KEY=""), 2)["code"] == "CONFIG_ERROR"
    assert out(octavus("get", "never-was"), 1) == {"error": "Agent not found: never-was", "code": "NOT_FOUND"}
