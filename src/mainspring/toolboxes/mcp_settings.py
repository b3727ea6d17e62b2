"""Owns the settings of MCP servers: how each is reached, who may use it, and its bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final, Literal, cast
from urllib.parse import urlsplit

import msgspec

from mainspring.model.values import Json

OnChange = Literal["refuse", "accept"]
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_DURATION: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\s*")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class McpServer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server: `url` of a remote one, or `command` of a process that speaks over its standard streams.

    `headers`, `env` and `url` may name variables of the environment, `${NAME}`. `agents`, `projects`, `tools`: patterns
    of who may use it, and which of its tools; empty: all. `timeout`, `connect_timeout`: durations; `max_result`: bytes
    of one result. `on_change`: what becomes of a tool whose definition is no longer the one that was pinned.
    `protocol`: `auto`, `legacy` (with the `initialize` handshake), or a revision of the protocol.
    """

    url: str = ""
    command: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    env: dict[str, str] = {}
    cwd: str | None = None
    description: str = ""
    agents: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    timeout: str | float = 60.0
    connect_timeout: str | float = 10.0
    max_result: int = 256_000
    on_change: OnChange = "refuse"
    protocol: Literal["auto", "legacy", "2026-07-28"] = "auto"

    def __post_init__(self) -> None:
        if bool(self.url) == bool(self.command):
            raise ValueError("it needs either `url` or `command`")
        if self.url and urlsplit(self.url).scheme not in ("http", "https"):
            raise ValueError("`url` has to begin with https:// or http://")
        if self.url and (self.env or self.cwd is not None):
            raise ValueError("`env` and `cwd` stand only with `command`")
        if self.command and self.headers:
            raise ValueError("`headers` stands only with `url`")
        if min(self.seconds, self.connect_seconds) <= 0 or self.max_result < 1:
            raise ValueError("times and sizes have to be above zero")

    @property
    def source(self) -> Literal["remote", "device"]:
        """What a protocol calls a server that is reached like this."""
        return "remote" if self.url else "device"

    @property
    def seconds(self) -> float:
        """How long a call may take."""
        return seconds_of(self.timeout)

    @property
    def connect_seconds(self) -> float:
        """How long connecting may take, with the list of tools."""
        return seconds_of(self.connect_timeout)

    def serves(self, project_id: str, agent: str) -> bool:
        """Whether an agent may use it."""
        return matches(project_id, self.projects) and matches(agent, self.agents)

    def has(self, tool: str) -> bool:
        """Whether that tool of it may be used."""
        return matches(tool, self.tools)

    def filled(self, environment: Mapping[str, str]) -> McpServer:
        """The same with the variables it names filled in; raises `ValueError` for one that is not set."""
        return msgspec.structs.replace(
            self,
            url=fill(self.url, environment),
            headers={name: fill(value, environment) for name, value in self.headers.items()},
            env={name: fill(value, environment) for name, value in self.env.items()},
        )


def seconds_of(value: str | float) -> float:
    """The seconds of a duration such as `30s`, or a number of them; raises `ValueError`."""
    matched = _DURATION.fullmatch(str(value))
    if matched is None:
        raise ValueError(f'{value!r} is no duration such as "30s"')
    return float(matched[1]) * _SECONDS[matched[2] or "s"]


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name fits one of the patterns; without any, all do."""
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def fill(text: str, environment: Mapping[str, str]) -> str:
    """A text with its `${NAME}` filled in; raises `ValueError` for a variable that is not set."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in environment:
            raise ValueError(f"the variable {found[1]} is not set")
        return environment[found[1]]

    return _VARIABLE.sub(value, text)


def parse_servers(value: object) -> tuple[tuple[str, McpServer], ...]:
    """Servers by namespace, of a table or its JSON; raises `ValueError` that says what is allowed."""
    if value == ():
        return ()
    table = _table(value)
    found: dict[str, McpServer] = {}
    for name, entry in table.items():
        if _NAME.fullmatch(name) is None or name.startswith("octavus"):
            raise ValueError(f"tables by namespace, lowercase-with-dashes, and not {name!r}")
        try:
            found[name] = msgspec.convert(entry, McpServer)
        except (msgspec.ValidationError, ValueError) as error:
            raise ValueError(f"a table of MCP servers; {name}: {error}") from None
    return tuple(found.items())


def _table(value: object) -> dict[str, Json]:
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except ValueError:
            value = None
    if not isinstance(value, dict):
        raise ValueError('a table such as {"files": {"url": "https://files.example/mcp"}}')
    return cast("dict[str, Json]", value)
