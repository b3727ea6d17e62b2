"""Owns the proof that real MCP servers are used, lost and found again, over standard streams and HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.desk import Desk
from tests.e2e.http_client import Client
from tests.e2e.model_server import Call, ModelServer, said
from tests.e2e.server_process import ServerProcess

TOY = Path(__file__).with_name("mcp_toy.py")
AGENT = """
mcpServers:
  local: { description: A toy, source: device }
  web: { description: The same elsewhere, source: remote, connection: eager }
  clock: { description: Knows the time, source: device }
  secret: { description: Where nobody may go, source: remote, connection: eager }
agent:
  model: openai/MODEL
  system: system
  agentic: true
  mcpServers: [local, web, clock, secret]
"""


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def web() -> Iterator["subprocess.Popen[bytes]"]:
    """An MCP server over HTTP."""
    port = free_port()
    process = subprocess.Popen([sys.executable, str(TOY), str(port)], stderr=subprocess.DEVNULL)
    process.args = str(port)
    for _ in range(200):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield process
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait()


@pytest.fixture
def desk(server: ServerProcess, models: ModelServer, web: "subprocess.Popen[bytes]") -> Desk:
    """A server that is configured with real MCP servers, and an agent that uses them."""
    tables: dict[str, Any] = {
        "local": {
            "command": [sys.executable, str(TOY), "stdio"],
            "timeout": "3s",
            "env": {"TOY": "${TOY_KEY}"},
        },
        "web": {"url": f"http://127.0.0.1:{web.args!s}/mcp", "timeout": "2s", "connect_timeout": "2s"},
        "clock": {"command": [sys.executable, "-m", "mcp_server_time", "--local-timezone", "Europe/Rome"]},
        "secret": {"url": "http://169.254.169.254/mcp"},
    }
    server.environment |= {
        "MAINSPRING_MCP_SERVERS": json.dumps(tables),
        "MAINSPRING_EGRESS_ALLOW": "127.0.0.1",
        "TOY_KEY": "tick",
    }
    server.create_key("admin")
    client = Client(server.start().url, server.keys["admin",])
    return Desk.publish(server, models, client, ("tested", AGENT))


def turn(desk: Desk, *calls: Call) -> list[str]:
    """The results of the calls that a model makes in one turn, as it is told them."""
    desk.script(list(calls), said("Done."))
    session = desk.session()
    events = desk.client.trigger(session, "Go").rest()
    assert events[-1].data.get("finishReason") == "stop", (
        "\n".join(str(event.data) for event in events) + desk.server.log()
    )
    return [str(message["content"]) for message in desk.asked()[-1].messages if message["role"] == "tool"]


def test_real_servers_are_called_killed_frozen_and_found_again(
    desk: Desk, web: "subprocess.Popen[bytes]"
) -> None:
    added, elsewhere, told, failed = turn(
        desk,
        Call("local__add", {"a": 1, "b": 2}),
        Call("web__add", {"a": 3, "b": 4}),
        Call("clock__get_current_time", {"timezone": "Asia/Tokyo"}),
        Call("local__fail", {}),
    )
    assert json.loads(added) == {"result": 3}
    assert json.loads(elsewhere) == {"result": 7}
    assert "Asia/Tokyo" in told
    assert "fail" in failed

    (who,) = turn(desk, Call("local__whoami", {}))
    pid, *variables = json.loads(who)["result"].split()
    assert "TOY" in variables
    assert not [name for name in variables if name.startswith(("OPENAI", "MAINSPRING", "TOY_"))]

    os.kill(int(pid), signal.SIGKILL)
    time.sleep(0.3)
    (again,) = turn(desk, Call("local__add", {"a": 5, "b": 5}))
    assert json.loads(again) == {"result": 10}, "a new process"

    web.send_signal(signal.SIGSTOP)
    hung, fine = turn(desk, Call("web__add", {"a": 1, "b": 1}), Call("local__add", {"a": 1, "b": 1}))
    assert "did not answer within 2 s" in hung
    assert json.loads(fine) == {"result": 2}
    web.send_signal(signal.SIGCONT)
    time.sleep(2.5)
    (back,) = turn(desk, Call("web__add", {"a": 1, "b": 1}))
    assert json.loads(back) == {"result": 2}
    assert "169.254.169.254, which is not a public address" in desk.server.log()
    assert json.loads((desk.server.folder / "mainspring-mcp.json").read_text())["servers"].keys() == {
        "local",
        "web",
        "clock",
    }
