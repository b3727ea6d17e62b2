"""Owns `mainspring hosts`: the servers that share a database."""

from __future__ import annotations

from typing import Any

import click

from mainspring.cli.flags import json_flag, server_flags, server_from
from mainspring.cli.servers import connect
from mainspring.cli.views.terminal import Terminal


@click.command("hosts")
@server_flags
@json_flag
def command(*, url: str | None, key: str | None, as_json: bool) -> None:
    """List the live servers that share a server's database; needs a key with the scope admin.

    RUNNING: executions that a server drives now; READERS: streams that it feeds. Both are as it told last.
    """
    terminal = Terminal(as_json=as_json)
    with connect(*server_from(url, key)) as api, terminal.working("Asking for the hosts"):
        found = api.get("/api/hosts")
    if as_json:
        terminal.json(found)
    else:
        terminal.table(
            ("NAME", "ID", "VERSION", "STATE", "RUNNING", "READERS", "SINCE"), map(_row, found["hosts"])
        )


def _row(host: dict[str, Any]) -> tuple[str, ...]:
    state = "draining" if host.get("draining") else "live"
    name = f"{host['name']} *" if host.get("answering") else host["name"]
    return (
        name,
        host["id"],
        host["version"],
        state,
        str(host["running"]),
        str(host["readers"]),
        host["since"],
    )
