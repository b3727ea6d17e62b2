"""Owns the proof that no session is left behind: what every release wrote opens here, and every conversation goes on.

`record.py` says how to add the next release.
"""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.e2e.http_client import Client
from tests.e2e.model_server import ModelServer
from tests.e2e.server_process import ServerProcess
from tests.journals import conversations
from tests.journals.conversations import GOES_ON, SETTINGS, Held

if TYPE_CHECKING:
    from tests.postgres.server import PostgresServer

pytestmark = pytest.mark.e2e

HERE = Path(__file__).parent
RECORDED: dict[tuple[str, str], dict[str, Any]] = {
    (told.parent.name, file): held
    for told in sorted(HERE.glob("*/sessions.json"))
    for file, held in json.loads(told.read_text()).items()
}
CASES = [(*place, name) for place, held in RECORDED.items() for name in held]


@pytest.fixture(scope="module", params=RECORDED, ids="-".join)
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A recording: its release, its file."""
    return request.param


@pytest.fixture(scope="module")
def client(
    request: pytest.FixtureRequest, place: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A client of today's server on a copy of what was recorded."""
    release, file = place
    folder = tmp_path_factory.mktemp(release)
    with ModelServer() as models:
        conversations.answers(models, None)
        server = ServerProcess(folder, models.base_url, **SETTINGS)
        if file.endswith(".sql"):
            postgres: PostgresServer = request.getfixturevalue("postgres_server")
            address = asyncio.run(postgres.create(bare=True))
            dump = postgres.folder / f"{release}.sql"
            shutil.copyfile(HERE / release / file, dump)
            postgres.run("psql", "--quiet", "-v", "ON_ERROR_STOP=1", "-f", str(dump), "-d", address)
            server.database = cast(Path, address)  # it is only written on command lines
            assert server.run("migrate", "--database", address).returncode == 0
        else:
            shutil.copyfile(HERE / release / file, server.database)
        key = server.create_key("agents", "sessions")
        yield Client(server.start().url, key)
        server.kill()
        assert models.wrong() == []


@pytest.mark.parametrize("name", GOES_ON)
def test_a_recorded_conversation_goes_on(client: Client, place: tuple[str, str], name: str) -> None:
    held = RECORDED[place].get(name)
    if held is None:
        assert place[0] == "schema-1", "only what is older than approvals may lack a conversation"
        assert name == "approval"
        return
    GOES_ON[name](client, Held(**held))


def test_every_release_is_recorded_on_both_stores() -> None:
    releases = {release for release, _ in RECORDED}
    assert {"schema-1", "v0.1"} <= releases
    for release in releases - {"schema-1"}:
        assert {file for of, file in RECORDED if of == release} == {"sqlite.database", "postgres.sql"}
        assert all(set(held) == set(GOES_ON) for (of, _), held in RECORDED.items() if of == release)
