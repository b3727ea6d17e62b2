"""Owns the reference pages of the command line and of the settings, written from what the program itself knows."""

from __future__ import annotations

from collections.abc import Iterator

import click

from mainspring.cli.exits import EXIT_CODES
from mainspring.cli.flags import shown_default
from mainspring.settings import FILE, NAMES, PREFIX, help_of

NOTE = "<!-- Made from the program itself; a test keeps it so. -->"


def cli_page(root: click.Group) -> str:
    """The page of every command, flag and exit code, as Markdown."""
    # A command keeps the help flags it is first asked for with: they have to be the real ones.
    context = click.Context(root, info_name="mainspring", **root.context_settings)
    lines = [
        "# Command line",
        "",
        NOTE,
        "",
        'Output is for people; `--json` makes it JSON, errors too: `{"error", "code"}`, maybe with `hint`. Colours',
        "appear on terminals only, and never when `NO_COLOR` is set. `--debug`, before the command, shows the Python",
        "trace of an error.",
        "",
        "Commands that talk to a server take its address and key from `--url` and `--key`, else from `MAINSPRING_URL`",
        "and `MAINSPRING_KEY`.",
        "",
        "| exit code | means |",
        "| --- | --- |",
        *(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()),
    ]
    for name in root.list_commands(context):
        found = root.get_command(context, name)
        if found is not None:
            lines += _command(found, click.Context(found, info_name=name, parent=context))
    return "\n".join(lines) + "\n"


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    """The section of a command, and of those below it."""
    yield from ("", f"## {context.command_path}", "")
    yield _text(command.help or "")
    yield from ("", "```", f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}", "```")
    flags = [flag for flag in command.params if isinstance(flag, click.Option)]
    rows = [record for flag in flags if (record := flag.get_help_record(context)) is not None]
    if rows:
        yield from ("", "| flag | |", "| --- | --- |")
        yield from (f"| `{_cell(flag)}` | {_cell(about)} |" for flag, about in rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _command(inner, click.Context(inner, info_name=name, parent=context))


def _text(help_text: str) -> str:
    return "\n\n".join(" ".join(block.split()) for block in help_text.split("\n\n"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def settings_page() -> str:
    """The page of every setting, as Markdown."""
    lines = [
        "# Settings",
        "",
        NOTE,
        "",
        f"Every setting of `mainspring serve` is a flag, a variable and a line of `{FILE}` in the current folder",
        "(or of the file that `--config` names). A flag wins over the variable, the variable over the file.",
        "",
        "Durations are written `250ms`, `15s`, `30m`, `24h`, `7d` or as seconds; sizes `256KB`, `10MB` or as bytes;",
        "lists with commas, in the file as a list.",
        "",
        f"| line of `{FILE}` | flag | variable | default | |",
        "| --- | --- | --- | --- | --- |",
        *map(_setting, NAMES),
        "",
        "Keys and addresses of model providers come from the environment alone: `ANTHROPIC_API_KEY`, `OPENAI_API_KEY`,",
        "`<PROVIDER>_API_KEY`, and `<PROVIDER>_BASE_URL` for servers that speak the same API elsewhere.",
    ]
    return "\n".join(lines) + "\n"


def _setting(name: str) -> str:
    flag = "--" + name.replace("_", "-")
    default = shown_default(name)
    shown = f"`{default}`" if default else "none"
    return f"| `{name}` | `{flag}` | `{PREFIX}{name.upper()}` | {shown} | {_cell(help_of(name))} |"
