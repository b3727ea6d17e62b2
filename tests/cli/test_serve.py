"""`serve` in this process: what it says, and what it refuses."""

import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from mainspring.cli.commands import serve
from tests.cli.conftest import Run, json_of

ANYWHERE = "0.0.0.0"


@pytest.fixture
def ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is told to end as soon as it has said where it listens."""
    say = serve.announce

    def announce(*told: Any, **how: Any) -> None:
        say(*told, **how)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(serve, "announce", announce)


@pytest.mark.usefixtures("ends_at_once")
def test_it_says_where_it_listens_and_ends_with_the_signal(run: Run) -> None:
    shown = run("serve", "--port", "0")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("Mainspring listens on http://127.0.0.1:")
    assert "keys create --scope agents --scope sessions --database ./mainspring.db` makes one" in shown.stderr
    run("keys", "create", "--scope", "admin")
    assert "API key" not in run("serve", "--port", "0").output


@pytest.mark.usefixtures("ends_at_once")
def test_it_says_so_in_json(run: Run) -> None:
    said = json_of(run("serve", "--port", "0", "--json"))
    assert set(said) == {"url", "pid"}


@pytest.mark.usefixtures("ends_at_once")
def test_other_machines_may_come_once_there_is_a_key(run: Run) -> None:
    refused = json_of(run("serve", "--host", ANYWHERE, "--port", "0", "--json"), 1)
    assert refused["code"] == "NO_KEY_YET"
    run("keys", "create", "--scope", "admin", "--expires", "0s")
    assert run("serve", "--host", ANYWHERE, "--port", "0").exit_code == 1
    run("keys", "create", "--scope", "admin")
    assert run("serve", "--host", ANYWHERE, "--port", "0").exit_code == 0


def test_an_address_that_cannot_be_used(run: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        taken = run("serve", "--port", str(port))
    assert taken.exit_code == 1
    assert f"Port {port} on 127.0.0.1 is taken.\nHint: --port 0 picks a free one." in taken.stderr


def test_a_script_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    refused = run("serve", "--port", "0", "--script", "nowhere.yaml")
    assert refused.exit_code == 2
    assert "--script nowhere.yaml" in refused.stderr
    assert list(tmp_path.iterdir()) == []
