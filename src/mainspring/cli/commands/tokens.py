"""Owns `mainspring tokens`: ephemeral tokens for browsers, minted and ended at a server."""

from __future__ import annotations

from typing import Any

import click

from mainspring.cli.flags import json_flag, server_flags, server_from
from mainspring.cli.servers import connect
from mainspring.cli.views.terminal import Terminal
from mainspring.settings import seconds


def _lifetime(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    try:
        given = seconds(value)
    except ValueError:
        given = 0.0
    if given < 1:
        raise click.BadParameter("it must be a duration such as 1h, 90m or 30s")
    return int(given)


@click.group("tokens")
def command() -> None:
    """Mint and revoke ephemeral tokens for browsers; the key needs the scope `tokens`."""


@command.command("mint")
@click.argument("agent")
@click.option("--session", metavar="SESSION", help="Only this session, instead of all of the agent.")
@click.option(
    "--ttl", metavar="DURATION", callback=_lifetime, help="How long it is good: 1h if left out, at most 24h."
)
@click.option("--trigger", "triggers", multiple=True, help="The only trigger it may start; repeatable.")
@click.option("--read-only", is_flag=True, help="It may start nothing.")
@click.option("--client-tool", "tools", multiple=True, help="A tool whose results it may bring; repeatable.")
@server_flags
@json_flag
def mint(
    *,
    agent: str,
    session: str | None,
    ttl: int | None,
    triggers: tuple[str, ...],
    read_only: bool,
    tools: tuple[str, ...],
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Mint a token for AGENT; it is shown once, and ends with the key."""
    if read_only and triggers:
        raise click.UsageError("--read-only and --trigger exclude each other.")
    body: dict[str, Any] = {"agentId": agent, "clientTools": list(tools)}
    if session is not None:
        body["sessionId"] = session
    if ttl is not None:
        body["ttlSeconds"] = ttl
    if triggers or read_only:
        body["triggers"] = list(triggers)
    terminal = Terminal(as_json=as_json)
    with connect(*server_from(url, key)) as api:
        made = api.post("/api/tokens", body)
    if as_json:
        terminal.json(made)
        return
    click.echo(made["token"])
    terminal.note(f"{made['jti']} is good until {made['expiresAt']}; it is not shown again.")


@command.command("revoke")
@click.argument("token")
@server_flags
@json_flag
def revoke(token: str, url: str | None, key: str | None, as_json: bool) -> None:
    """End TOKEN now."""
    terminal = Terminal(as_json=as_json)
    with connect(*server_from(url, key)) as api:
        ended = api.post("/api/tokens/revoke", {"token": token})
    if as_json:
        terminal.json(ended)
    terminal.line(f"{ended['jti']} is revoked." if ended["revoked"] else "It was unknown or over already.")
