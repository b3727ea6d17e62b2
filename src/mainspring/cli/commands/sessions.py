"""Owns `mainspring sessions`: looking at the sessions of a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
import msgspec

from mainspring.cli.flags import json_flag, server_flags, server_from
from mainspring.cli.http import Api, segment
from mainspring.cli.servers import connect
from mainspring.cli.tailing import follow
from mainspring.cli.views.history import show_messages
from mainspring.cli.views.stream import StreamView
from mainspring.cli.views.terminal import Terminal

PAGE: Final = 200


@click.group("sessions")
def command() -> None:
    """List, show, follow and export the sessions of a server."""


@command.command("list")
@click.option("--agent", metavar="AGENT", help="Only this agent's, by id or slug.")
@click.option("--status", type=click.Choice(["active", "expired"]), help="Only these.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most that many.")
@server_flags
@json_flag
def list_sessions(
    *, agent: str | None, status: str | None, limit: int, url: str | None, key: str | None, as_json: bool
) -> None:
    """List sessions, the last active first."""
    terminal = Terminal(as_json=as_json)
    wanted = {name: value for name, value in (("agentId", agent), ("status", status)) if value}
    with connect(*server_from(url, key)) as api, terminal.working("Reading the sessions"):
        found = _pages(api, wanted, limit)
    if as_json:
        terminal.json({"sessions": found})
    elif not found:
        terminal.line("There are no sessions.")
    else:
        terminal.table(("ID", "AGENT", "STATE", "LAST ACTIVE", "EVENTS"), map(_row, found))


def _pages(api: Api, wanted: dict[str, str], limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before: str | None = None
    while len(found) < limit:
        query: dict[str, str | int] = {**wanted, "limit": min(PAGE, limit - len(found))}
        if before is not None:
            query["before"] = before
        page = api.get("/api/agent-sessions", query)
        found += page["sessions"]
        before = page.get("next")
        if before is None:
            break
    return found


def _row(session: dict[str, Any]) -> tuple[str, ...]:
    return (
        session["id"],
        session["agentSlug"],
        _state(session),
        session["updatedAt"],
        str(session["cursor"]),
    )


def _state(session: dict[str, Any]) -> str:
    if session.get("waiting"):
        return "waits for tools"
    return "running" if session.get("executionId") else str(session["status"])


@command.command("show")
@click.argument("session")
@server_flags
@json_flag
def show(session: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show the messages of SESSION; with --json all of it: input, variables, resources, hidden messages."""
    terminal = Terminal(as_json=as_json)
    with connect(*server_from(url, key)) as api:
        if as_json:
            terminal.json(api.get(f"/api/agent-sessions/{segment(session)}"))
        else:
            show_messages(terminal, api, session)


@command.command("tail")
@click.argument("session")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Begin after this event. [default: all]")
@click.option("--no-follow", is_flag=True, help="End after what is there.")
@click.option("--events", is_flag=True, help="Print each event with its cursor.")
@server_flags
@json_flag
def tail(
    *,
    session: str,
    after: int,
    no_follow: bool,
    events: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Follow SESSION live, from its beginning on; leaving stops nothing. A lost server is waited for."""
    terminal = Terminal(as_json=as_json)
    view = StreamView(terminal)
    with connect(*server_from(url, key)) as api:
        for event in follow(api, session, after=after, live=not no_follow):
            if as_json:
                click.echo(event.text)
            elif events:
                terminal.line(f"{event.cursor:>6} {event.text}")
            else:
                view.show(event.data)
    view.end()


@command.command("export")
@click.argument("session")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write to.")
@server_flags
@json_flag
def export(session: str, output: Path | None, url: str | None, key: str | None, as_json: bool) -> None:
    """Export the whole journal of SESSION as JSON, to stdout or a file."""
    terminal = Terminal(as_json=as_json)
    with connect(*server_from(url, key)) as api, terminal.working(f"Exporting {session}"):
        found = api.get(f"/api/agent-sessions/{segment(session)}/export")
    data = msgspec.json.encode(found)
    if output is None:
        click.echo(data if as_json else msgspec.json.format(data, indent=2))
        return
    output.write_bytes(data + b"\n")
    count = len(found["events"])
    if as_json:
        terminal.json({"sessionId": session, "file": str(output), "events": count})
    terminal.line(f"Wrote {count} events to {output}")
