"""Owns how the problems of an agent's files are told when a command needs the agent to be valid."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

import click

from mainspring.cli.views.terminal import Terminal
from mainspring.language.render import render_json, render_text
from mainspring.model.errors import InvalidAgent


@contextmanager
def told_problems(terminal: Terminal, texts: Mapping[str, str]) -> Generator[None]:
    """Prints the problems of an `InvalidAgent`, each at its place, and exits with 1."""
    try:
        yield
    except InvalidAgent as error:
        if terminal.as_json:
            issues = render_json(error.diagnostics)
            terminal.json({"error": error.message, "code": error.code, "issues": issues})
        else:
            click.echo(render_text(error.diagnostics, texts, color=terminal.colors), err=True, nl=False)
        raise click.exceptions.Exit(1) from None
