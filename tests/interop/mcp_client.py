"""Owns the MCP client that the conformance suite judges: the tool box itself, without a session around it.

`python -m tests.interop.mcp_client URL`: lists the tools of the server, and calls each once.
"""

import asyncio
import sys
from typing import Any

from mainspring.runtime.tool_calls import ToolCall
from mainspring.system import SystemClock
from mainspring.toolboxes.egress import Egress, networks
from mainspring.toolboxes.mcp import McpBox
from mainspring.toolboxes.mcp_pins import Pins
from mainspring.toolboxes.mcp_sdk import SdkDial
from mainspring.toolboxes.mcp_settings import parse_servers

VALUES: dict[str, Any] = {"number": 2, "integer": 2, "string": "two", "boolean": True}


async def main(url: str) -> int:
    """The exit code: 0 if the server could be used."""
    servers = dict(parse_servers({"judge": {"url": url}}))
    egress = Egress(networks(["127.0.0.0/8", "::1"]))
    box = McpBox(servers, dial=SdkDial(egress), clock=SystemClock(), pins=Pins())
    await box.ready("default", "judged", ["judge"])
    tools = box.servers("default", "judged")["judge"].tools
    for tool in tools.values():
        properties = tool.schema.get("properties") or {}
        args = {name: VALUES.get(kind.get("type"), "two") for name, kind in properties.items()}
        call = ToolCall(
            call_id=f"call_{tool.name}",
            attempt=1,
            tool=tool.name,
            args=args,
            project_id="default",
            session_id="ses_1",
            execution_id="exe_1",
            agent="judged",
        )
        sys.stdout.write(f"{tool.name} {args} -> {await box.call(call)}\n")
    problem = box.report()[0]["problem"]
    await box.close()
    sys.stdout.write(f"{problem or 'used'}\n")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
