"""Owns the fixtures of the SDK's tests: a server, and both kinds of client."""

from collections.abc import Iterator

import pytest

from tests.client.callers import CALLERS, PATIENCE, URL, Caller
from tests.client.office import Office, Wire
from tests.client.play import Play


@pytest.fixture
def office() -> Iterator[Office]:
    """A server in the same process, in a thread of its own."""
    with Office() as opened:
        yield opened


@pytest.fixture(params=CALLERS)
def caller(office: Office, request: pytest.FixtureRequest) -> Iterator[Caller]:
    """The sync client, then the async one."""
    made = CALLERS[request.param](URL, office.desk.client.key, patience=PATIENCE, wire=Wire(office))
    yield made
    made.close()


@pytest.fixture
def play(office: Office, caller: Caller) -> Play:
    """A server with the support agent, and a client."""
    return Play.open(office, caller)
