"""Owns `mainspring serve`: the server on its socket, from start to a clean end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import click
import msgspec

from mainspring.assembly import assemble, http_app, real_world
from mainspring.server.serving import Listening, loop_factory, serve
from mainspring.settings import NAMES, Settings, default_of, help_of, load_settings, process_environment


def setting_flags(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds a flag for every setting."""
    for name in reversed(NAMES):
        shown = default_of(name)
        option = click.option(
            "--" + name.replace("_", "-"), name, default=None, help=f"{help_of(name)} [default: {shown!s}]"
        )
        function = option(function)
    return function


@click.command("serve")
@setting_flags
@click.option("--json", "as_json", is_flag=True, help="Print where it listens as one line of JSON.")
def command(as_json: bool, **flags: object) -> None:
    """Serve agents over HTTP."""
    settings = load_settings(flags, process_environment())
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run(settings, as_json=as_json))


async def run(settings: Settings, *, as_json: bool) -> None:
    """Serves until a signal comes."""

    def told(host: str, port: int) -> None:
        url = f"http://{host}:{port}"
        line = (
            msgspec.json.encode({"url": url, "pid": os.getpid()}).decode()
            if as_json
            else f"Listening on {url}"
        )
        click.echo(line)

    mainspring = assemble(settings, real_world(settings, process_environment()))
    await mainspring.open()
    try:
        listening = Listening(
            host=settings.host, port=settings.port, grace=settings.graceful_timeout, told=told
        )
        await serve(http_app(mainspring), listening)
    finally:
        await mainspring.close()
