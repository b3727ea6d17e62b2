"""Owns how a client is set up: address, key, patience; from arguments, else from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx2

from mainspring import __version__
from mainspring.client.machine import Machine
from mainspring.client.retries import Retries

URL: Final = "MAINSPRING_URL"
KEY: Final = "MAINSPRING_KEY"
DEFAULT_URL: Final = "http://127.0.0.1:4747"
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
SHAPE: Final = "4"
"""The newest version of the wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the SDK waits, in seconds, and how often it tries again.

    `connect`: for a connection; `answer`: for an answer to begin; `silence`: for the next byte of a stream, which
    says at least every 15 seconds that it is alive. `retries`: of a request; `reconnects`: of a stream that brings
    nothing new in between.
    """

    connect: float = 5.0
    answer: float = 60.0
    silence: float = 45.0
    retries: int = 3
    reconnects: int = 10

    @property
    def attempts(self) -> Retries:
        """How often is tried again."""
        return Retries(requests=self.retries, streams=self.reconnects)

    @property
    def whole(self) -> httpx2.Timeout:
        """For a request whose answer comes at once."""
        return httpx2.Timeout(self.answer, connect=self.connect)

    @property
    def stream(self) -> httpx2.Timeout:
        """For one whose answer streams."""
        return httpx2.Timeout(self.answer, connect=self.connect, read=self.silence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Where the server is, with which key, and how patiently it is asked."""

    url: str
    headers: dict[str, str]
    trust_env: bool
    patience: Patience
    machine: Machine


def configure(
    url: str | None, key: str | None, patience: Patience | None, machine: Machine | None
) -> Configuration:
    """The configuration of a client. Raises `ValueError` for what is no HTTP address."""
    machine = machine or Machine()
    address = (url or machine.environment(URL) or DEFAULT_URL).rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{address!r} is not an address such as {DEFAULT_URL}")
    headers = {
        "user-agent": f"mainspring-python/{__version__}",
        "content-type": "application/json",
        "x-octavus-sdk-version": SHAPE,
    }
    secret = key or machine.environment(KEY)
    if secret:
        headers["authorization"] = f"Bearer {secret}"
    return Configuration(
        url=address,
        headers=headers,
        # A proxy of the environment is for the world outside, never for this machine.
        trust_env=parts.hostname not in LOOPBACK,
        patience=patience or Patience(),
        machine=machine,
    )
