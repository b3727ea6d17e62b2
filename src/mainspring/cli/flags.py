"""Owns the flags that several commands share, and the settings as flags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from mainspring.settings import NAMES, Settings, default_of, help_of, load_settings, process_environment

Function = TypeVar("Function", bound=Callable[..., Any])

DEFAULT_URL: Final = "http://127.0.0.1:4747"

json_flag = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
config_flag = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of settings; `mainspring.toml` in this folder is read if it is there.",
)
input_flag = click.option(
    "--input",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="A value of the agent's input; repeatable. What is required and not given is asked for.",
)

message_flag = click.option(
    "-m", "--message", "messages", multiple=True, metavar="TEXT", help="Send this and end; repeatable."
)


def setting_flags(*names: str) -> Callable[[Function], Function]:
    """Adds a flag for each of the settings named."""

    def add(function: Function) -> Function:
        for name in reversed(names):
            option = click.option(_flag(name), name, default=None, metavar="VALUE", help=_help(name))
            function = option(function)
        return function

    return add


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _help(name: str) -> str:
    default = shown_default(name)
    return f"{help_of(name)} [default: {default}]" if default else help_of(name)


def shown_default(name: str) -> str:
    """The default of a setting as it is written; empty: none."""
    value = default_of(name)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset | tuple):
        return ""
    if isinstance(value, float):
        return _duration(value)
    return str(value)


def _duration(seconds: float) -> str:
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{int(seconds // length)}{unit}"
    return f"{seconds:g}s"


all_settings = setting_flags(*NAMES)


def server_flags(function: Function) -> Function:
    """Adds `--url` and `--key`."""
    key = click.option("--key", metavar="KEY", help="API key. [variable: MAINSPRING_KEY]")
    url = click.option(
        "--url",
        metavar="URL",
        help=f"Where the server is. [variable: MAINSPRING_URL; default: {DEFAULT_URL}]",
    )
    return url(key(function))


def settings_from(config: Path | None, **flags: object) -> Settings:
    """The settings in force for a command."""
    return load_settings(flags, process_environment(), file=config)


def server_from(url: str | None, key: str | None) -> tuple[str, str]:
    """Address and key of the server to talk to: the flag, else the variable."""
    environment = process_environment()
    return (
        url or environment.get("MAINSPRING_URL") or DEFAULT_URL,
        key or environment.get("MAINSPRING_KEY") or "",
    )
