"""Owns `mainspring chat`: a conversation with an agent that a server has."""

from __future__ import annotations

from pathlib import Path

import click

from mainspring.cli.conversation import Conversation
from mainspring.cli.flags import input_flag, json_flag, message_flag, server_flags, server_from
from mainspring.cli.http import segment
from mainspring.cli.inputs import pairs
from mainspring.cli.publishing import program_of
from mainspring.cli.servers import connect
from mainspring.cli.tool_file import ToolFile
from mainspring.cli.tool_person import tools_first
from mainspring.cli.views.history import show_messages
from mainspring.cli.views.terminal import Terminal


@click.command("chat")
@click.argument("agent")
@click.option("--session", metavar="ID", default="", help="Go on with this session.")
@click.option("--tools", type=click.Path(path_type=Path), help="A tools.py that answers; else you are asked.")
@click.option("--events", is_flag=True, help="Print each event as it comes.")
@input_flag
@message_flag
@server_flags
@json_flag
def command(
    *,
    agent: str,
    session: str,
    tools: Path | None,
    events: bool,
    given: tuple[str, ...],
    messages: tuple[str, ...],
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Talk to AGENT (id or slug) on a server; you answer its tools, as JSON."""
    terminal = Terminal(as_json=as_json)
    functions = None if tools is None else ToolFile(tools)
    with connect(*server_from(url, key)) as api:
        conversation = Conversation(
            api=api,
            terminal=terminal,
            agent=agent,
            program=program_of(api.get(f"/api/agents/{segment(agent)}")),
            answer=tools_first(functions, terminal),
            given=pairs(given),
            events=events,
            session=session,
        )
        if session:
            show_messages(terminal, api, session)
        well = conversation.talk(messages)
        if terminal.interactive and conversation.session:
            terminal.note(f"mainspring chat {agent} --session {conversation.session} goes on with this.")
    if not well:
        raise click.exceptions.Exit(1)
