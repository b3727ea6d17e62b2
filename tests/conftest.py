"""Owns what every test stands on: markers by folder, a closed network, a clean environment, golden files."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres.fixtures import bare_postgres, postgres, postgres_server

__all__ = ["bare_postgres", "postgres", "postgres_server"]

TESTS = Path(__file__).resolve().parent
REWRITE_GOLDEN = os.environ.get("MAINSPRING_GOLDEN") == "write"

MARKER_OF_FOLDER = {
    "e2e": "e2e",
    "interop": "interop",
    "ledger": "e2e",
    "model_e2e": "model",
    "packaging": "e2e",
    "postgres": "postgres",
}
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::ffff:127.")
KEPT = ("MAINSPRING_TEST_",)
SECRETS_OF_THE_PERSON = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY")

# In CI the same examples every time: what is new there is the change, not the luck.
settings.register_profile(
    "mainspring", deadline=None, print_blob=True, derandomize=os.environ.get("CI") == "true"
)
settings.load_profile("mainspring")


class OutsideNetworkError(RuntimeError):
    """A test reached for an address that is not on this machine."""


def is_local(host: object) -> bool:
    """Whether `host` (a name, an address or None, as sockets take them) is this machine."""
    if isinstance(host, bytes):
        host = host.decode()
    return host is None or (isinstance(host, str) and (host == "" or host.startswith(LOOPBACK)))


def refuse_outside(event: str, args: tuple[object, ...]) -> None:
    """An audit hook: raise when a socket connects to, or looks up, anything but this machine."""
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    if not is_local(host):
        raise OutsideNetworkError(f"tests stay on this machine, and this one wanted {host!r}")


def pytest_configure() -> None:
    sys.addaudithook(refuse_outside)
    for name in list(os.environ):
        if name in SECRETS_OF_THE_PERSON or (name.startswith("MAINSPRING_") and not name.startswith(KEPT)):
            del os.environ[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        if marker := MARKER_OF_FOLDER.get(folder):
            item.add_marker(marker)
    if REWRITE_GOLDEN:
        idle = [item for item in items if "golden" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=idle)
        items[:] = [item for item in items if item not in set(idle)]


@pytest.fixture(scope="session")
def golden() -> Callable[[Path, str], None]:
    """Compares a text with the golden file at a path; `make golden` writes it instead."""

    def check(path: Path, actual: str) -> None:
        if REWRITE_GOLDEN:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual)
        assert path.is_file(), f"{path} is not there: `make golden` writes it"
        assert actual == path.read_text(), f"{path.name} changed: `make golden`, then read the diff"

    return check
