"""Owns what the tests of the command line stand on: a folder with an agent, a server, and a way to run commands."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mainspring.assembly import real_world
from mainspring.cli.commands.init import create
from mainspring.cli.dev_models import DevModels
from mainspring.cli.embedded import EmbeddedServer
from mainspring.cli.http import Api
from mainspring.cli.main import command
from mainspring.cli.script_file import read_script
from mainspring.settings import Settings

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `mainspring` in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str | Path, typed: str = "") -> Result:
        return CliRunner().invoke(command, [str(part) for part in arguments], input=typed)

    return invoke


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    """A folder with the template's agent, which answers at once."""
    folder = tmp_path / "shop-desk"
    create(folder, "shop-desk")
    script = folder / "script.yaml"
    script.write_text(script.read_text().replace("pace: 20", "pace: 0"))
    return folder


@pytest.fixture
def server(agent: Path) -> Iterator[EmbeddedServer]:
    """A server on a database in memory, whose models the agent's script plays."""
    settings = Settings(port=0, database=":memory:", graceful_timeout=0.1)
    world = real_world(settings, {})
    models = DevModels(world.completers, world.clock, read_script(agent / "script.yaml"))
    with EmbeddedServer(settings, replace(world, completers=models)) as running:
        yield running


@pytest.fixture
def api(server: EmbeddedServer) -> Iterator[Api]:
    with Api(server.url, server.key) as client:
        yield client


@pytest.fixture
def online(run: Run, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs commands that find the server by the variables."""
    monkeypatch.setenv("MAINSPRING_URL", server.url)
    monkeypatch.setenv("MAINSPRING_KEY", server.key)
    return run


def json_of(result: Result, code: int = 0) -> Any:
    """The one JSON document a command printed."""
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def lines_of(result: Result) -> list[Any]:
    """Every line of a command's output, as JSON."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]
