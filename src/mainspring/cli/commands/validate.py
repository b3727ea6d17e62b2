"""Owns `mainspring validate`: every problem of an agent's folder in one pass, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mainspring.cli.flags import json_flag
from mainspring.cli.publishing import Checked, check_folder
from mainspring.cli.script_file import SCRIPT, check_script
from mainspring.cli.views.terminal import Terminal
from mainspring.language.explain import explain
from mainspring.language.render import render_json, render_text, summary
from mainspring.model.diagnostics import Diagnostic, has_errors


@click.command("validate")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--explain", "explained", is_flag=True, help="Print the protocol with everything it assumes.")
@json_flag
def command(folder: Path, explained: bool, as_json: bool) -> None:
    """Check the agent in FOLDER (this one, if none is named), its script too; exit 1 if it is not valid."""
    terminal = Terminal(as_json=as_json)
    checked = check_folder(folder)
    problems, texts = check_script(folder / SCRIPT)
    found = (*checked.diagnostics, *problems)
    full = _explanation(checked) if explained else ""
    if as_json:
        terminal.json(_body(checked, found, full))
    else:
        terminal.write(render_text(found, {**checked.texts, **texts}, color=terminal.colors))
        if checked.source is not None and not has_errors(found):
            verdict = f"{checked.source.settings.slug} is valid: {summary(found).lower()}."
            terminal.write(full or terminal.paint(verdict + "\n", "good"))
    if has_errors(found):
        raise click.exceptions.Exit(1)


def _explanation(checked: Checked) -> str:
    if checked.program is None or checked.source is None:
        return ""
    return explain(checked.program, checked.source)


def _body(checked: Checked, found: tuple[Diagnostic, ...], full: str) -> dict[str, Any]:
    issues = render_json(found)
    body: dict[str, Any] = {
        "slug": None if checked.source is None else checked.source.settings.slug,
        "valid": not has_errors(found),
        "errors": [issue for issue in issues if issue["severity"] == "error"],
        "warnings": [issue for issue in issues if issue["severity"] != "error"],
    }
    return {**body, "explained": full} if full else body
