"""Owns connecting a command to a server: an address and a key, or a clear word about what is missing."""

from __future__ import annotations

from mainspring.cli.exits import NoKey
from mainspring.cli.http import Api


def connect(url: str, key: str) -> Api:
    """The API of a server; raises `NoKey` before anything is asked of it."""
    if not key:
        raise NoKey("No API key: give one by --key or MAINSPRING_KEY.")
    return Api(url, key)
