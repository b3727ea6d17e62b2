"""Owns the proof that the MCP tool box keeps the protocol: the conformance suite, and the reference server.

Of the suite's client scenarios these run: `initialize`, `tools_call`, `sse-retry`. Not offered, so not run: elicitation
(`elicitation-sep1034-client-defaults`), and OAuth (`auth/*`): keys are headers of the settings.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mainspring.runtime.tool_calls import ToolCall, ToolOutcome
from mainspring.system import SystemClock
from mainspring.toolboxes.egress import Egress, networks
from mainspring.toolboxes.mcp import McpBox
from mainspring.toolboxes.mcp_pins import Pins
from mainspring.toolboxes.mcp_sdk import SdkDial
from mainspring.toolboxes.mcp_settings import parse_servers
from tests.interop.conftest import HERE, ROOT, Node

MODULES = HERE / "node_modules"
SUITE = MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
EVERYTHING = MODULES / "@modelcontextprotocol" / "server-everything" / "dist" / "index.js"


@pytest.mark.parametrize("scenario", ["initialize", "tools_call", "sse-retry"])
def test_the_conformance_suite_is_content(node: Node, scenario: str, tmp_path: Path) -> None:
    client = f"{sys.executable} -m tests.interop.mcp_client"
    judged = subprocess.run(
        [
            node.program,
            str(SUITE),
            "client",
            "--command",
            client,
            "--scenario",
            scenario,
            "-o",
            str(tmp_path),
        ],
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=50,
    )
    said = judged.stdout + judged.stderr
    assert judged.returncode == 0, said
    assert "OVERALL: PASSED" in said
    assert " 0 failed, 0 warnings" in said


@pytest.fixture
def address(node: Node) -> Iterator[str]:
    """Where the reference server listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    process = subprocess.Popen(
        [node.program, str(EVERYTHING), "streamableHttp"],
        env={"PATH": os.environ["PATH"], "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "listening" not in process.stderr.readline():
        assert process.poll() is None
    yield f"http://127.0.0.1:{port}/mcp"
    process.kill()
    process.wait()
    process.stderr.close()


async def call(box: McpBox, tool: str, **args: Any) -> ToolOutcome:
    """The outcome of a call."""
    return await box.call(
        ToolCall(
            call_id="call_1",
            attempt=1,
            tool=tool,
            args=args,
            project_id="default",
            session_id="ses_1",
            execution_id="exe_1",
            agent="helper",
        )
    )


async def test_the_reference_server_is_used_over_both_transports(node: Node, address: str) -> None:
    servers = parse_servers(
        {"local": {"command": [node.program, str(EVERYTHING), "stdio"]}, "web": {"url": address}}
    )
    box = McpBox(
        dict(servers), dial=SdkDial(Egress(networks(["127.0.0.1"]))), clock=SystemClock(), pins=Pins()
    )
    await asyncio.wait_for(box.ready("default", "helper", ["local", "web"]), 20)
    assert [entry["problem"] for entry in box.report()] == [None, None]
    for name in ("local", "web"):
        assert (await call(box, f"{name}__echo", message="Grüße")).output == "Echo: Grüße"
        image = await call(box, f"{name}__get-tiny-image")
        assert [file.media_type for file in image.files] == ["image/png"]
        structured = await call(box, f"{name}__get-structured-content", location="Chicago")
        assert isinstance(structured.output, dict)
        wrong = await call(box, f"{name}__get-sum", a="x")
        assert wrong.error is not None
    await box.close()
