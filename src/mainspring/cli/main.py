"""Owns the `mainspring` command: the table of its commands, loaded when they are used, and how mistakes are told."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

import click

from mainspring import __version__
from mainspring.cli.exits import FAILED, INTERRUPTED, OK, exit_code_of, hint_of
from mainspring.model.errors import MainspringError

COMMANDS: dict[str, str] = {
    "demo": "Watch an agent answer a question: no key, no network.",
    "init": "Make a new agent from a template.",
    "validate": "Check an agent's files.",
    "dev": "Work on an agent: serve it, reload it on change, talk to it.",
    "serve": "Serve agents over HTTP.",
    "migrate": "Bring the schema of a database up to date.",
    "sync": "Publish an agent to a server.",
    "tools": "Run a file's tools for a server, or list who does.",
    "chat": "Talk to an agent of a server.",
    "sessions": "List, show, follow and export the sessions of a server.",
    "hosts": "List the servers that share a database.",
    "approvals": "List, allow and deny the tool calls that wait for a person.",
    "doctor": "Look at a database: is it whole, how large is what.",
    "backup": "Copy a database file while a server runs on it.",
    "prune": "Drop old streamed deltas by hand, or say what that would free.",
    "keys": "Create, list and revoke API keys.",
    "tokens": "Mint and revoke ephemeral tokens for browsers.",
}
"""Every command, in the order of the help; the module of the same name in `commands/` has it as `command`."""


class Commands(click.Group):
    """Loads a command's module only when it is asked for, and tells mistakes in words."""

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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the table of commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Says what may have been meant when there is no such command."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Runs a command and exits with its code; a mistake of the person's is told without a trace."""
        given = list(sys.argv[1:] if args is None else args)
        try:
            code = super().main(
                given, prog_name or "mainspring", complete_var, standalone_mode=False, **extra
            )
        except BrokenPipeError:
            # Whoever read our output has gone; Python must not try to flush the rest at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = FAILED
        except (click.Abort, KeyboardInterrupt):
            code = INTERRUPTED
        except (click.ClickException, MainspringError) as error:
            if "--debug" in given:
                raise
            code = tell(error, as_json="--json" in given)
        sys.exit(code if isinstance(code, int) else OK)


def tell(error: click.ClickException | MainspringError, *, as_json: bool) -> int:
    """Says what went wrong, on stdout as JSON or on stderr in words; the exit code."""
    if isinstance(error, click.ClickException):
        if as_json:
            _print_json({"error": error.format_message(), "code": "USAGE"})
        else:
            error.show()
        return error.exit_code
    hint = hint_of(error)
    if as_json:
        _print_json({"error": error.message, "code": error.code, **({"hint": hint} if hint else {})})
    else:
        click.echo(f"Error: {error.message}", err=True)
        if hint:
            click.echo(f"Hint: {hint}", err=True)
    return exit_code_of(error)


def _print_json(value: dict[str, str]) -> None:
    import msgspec

    click.echo(msgspec.json.encode(value))


@click.group("mainspring", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mainspring")
@click.option("--debug", is_flag=True, help="Show the Python trace of an error.")
def command(debug: bool) -> None:
    """Run AI agents on your own machines: protocols in, durable streams out."""


def main() -> None:
    """The entry point."""
    command()
