"""The command as a process: serving, signals, keys beside a server, the demo; how fast it starts."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainspring.cli.http import Api
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.e2e

HEAVY = ("httpx2", "rich", "watchfiles", "aiohttp", "uvicorn")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path, "http://127.0.0.1:9")
    yield process
    if process.process is not None:
        process.kill()


def test_serving_begins_and_ends_cleanly(server: ServerProcess) -> None:
    server.start()
    assert server.process is not None
    with Api(server.url, "") as api:
        assert api.get("/health") == {"status": "ok"}
    assert server.stop() == 0
    server.start()
    assert server.end(signal.SIGINT, 20) == 0
    assert "Traceback" not in server.log()


def test_keys_made_and_revoked_beside_a_server_count_at_once(server: ServerProcess) -> None:
    server.start()
    database = ("--database", str(server.database), "--json")
    made = json.loads(server.run("keys", "create", "--scope", "sessions", *database).stdout)
    reached = ("sessions", "list", "--url", server.url, "--key", made["key"])
    assert server.run(*reached).stdout == "There are no sessions.\n"
    assert server.run("sync", str(server.folder), *reached[2:]).returncode == 1
    assert server.run("keys", "revoke", made["id"], *database).returncode == 0
    refused = server.run(*reached)
    assert refused.returncode == 4
    assert refused.stderr.startswith("Error: ")


def test_a_server_without_keys_stays_on_this_machine(server: ServerProcess) -> None:
    arguments = ("serve", "--host", "0.0.0.0", "--port", "0", "--database", str(server.database))
    refused = server.run(*arguments)
    assert refused.returncode == 1
    assert "There is no API key yet, so the server does not listen on 0.0.0.0." in refused.stderr
    assert "keys create" in refused.stderr
    key = json.loads(
        server.run("keys", "create", "--scope", "admin", "--database", str(server.database), "--json").stdout
    )
    server.run("keys", "revoke", key["id"], "--database", str(server.database))
    assert server.run(*arguments).returncode == 1


def test_a_taken_port_and_a_driven_database_are_told_in_a_line(server: ServerProcess) -> None:
    server.start()
    port = ("--port", str(server.port))
    taken = server.run("serve", *port, "--database", str(server.folder / "other.db"))
    assert (taken.returncode, taken.stderr.splitlines()[0]) == (
        1,
        f"Error: Port {server.port} on 127.0.0.1 is taken.",
    )
    driven = server.run("serve", "--port", "0", "--database", str(server.database))
    assert driven.returncode == 1
    assert f"process {server.process and server.process.pid} already drives this database" in driven.stderr
    assert "Traceback" not in taken.stderr + driven.stderr
    elsewhere = server.run("serve", "--port", "0", "--host", "no.such.host.invalid", "--json")
    assert elsewhere.returncode == 1


def test_the_demo_runs_by_itself(server: ServerProcess) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        server.environment.pop(name)
    done = server.run("demo")
    assert done.returncode == 0, done.stderr
    assert "You are on the Team plan, Ada" in done.stdout
    assert list(server.folder.iterdir()) == []


def test_dev_ends_with_its_input_and_on_sigterm(server: ServerProcess) -> None:
    server.run("init", "desk")
    command = [sys.executable, "-m", "mainspring", "dev", "desk", "--port", "0", "--no-chat", "--json"]
    process = subprocess.Popen(
        command,
        cwd=server.folder,
        env=server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = server.first_line(process)
    assert said is not None
    with Api(said["url"], said["key"]) as api:
        assert api.get("/api/agents")["agents"][0]["slug"] == "desk"
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize("command", [("--version",), ("--help",), ("keys", "--help")])
def test_what_is_not_used_is_not_loaded(server: ServerProcess, command: tuple[str, ...]) -> None:
    environment = {**server.environment, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "mainspring", *command],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "click" in loaded
    assert not loaded.intersection(HEAVY)


def test_a_server_loads_no_client(server: ServerProcess) -> None:
    server.environment["PYTHONPROFILEIMPORTTIME"] = "1"
    server.start()
    loaded = {line.rpartition("|")[2].strip() for line in server.log().splitlines()}
    assert "uvicorn" in loaded
    assert not loaded.intersection({"httpx2", "rich", "aiohttp"})
