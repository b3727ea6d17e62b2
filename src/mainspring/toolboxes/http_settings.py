"""Owns the settings of tools that are posted to an address: where, for whom, and the secret that signs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

import msgspec

from mainspring.model.values import Json
from mainspring.toolboxes.mcp_settings import fill, matches, seconds_of


class HttpTools(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tools of one address. `tools`: their names; `secret` signs what is posted, and names a variable, `${NAME}`.

    `agents`, `projects`: patterns of whose; empty: all. `timeout`: a duration; `max_result`: bytes of an answer.
    """

    url: str
    secret: str
    tools: tuple[str, ...]
    agents: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    timeout: str | float = 60.0
    max_result: int = 1_000_000

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).hostname:
            raise ValueError("`url` has to begin with https:// or http://")
        if not self.tools:
            raise ValueError("`tools` has to name some")
        if not self.secret:
            raise ValueError("`secret` must not be empty")
        if self.seconds <= 0 or self.max_result < 1:
            raise ValueError("times and sizes have to be above zero")

    @property
    def seconds(self) -> float:
        """How long an answer may take."""
        return seconds_of(self.timeout)

    def serves(self, project_id: str, agent: str) -> bool:
        """Whether they are an agent's."""
        return matches(project_id, self.projects) and matches(agent, self.agents)

    def filled(self, environment: Mapping[str, str]) -> HttpTools:
        """The same with the variables it names filled in; raises `ValueError` for one that is not set."""
        return msgspec.structs.replace(
            self,
            url=fill(self.url, environment),
            secret=fill(self.secret, environment),
            headers={name: fill(value, environment) for name, value in self.headers.items()},
        )


def parse_http_tools(value: object) -> tuple[tuple[str, HttpTools], ...]:
    """Addresses by name, of a table or its JSON; raises `ValueError` that says what is allowed."""
    if value in ((), ""):
        return ()
    try:
        table = json.loads(value) if isinstance(value, str) else value
        if not isinstance(table, dict):
            raise ValueError("it is no table")
        found = {
            name: msgspec.convert(entry, HttpTools) for name, entry in cast("dict[str, Json]", table).items()
        }
    except (msgspec.ValidationError, ValueError) as error:
        example = (
            '{"shop": {"url": "https://shop.example/tools", "secret": "${SHOP_SECRET}", "tools": ["refund"]}}'
        )
        raise ValueError(f"a table such as {example}: {error}") from None
    return tuple(found.items())
