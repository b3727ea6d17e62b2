"""Owns every setting: its name, meaning, default, and where it is read from.

A setting is a command-line flag (`--session-lifetime`), an environment variable (`MAINSPRING_SESSION_LIFETIME`) and a
line of `mainspring.toml` (`session_lifetime = "24h"`); a flag wins over the variable, the variable over the file. Keys
and base addresses of model providers come from the environment alone (`ANTHROPIC_API_KEY`, `OPENAI_BASE_URL` ...).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast, get_args

from mainspring.model.errors import ErrorClass, InvalidRequest
from mainspring.runtime.failpoints import FailPoint, parse_points
from mainspring.runtime.files import TYPES
from mainspring.storage.addresses import is_foreign, shown
from mainspring.toolboxes.egress import networks
from mainspring.toolboxes.http_settings import HttpTools, parse_http_tools
from mainspring.toolboxes.mcp_settings import McpServer, parse_servers

PREFIX = "MAINSPRING_"
FILE = "mainspring.toml"

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"": 1, "B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}


class InvalidSetting(InvalidRequest):
    """A setting has a value that is not allowed, or there is no such setting."""

    code = "INVALID_SETTING"


def seconds(text: object) -> float:
    """`24h`, `30m`, `15s`, `250ms`, `7d` or a plain number of seconds."""
    matched = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?\s*", str(text))
    if matched is None:
        raise ValueError('a duration such as "24h", "30m", "15s" or "250ms"')
    return float(matched[1]) * _SECONDS[matched[2] or "s"]


def lifetime(text: object) -> float:
    """A duration above zero."""
    value = seconds(text)
    if value <= 0:
        raise ValueError('a duration above zero, such as "24h"')
    return value


def size(text: object) -> int:
    """`10MB`, `256KB` or a plain number of bytes."""
    matched = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]?B)?\s*", str(text), re.IGNORECASE)
    if matched is None:
        raise ValueError('a size such as "10MB", "256KB" or a number of bytes')
    return int(float(matched[1]) * _BYTES[(matched[2] or "").upper()])


def truth(text: object) -> bool:
    """`true`/`false`, `yes`/`no`, `on`/`off`, `1`/`0`."""
    word = str(text).strip().lower()
    if word in {"true", "yes", "on", "1"}:
        return True
    if word in {"false", "no", "off", "0"}:
        return False
    raise ValueError('"true" or "false"')


def whole(text: object) -> int:
    """A whole number."""
    if not re.fullmatch(r"\s*\d+\s*", str(text)):
        raise ValueError("a whole number")
    return int(str(text))


def at_least_one(text: object) -> int:
    """A whole number above 0."""
    number = whole(text)
    if number < 1:
        raise ValueError("a whole number above 0")
    return number


def words(text: object) -> frozenset[str]:
    """A list, or names separated by commas."""
    items = cast("list[object]", text) if isinstance(text, list) else str(text).split(",")
    return frozenset(str(item).strip() for item in items if str(item).strip())


def error_classes(text: object) -> frozenset[str]:
    """Names of error classes, a list or separated by commas."""
    known: tuple[str, ...] = get_args(ErrorClass)
    found = words(text)
    if not found <= set(known):
        raise ValueError("some of " + ", ".join(known))
    return found


def address_ranges(text: object) -> frozenset[str]:
    """IP addresses and networks, a list or separated by commas."""
    found = words(text)
    try:
        networks(found)
    except ValueError:
        raise ValueError('addresses and networks such as "10.0.0.0/8, 127.0.0.1"') from None
    return found


def text(value: object) -> str:
    """Any text."""
    return str(value)


def database_address(value: object) -> str:
    """The path of a SQLite file, or the address of a PostgreSQL database."""
    address = str(value)
    if is_foreign(address):
        raise ValueError("the path of a SQLite file, or postgresql://user:password@host/name")
    return address


def one_of(*allowed: str) -> Callable[[object], str]:
    """One of the given words."""

    def parse(value: object) -> str:
        word = str(value).strip()
        if word not in allowed:
            raise ValueError(" or ".join(f'"{name}"' for name in allowed))
        return word

    return parse


def _setting(default: Any, parse: Callable[[object], Any], help_text: str) -> Any:
    return field(default=default, metadata={"parse": parse, "help": help_text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of a server, checked."""

    host: str = _setting("127.0.0.1", text, "Address to listen on.")
    port: int = _setting(4747, whole, "Port to listen on; 0 picks a free one.")
    database: str = _setting(
        "./mainspring.db",
        database_address,
        "Where everything is kept: a SQLite file, or postgresql://user:password@host/name for many hosts.",
    )
    migrate: bool = _setting(
        False,
        truth,
        "Bring the schema of a PostgreSQL database up to date at start; else `mainspring migrate` does it.",
    )
    host_name: str = _setting(
        "", text, "What `mainspring hosts` calls this server; the machine's name if absent."
    )
    script: str = _setting(
        "", text, "YAML file that answers for models named scripted/...; for demos and tests."
    )
    tools: str = _setting("", text, "Python file whose functions run in this process, as tools.")
    tool_worker_lease: float = _setting(
        15.0, lifetime, "A connected worker that says nothing for that long is lost, with the calls it runs."
    )
    tool_worker_grace: float = _setting(
        60.0,
        seconds,
        "A call waits that long for a worker of its tool, and a tool for a worker to come back.",
    )
    tool_worker_names: frozenset[str] = _setting(
        frozenset(), words, "Tools that are connected workers' also while none is connected."
    )
    mcp_servers: tuple[tuple[str, McpServer], ...] = _setting(
        (),
        parse_servers,
        "MCP servers by namespace: a table for each, with `url` or `command`; as a flag or variable, JSON.",
    )
    mcp_pins: str = _setting(
        "./mainspring-mcp.json", text, "File that keeps which definition of each MCP tool was trusted."
    )
    http_tools: tuple[tuple[str, HttpTools], ...] = _setting(
        (),
        parse_http_tools,
        "Tools that are posted to an address: a table for each, with `url`, `secret`, `tools`; as a flag, JSON.",
    )
    egress_allow: frozenset[str] = _setting(
        frozenset(),
        address_ranges,
        "Addresses and networks beside the public internet that tools and MCP servers may be reached at.",
    )
    project: str = _setting("default", text, "Project that commands act on; keys and agents belong to one.")
    files: str = _setting(
        "",
        text,
        "Folder of uploaded files, which all hosts share; if absent, one beside the SQLite file, or none.",
    )
    max_file: int = _setting(10_000_000, size, "Largest file that may be uploaded.")
    file_types: frozenset[str] = _setting(
        TYPES, words, "Media types that may be uploaded; `*` stands for any end, as in image/*."
    )
    file_lifetime: float = _setting(
        86400.0, lifetime, "How long a download address works, and a file stays whose session is over."
    )
    public_url: str = _setting(
        "", text, "How clients reach this server, for addresses of files; else as each request was addressed."
    )
    session_lifetime: float = _setting(
        86400.0, lifetime, "A session expires after that long without activity."
    )
    delta_retention: float = _setting(
        3600.0, seconds, "Streamed pieces of settled answers are kept that long."
    )
    sweep_interval: float = _setting(
        30.0, seconds, "How often expired sessions and old deltas are looked for."
    )
    stop_on_disconnect: bool = _setting(
        True, truth, "A client that leaves the answer to its trigger stops the execution."
    )
    follow_latest: bool = _setting(
        False,
        truth,
        "Sessions go on under their agent's newest version; else they keep the one they began with.",
    )
    synchronous: str = _setting(
        "FULL", one_of("FULL", "NORMAL"), "How SQLite syncs: NORMAL may lose the last moments on power loss."
    )
    max_streams: int = _setting(1000, whole, "Streams served at once; more get 503 with Retry-After.")
    max_body: int = _setting(10_000_000, size, "Largest request body.")
    heartbeat: float = _setting(15.0, seconds, "A stream is never silent for longer.")
    write_timeout: float = _setting(60.0, seconds, "A reader that takes nothing for that long is cut off.")
    cors_origins: frozenset[str] = _setting(
        frozenset(), words, "Exact origins that browsers may call from; none: no cross-origin calls."
    )
    allowed_hosts: frozenset[str] = _setting(
        frozenset(),
        words,
        "Host names requests may be addressed to; none: any, on loopback only loopback names.",
    )
    graceful_timeout: float = _setting(
        10.0, seconds, "How long open streams may go on when the server is stopped."
    )
    connect_timeout: float = _setting(5.0, seconds, "How long connecting to a model provider may take.")
    first_byte_timeout: float = _setting(120.0, seconds, "How long a provider may take to begin its answer.")
    idle_timeout: float = _setting(120.0, seconds, "How long a provider may be silent within an answer.")
    total_timeout: float = _setting(1800.0, seconds, "How long one model call may take in all.")
    model_attempts: int = _setting(
        3, at_least_one, "How often one step asks for an answer in all, backup models included."
    )
    longest_wait: float = _setting(120.0, seconds, "A provider that asks to wait longer is not waited for.")
    backup_on: frozenset[str] = _setting(
        frozenset(),
        error_classes,
        "Further kinds of failure after which a backup model is asked: quota_exceeded, auth, content_filter ...",
    )
    log_level: str = _setting(
        "info", one_of("debug", "info", "warning", "error"), "What is logged to stderr."
    )


