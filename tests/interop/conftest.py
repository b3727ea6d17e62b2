"""Owns the fixtures of the interop tests: one server, one provider, a Node.js that runs scenarios."""

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.agents import CHAT
from tests.e2e.desk import Desk
from tests.e2e.http_client import Client
from tests.e2e.model_server import ModelServer
from tests.e2e.server_process import ServerProcess
from tests.interop.leg_rules import complaints

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PATIENCE = 50


@dataclass(frozen=True)
class Played:
    """What a scenario came to: its result, and the streams as they went over the wire."""

    result: dict[str, Any]
    legs: list[dict[str, Any]] = field(repr=False)


@dataclass(frozen=True)
class Node:
    """A Node.js new enough for the packages."""

    program: str

    def run(self, script: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Runs a script to its end."""
        return subprocess.run(
            [self.program, str(script), *arguments],
            check=False,
            cwd=HERE,
            env={"PATH": os.environ["PATH"], "NO_COLOR": "1", **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def play(self, scenario: str, desk: Desk, **given: Any) -> Played:
        """Runs a scenario; every whole stream in it must keep the rules, every event the schemas."""
        given = {"url": desk.client.url, "key": desk.client.key, "agent": desk.agent} | given
        done = self.run(HERE / "scenarios" / f"{scenario}.mjs", json.dumps(given))
        assert done.returncode == 0, f"{done.stderr}\n{desk.server.log()[-2000:]}"
        played = Played(**json.loads(done.stdout))
        assert [leg["dropped"] for leg in played.legs if leg["dropped"]] == []
        assert complaints([leg for leg in played.legs if leg["ended"]]) == []
        return played


def node_program() -> str:
    """`MAINSPRING_TEST_NODE`, else the Node.js under `.tools`, else the one on the path."""
    chosen = os.environ.get("MAINSPRING_TEST_NODE")
    prepared = ROOT / ".tools" / "node" / "bin" / "node"
    program = chosen or (str(prepared) if prepared.exists() else shutil.which("node"))
    assert program, "no Node.js: `make test-interop` prepares one"
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    assert int(version.strip().removeprefix("v").split(".")[0]) >= 22, f"Node.js {version.strip()} is too old"
    return program


@pytest.fixture(scope="session")
def node() -> Node:
    """A Node.js with the packages installed."""
    assert (HERE / "node_modules" / "@octavus" / "core").is_dir(), "`make test-interop` installs the packages"
    return Node(node_program())


@pytest.fixture(scope="session")
def shared_models() -> Iterator[ModelServer]:
    """One strict provider for all."""
    with ModelServer() as server:
        yield server


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, shared_models: ModelServer) -> Iterator[ServerProcess]:
    """One server for all, on a file of its own."""
    server = ServerProcess(tmp_path_factory.mktemp("interop"), shared_models.base_url)
    for scopes in (("agents", "sessions"), ("agents",), ("tokens",)):
        server.create_key(*scopes)
    server.start()
    yield server
    assert server.stop() == 0, server.log()


SLUGS = itertools.count(1)


@pytest.fixture
def make_desk(shared: ServerProcess, shared_models: ModelServer) -> Callable[..., Desk]:
    """Publishes an agent of a protocol, with a slug and a model name nobody else has."""

    def make(protocol: str = CHAT, version: str | None = None) -> Desk:
        client = Client(shared.url, shared.keys["agents", "sessions"], version)
        return Desk.publish(shared, shared_models, client, (f"interop-{next(SLUGS)}", protocol))

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk], shared_models: ModelServer) -> Iterator[Desk]:
    """The agent `CHAT`; the test fails if the provider refused any request of it."""
    desk = make_desk()
    yield desk
    assert [wrong for asked in desk.asked() for wrong in asked.wrong] == []
