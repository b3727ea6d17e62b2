"""Owns lists of blocks: `handlers` of triggers, and the `steps` of a worker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace as replace_place

from msgspec.structs import replace

from mainspring.language.blocks.table import BLOCKS
from mainspring.language.conventions import complete_user_message
from mainspring.language.draft import COMMON, Draft
from mainspring.language.places import Place, Section
from mainspring.language.scope import Scope
from mainspring.language.syntax import ScalarNode
from mainspring.language.unit import Unit
from mainspring.model.program import Block

_BY_DEFAULT = "next-message"


def read_handlers(unit: Unit, root: Section) -> dict[str, tuple[Block, ...]]:
    """The handlers by trigger, completed by convention."""
    found: dict[str, tuple[Block, ...]] = {}
    for name, place in root.members("handlers"):
        scope = Scope(unit, unit.triggers.get(name))
        found[name] = _numbered(read_blocks(place, unit, scope))
    user_message = complete_user_message(unit, found)
    return {**found, **{name: _numbered(blocks) for name, blocks in user_message.items()}}


def read_steps(unit: Unit, root: Section) -> tuple[Block, ...]:
    """The steps of a worker."""
    place = root.need("steps")
    if place is None:
        return ()
    if not place.members() and isinstance(place.value, dict):
        place.error("empty-value", "`steps` has no blocks")
    return _numbered(read_blocks(place, unit, Scope(unit)))


def read_blocks(place: Place, unit: Unit, scope: Scope) -> list[Block]:
    """The blocks of a list in order; blocks that are wrong are complained about and left out."""
    found: list[Block] = []
    for name, at in place.members():
        block = _read_block(name, at, unit, scope)
        if block is not None:
            found.append(block)
    return found


def _read_block(name: str, place: Place, unit: Unit, scope: Scope) -> Block | None:
    section = _section(name, place)
    written = None if section is None else section.need("block")
    kind_name = None if written is None else written.text()
    if section is None or written is None or kind_name is None:
        return None
    kind = BLOCKS.get(kind_name)
    if kind is None:
        written.error("unknown-block", f"there is no block `{kind_name[:80]}`", allowed=tuple(BLOCKS))
        return None
    if not name.strip():
        place.error("bad-name", "a block needs a name")
    section.refuse_unknown((*COMMON, *kind.members))
    return kind.read(Draft(name, section, unit, scope))


def _section(name: str, place: Place) -> Section | None:
    """The members of a block; `Respond: next-message` and `Respond:` are short for blocks without members."""
    if isinstance(place.node, ScalarNode) and isinstance(place.node.value, str):
        return Section(place, {"block": replace_place(place, path=(*place.path, "block"))})
    if place.is_null:
        kind = name if name in BLOCKS else _BY_DEFAULT
        node = ScalarNode(value=kind, span=place.span)
        return Section(place, {"block": Place(node, (*place.path, "block"), place.report)})
    members = place.members()
    return Section(place, dict(members)) if members or isinstance(place.value, dict) else None


def _numbered(blocks: Iterable[Block]) -> tuple[Block, ...]:
    return tuple(replace(block, index=index) for index, block in enumerate(blocks))
