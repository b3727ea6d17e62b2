"""Owns `mainspring tools`: the functions of a file as tools of a server elsewhere, and who runs tools for it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec

from mainspring.cli.exits import NoKey, Refused
from mainspring.cli.flags import json_flag, server_flags, server_from
from mainspring.cli.http import Api
from mainspring.cli.tool_file import ToolFile
from mainspring.cli.views.terminal import Terminal
from mainspring.client import ApiError, Client
from mainspring.client.errors import Forbidden, Unauthorized


class Served(TypedDict):
    """How a worker serves."""

    name: str
    concurrency: int
    grace: float


@click.group("tools")
def command() -> None:
    """Run the functions of a file as tools of a server, from any machine that reaches it; see who does."""


@command.command("serve")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--connect", "url", metavar="URL", help="Where the server is. [variable: MAINSPRING_URL]")
@click.option("--key", metavar="KEY", help="Key with the scope tools. [variable: MAINSPRING_KEY]")
@click.option("--name", default="", help="What lists call this process. [default: its random id]")
@click.option(
    "--concurrency", type=click.IntRange(1, 1000), default=32, help="Calls at once.", show_default=True
)
@click.option(
    "--grace", type=click.FloatRange(0), default=30.0, help="Seconds for calls to end.", show_default=True
)
@json_flag
def serve(file: Path, url: str | None, key: str | None, as_json: bool, **served: Unpack[Served]) -> None:
    """Run the tools of FILE for a server until SIGTERM or Ctrl-C; what runs then is finished first.

    It dials out and needs no open port. Start it as often as you like: the processes share the calls.
    """
    address, secret = server_from(url, key)
    tools = ToolFile(file)
    if not tools.tools:
        raise Refused(f"{file} has no functions that could be tools.", code="TOOLS_FAILED")
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Every request of the HTTP client in the log would bury what matters.
    logging.getLogger("httpx2").setLevel("WARNING")
    told = {"tools": sorted(tools.tools), "url": address}
    click.echo(
        msgspec.json.encode(told) if as_json else f"{', '.join(told['tools'])} for {address} (Ctrl-C ends)"
    )
    with Client(address, secret) as client:
        try:
            client.tools.serve(tools.tools.values(), **served)
        except (Unauthorized, Forbidden) as error:
            hint = "`mainspring keys create --scope tools` makes a key for this."
            raise NoKey(error.message, details={"hint": hint}) from None
        except ApiError as error:
            raise Refused(str(error)) from None


@command.command("show")
@click.argument("file", type=click.Path(path_type=Path))
def show(file: Path) -> None:
    """Print the tools of FILE as JSON: names, descriptions, the JSON Schema of their arguments."""
    tools = [
        {"name": name, "description": tool.description, "inputSchema": tool.schema}
        for name, tool in ToolFile(file).tools.items()
    ]
    click.echo(msgspec.json.format(msgspec.json.encode(tools)))


@command.command("list")
@server_flags
@json_flag
def list_command(url: str | None, key: str | None, as_json: bool) -> None:
    """List the connected workers of a server, and the calls that wait for one."""
    terminal = Terminal(as_json=as_json)
    with Api(*server_from(url, key)) as api:
        found = api.get("/api/tool-workers")
    if as_json:
        terminal.json(found)
        return
    for worker in found["workers"]:
        running = worker.get("running", 0)
        terminal.line(f"{worker['name']}  {', '.join(worker['tools'])}  {running} running")
    if not found["workers"]:
        terminal.line("No worker is connected.")
    for tool, count in found.get("waiting", {}).items():
        terminal.line(f"{count} of {tool} waiting", "warn")
