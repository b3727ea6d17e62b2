"""Owns the pins of MCP tools: a file that says which definition of each tool was trusted.

A server is trusted as it is first seen. Later a tool is the same as long as its digest is; the file keeps the
definitions too, so that people can read what was trusted, and hosts know the tools of a server before they connect.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from mainspring.model.values import Json, Value
from mainspring.toolboxes.mcp_peer import ListedTool
from mainspring.toolboxes.mcp_tools import digest_of

log = logging.getLogger("mainspring.mcp")
VERSION: Final = 1


class Pin(Value, frozen=True, kw_only=True):
    """A tool as it was trusted."""

    digest: str
    description: str = ""
    schema: dict[str, Json] = {}

    def listed(self, name: str) -> ListedTool:
        """The tool again."""
        return ListedTool(name=name, description=self.description, schema=self.schema)


class Differences(Value, frozen=True, kw_only=True):
    """How what a server lists differs from what was trusted; names of tools."""

    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.removed)

    def __str__(self) -> str:
        told = (("changed", self.changed), ("new", self.added), ("gone", self.removed))
        return "; ".join(f"{word}: {', '.join(names)}" for word, names in told if names)


class _File(Value, frozen=True, kw_only=True):
    version: int = VERSION
    servers: dict[str, dict[str, Pin]] = {}


class InvalidPins(Exception):
    """The file of pins cannot be read; the text names it and says why."""


class Pins:
    """The pins of all servers. `path` None: in memory alone. Raises `InvalidPins`."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._servers = _read(path)

    def known(self, server: str) -> dict[str, Pin] | None:
        """The trusted tools of a server by their own names; None: it was never seen."""
        return self._servers.get(server)

    def differences(self, server: str, listed: Iterable[ListedTool]) -> Differences:
        """What is not as it was trusted; nothing, for a server that was never seen."""
        pins = self._servers.get(server)
        if pins is None:
            return Differences()
        now = {tool.name: digest_of(tool) for tool in listed}
        return Differences(
            changed=tuple(name for name in now if name in pins and pins[name].digest != now[name]),
            added=tuple(name for name in now if name not in pins),
            removed=tuple(name for name in pins if name not in now),
        )

    def trust(self, server: str, listed: Iterable[ListedTool]) -> None:
        """Trusts the tools of a server as they are now; a file that cannot be written is no reason to fail."""
        self._servers[server] = {
            tool.name: Pin(digest=digest_of(tool), description=tool.description, schema=tool.schema)
            for tool in listed
        }
        if self._path is None:
            return
        file = _File(servers=dict(sorted(self._servers.items())))
        text = json.dumps(msgspec.to_builtins(file, str_keys=True), indent=2, sort_keys=True) + "\n"
        beside = self._path.with_name(self._path.name + ".new")
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            log.warning("the pins of MCP tools cannot be kept: %s", error)


def _read(path: Path | None) -> dict[str, dict[str, Pin]]:
    if path is None or not path.exists():
        return {}
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError) as error:
        raise InvalidPins(f"{path}: the pins of MCP tools cannot be read: {error}") from None
    if file.version != VERSION:
        raise InvalidPins(f"{path}: the pins of MCP tools are of version {file.version}, not {VERSION}")
    return {server: dict(pins) for server, pins in file.servers.items()}
