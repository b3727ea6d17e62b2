"""Owns `mainspring serve`: the server on its socket, from start to a clean end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from mainspring.assembly import LOOPBACK_HOSTS, Mainspring, assemble, http_app, real_world
from mainspring.cli.exits import Refused
from mainspring.cli.flags import all_settings, config_flag, json_flag, settings_from
from mainspring.cli.key_store import opened_keys
from mainspring.cli.listening import listening_failed, url_of
from mainspring.runtime.keys import Keys
from mainspring.runtime.ports import KeyRecord
from mainspring.server.serving import Listening, loop_factory, serve
from mainspring.settings import Settings, process_environment
from mainspring.storage.addresses import shown

if TYPE_CHECKING:
    # Loaded where there is a file of tools: a server without one starts faster.
    from mainspring.cli.tool_file import ToolFile


@click.command("serve")
@all_settings
@config_flag
@json_flag
def command(config: Path | None, as_json: bool, **flags: object) -> None:
    """Serve agents over HTTP until SIGTERM or Ctrl-C; then open streams get time to end.

    Every setting is a flag, a variable MAINSPRING_<NAME> and a line of `mainspring.toml`; a flag wins over the
    variable, the variable over the file. Keys of model providers come from the environment alone.
    """
    settings = settings_from(config, **flags)
    log_to_stderr(settings.log_level)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run(settings, as_json=as_json))


def log_to_stderr(level: str) -> None:
    """Sends what is logged at `level` and above to stderr."""
    import logging

    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")


async def run(settings: Settings, *, as_json: bool) -> None:
    """Serves until a signal comes; raises `Refused` if it cannot or must not listen."""
    if settings.host not in LOOPBACK_HOSTS:
        await refuse_open_door(settings)
    tools = load_tools(settings)
    world = real_world(settings, process_environment())
    boxes = () if tools is None else (tools.box(),)
    mainspring = assemble(settings, replace(world, boxes=(*boxes, *world.boxes)))
    await mainspring.open()
    try:
        if tools is not None:
            await complain(mainspring, tools)
        keyless = not await has_live_key(mainspring.keys, settings.project, mainspring.world.clock.now())

        def told(host: str, port: int) -> None:
            announce(url_of(host, port), settings, as_json=as_json, keyless=keyless)

        await listen(mainspring, told)
    finally:
        await mainspring.close()


def load_tools(settings: Settings) -> ToolFile | None:
    """The file of tools of the settings; raises what loading it raises."""
    if not settings.tools:
        return None
    from mainspring.cli.tool_file import ToolFile

    return ToolFile(Path(settings.tools))


async def complain(mainspring: Mainspring, tools: ToolFile) -> None:
    """Says on stderr where published agents and the functions of the file do not agree."""
    from mainspring.cli.tool_agreement import disagreements

    project = mainspring.settings.project
    programs = [
        await mainspring.agents.program(project, record.id, record.version)
        for record in await mainspring.agents.list(project)
    ]
    for problem in disagreements(tools.tools, programs):
        click.echo(f"Warning: {tools.path.name}: {problem}", err=True)


async def listen(mainspring: Mainspring, told: Callable[[str, int], None]) -> None:
    """Takes requests until a signal comes."""
    settings = mainspring.settings
    listening = Listening(
        host=settings.host,
        port=settings.port,
        grace=settings.graceful_timeout,
        told=told,
    )
    with listening_failed(settings.host, settings.port):
        await serve(http_app(mainspring), listening)


async def refuse_open_door(settings: Settings) -> None:
    """Other machines may reach a server only once there is a key, so that nobody finds it half set up."""
    async with opened_keys(settings) as (keys, clock):
        if await has_live_key(keys, settings.project, clock.now()):
            return
    raise Refused(
        f"There is no API key yet, so the server does not listen on {settings.host}.",
        code="NO_KEY_YET",
        details={"hint": f"{make_key(settings)} makes one; or listen on 127.0.0.1."},
    )


async def has_live_key(keys: Keys, project: str, now: float) -> bool:
    """Whether some key of the project is neither revoked nor expired."""
    return any(_lives(key, now) for key in await keys.list(project))


def _lives(key: KeyRecord, now: float) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def announce(url: str, settings: Settings, *, as_json: bool, keyless: bool) -> None:
    """Says where it listens; on stderr, what is missing before it can be used."""
    if as_json:
        click.echo(msgspec.json.encode({"url": url, "pid": os.getpid()}))
        return
    click.echo(f"Mainspring listens on {url} (Ctrl-C stops it)")
    if keyless:
        click.echo(f"There is no API key yet: {make_key(settings)} makes one.", err=True)


def make_key(settings: Settings) -> str:
    """The command that makes a key for this server."""
    return f"`mainspring keys create --scope agents --scope sessions --database {shown(settings.database)}`"
