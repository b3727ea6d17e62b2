"""Importing the SDK costs a customer's program little: none of the server's packages, no framework, no database."""

import subprocess
import sys

import pytest

OWN = {"client", "model"}
HEAVY = (
    "starlette",
    "uvicorn",
    "apsw",
    "asyncpg",
    "aiohttp",
    "yaml",
    "click",
    "rich",
    "jwt",
    "opentelemetry",
    "django",
)


def loaded(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after a statement."""
    script = f"{statement}; import sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.e2e
def test_the_sdk_loads_nothing_but_itself() -> None:
    modules = loaded("import mainspring.client, mainspring.client.onward")
    assert {name.split(".")[1] for name in modules if name.startswith("mainspring.")} == OWN
    assert [name for name in HEAVY if name in modules] == []
    assert {"httpx2", "msgspec"} <= modules
