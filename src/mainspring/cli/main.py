"""Owns the `mainspring` command: the table of its commands, loaded when they are used, and how mistakes are told."""

from __future__ import annotations

import importlib
import sys
from difflib import get_close_matches
from typing import Any

import click

from mainspring import __version__
from mainspring.model.errors import MainspringError

COMMANDS: dict[str, str] = {
    "serve": "Serve agents over HTTP.",
    "keys": "Create, list and revoke API keys.",
}


class Commands(click.Group):
    """Loads a command's module only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module: Any = importlib.import_module(f"mainspring.cli.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Says what may have been meant when there is no such command."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mainspring")
def command() -> None:
    """Run AI agents on your own machines: protocols in, durable streams out."""


def main() -> None:
    """The entry point: a mistake of the user's is told in words, without a trace."""
    try:
        command()
    except MainspringError as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(1)
