"""Owns the refusal of what is part of the language but does not run on this server."""

from __future__ import annotations

from mainspring.language.syntax import Path
from mainspring.language.threads import MEDIA_MODELS
from mainspring.language.unit import Unit
from mainspring.language.walk import blocks_of, threads_of
from mainspring.model.program import GenerateMedia, Program, ThreadConfig

_DECLARED = ("skills", "onDemandSkills")
_SERVERS = ("mcpServers", "onDemandMcpServers")


def unsupported(unit: Unit, program: Program) -> None:
    """An error where something would have to run; a warning where it is declared and nothing uses it."""
    used: set[str] = set()
    for path, config in threads_of(program):
        used |= _check_thread(unit, path, config)
    for path, block in blocks_of(program):
        if isinstance(block, GenerateMedia):
            _check_media(unit, path, block)
    for key in _DECLARED:
        place = unit.written(key)
        if place is not None and not place.is_null and key not in used:
            place.warn(
                "not-run", f"`{key}` is accepted, but nothing uses it and this server would not run it"
            )
    for key in _SERVERS:
        place = unit.written(key)
        if place is not None and not place.is_null and key not in used:
            place.warn("unused-servers", f"nothing uses `{key}`: list them in `agent` or in a thread")


def _check_thread(unit: Unit, path: Path, config: ThreadConfig) -> set[str]:
    used: set[str] = set()
    if config.options.get("skills"):
        used.add("skills")
        _refuse(unit, (*path, "skills"), "skills do not run on this server")
    used.update(key for key in _SERVERS if config.options.get(key))
    for key in MEDIA_MODELS:
        if key in config.options:
            _refuse(unit, (*path, key), "media models do not run on this server")
    if config.options.get("webSearch") is True:
        _refuse(unit, (*path, "webSearch"), "this server does not search the web itself")
    for key in ("tools", "skills"):
        place = unit.written(*path, "anthropic", key)
        if place is not None and place.value:
            _refuse(unit, (*path, "anthropic", key), f"the {key} of Anthropic do not run on this server")
    return used


def _check_media(unit: Unit, path: Path, block: GenerateMedia) -> None:
    message = f"`block: {block.kind}` is not supported: media blocks do not run on this server"
    unit.at(*path, "block").error("unsupported", message, hint=f"remove the block `{block.name}`")


def _refuse(unit: Unit, path: Path, why: str) -> None:
    key = "anthropic." + str(path[-1]) if "anthropic" in path else path[-1]
    unit.at(*path).error("unsupported", f"`{key}` is not supported: {why}", hint=f"remove `{key}`")