NAMES = tuple(entry.name for entry in fields(Settings))


def help_of(name: str) -> str:
    """What a setting means, in one sentence."""
    return str(_entry(name).metadata["help"])


def default_of(name: str) -> object:
    """The default of a setting."""
    return _entry(name).default


def _entry(name: str) -> Any:
    return next(entry for entry in fields(Settings) if entry.name == name)


def parse_setting(name: str, value: object, *, where: str) -> Any:
    """A checked value; raises `InvalidSetting` that names the place and what is allowed."""
    try:
        return _entry(name).metadata["parse"](value)
    except ValueError as error:
        told = shown(value) if isinstance(value, str) else value
        raise InvalidSetting(f"{where}: {told!r} is not allowed; it must be {error}") from None


def read_file(path: Path) -> dict[str, object]:
    """The settings of a TOML file, checked; raises `InvalidSetting` for unknown ones."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSetting(f"{path}: cannot be read: {error}") from None
    for name in content:
        if name not in NAMES:
            near = get_close_matches(name, NAMES, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise InvalidSetting(f"{path}: there is no setting {name!r}{hint}")
    return {name: parse_setting(name, value, where=f"{path}: {name}") for name, value in content.items()}


def process_environment() -> Mapping[str, str]:
    """The environment of this process: read here and nowhere else."""
    return os.environ


def fail_points(environment: Mapping[str, str]) -> tuple[FailPoint, ...]:
    """Where this process is to fail, for tests of what happens then (`MAINSPRING_FAILPOINTS`); else nowhere.

    Raises `InvalidSetting`.
    """
    variable = PREFIX + "FAILPOINTS"
    try:
        return parse_points(environment.get(variable, ""))
    except ValueError as error:
        raise InvalidSetting(
            f"{variable}: {environment[variable]!r} is not allowed; it must be {error}"
        ) from None


def load_settings(
    flags: Mapping[str, object], environment: Mapping[str, str], *, file: Path | None = None
) -> Settings:
    """The settings in force. `flags`: what was given on the command line (None: not given), by setting name.

    `file` None: `mainspring.toml` in the current folder, if it is there.
    """
    path = file or Path(FILE)
    values: dict[str, object] = read_file(path) if file is not None or path.is_file() else {}
    for name in NAMES:
        variable = PREFIX + name.upper()
        if variable in environment:
            values[name] = parse_setting(name, environment[variable], where=variable)
        if flags.get(name) is not None:
            flag = "--" + name.replace("_", "-")
            values[name] = parse_setting(name, flags[name], where=flag)
    return Settings(**values)  # type: ignore[arg-type]  # every value was parsed by its own setting
