"""Owns `mainspring sync`: an agent's folder published to a server."""

from __future__ import annotations

from pathlib import Path

import click

from mainspring.cli.flags import json_flag, server_flags, server_from
from mainspring.cli.publishing import Published, check_folder, publish
from mainspring.cli.servers import connect
from mainspring.cli.views.problems import told_problems
from mainspring.cli.views.terminal import Terminal
from mainspring.language.render import render_text


@click.command("sync")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@server_flags
@json_flag
def command(folder: Path, url: str | None, key: str | None, as_json: bool) -> None:
    """Publish the agent in FOLDER (this one, if none is named); the same files again change nothing."""
    terminal = Terminal(as_json=as_json)
    checked = check_folder(folder)
    with connect(*server_from(url, key)) as api, told_problems(terminal, checked.texts):
        with terminal.working(f"Publishing {folder}"):
            published = publish(api, checked)
        if as_json:
            terminal.json(
                {"slug": published.slug, "agentId": published.agent_id, "created": published.created}
            )
            return
        terminal.write(render_text(published.warnings, checked.texts, color=terminal.colors))
        terminal.line(f"{_became(published)} {published.slug} ({published.agent_id}) on {api.url}", "good")


def _became(published: Published) -> str:
    if published.created:
        return "Created"
    return "Updated" if published.changed else "Unchanged:"
