"""Owns reading what an MCP server lists: names that providers take, bounded texts, and the digest that pins a tool."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from mainspring.model.json_shape import is_list, is_object
from mainspring.model.program import Tool
from mainspring.model.served import SEPARATOR
from mainspring.model.values import Json, Value
from mainspring.toolboxes.mcp_peer import ListedTool

log = logging.getLogger("mainspring.mcp")
MOST_TOOLS: Final = 512
LONGEST_DESCRIPTION: Final = 4096
LARGEST_SCHEMA: Final = 64_000
LONGEST_NAME: Final = 64
_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]")
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")


class NamedTool(Value, frozen=True, kw_only=True):
    """A tool of a server: `name` is its own, `tool` what models see of it, `digest` what it was read from."""

    name: str
    tool: Tool
    digest: str


def read_tools(namespace: str, listed: Iterable[ListedTool]) -> list[NamedTool]:
    """The tools of a server as models may see them; what cannot be offered is left out, with a warning."""
    found: dict[str, NamedTool] = {}
    for entry in listed:
        if len(found) == MOST_TOOLS:
            log.warning("MCP server %s: only its first %d tools are offered", namespace, MOST_TOOLS)
            break
        named = _read(namespace, entry)
        if named is None or named.tool.name in found:
            log.warning("MCP server %s: the tool %.80r cannot be offered", namespace, entry.name)
            continue
        found[named.tool.name] = named
    return list(found.values())


def _read(namespace: str, entry: ListedTool) -> NamedTool | None:
    if not entry.name or len(_canonical(entry.schema)) > LARGEST_SCHEMA:
        return None
    tool = Tool(
        name=full_name(namespace, entry.name),
        description=plain(entry.description, LONGEST_DESCRIPTION),
        schema=_plain_texts(entry.schema),
    )
    return NamedTool(name=entry.name, tool=tool, digest=digest_of(entry))


def full_name(namespace: str, name: str) -> str:
    """`namespace__tool`, of letters that every provider takes; what is too long ends with a digest."""
    full = namespace + SEPARATOR + _UNFIT.sub("_", name)
    if len(full) <= LONGEST_NAME:
        return full
    mark = hashlib.sha256(f"{namespace}\0{name}".encode()).hexdigest()[:8]
    return f"{full[: LONGEST_NAME - 9]}_{mark}"


def digest_of(entry: ListedTool) -> str:
    """What a tool is pinned by: SHA-256 over its name, description and schema, as the server sent them."""
    text = _canonical({"name": entry.name, "description": entry.description, "schema": entry.schema})
    return "sha256:" + hashlib.sha256(text).hexdigest()


def _canonical(value: Json) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


def plain(text: str, most: int) -> str:
    """A text that hides nothing: without terminal escapes, control and invisible characters, and bounded."""
    seen = _ESCAPES.sub("", text)
    shown = "".join(letter for letter in seen if letter in "\n\t" or _is_visible(letter))
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _is_visible(letter: str) -> bool:
    return (letter.isascii() and letter.isprintable()) or unicodedata.category(letter) not in _HIDDEN


_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _plain_texts(schema: dict[str, Json]) -> dict[str, Json]:
    """A schema whose descriptions hide nothing."""
    found: dict[str, Json] = {}
    for key, value in schema.items():
        if key in ("description", "title") and isinstance(value, str):
            found[key] = plain(value, LONGEST_DESCRIPTION)
        else:
            found[key] = _plain_value(value)
    return found


def _plain_value(value: Json) -> Json:
    if is_object(value):
        return _plain_texts(value)
    return [_plain_value(item) for item in value] if is_list(value) else value
