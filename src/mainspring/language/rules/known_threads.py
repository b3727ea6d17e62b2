"""Owns the rule that a thread is begun before it is used; interactive agents have `main` from the start."""

from __future__ import annotations

from collections.abc import Iterable, Set

from mainspring.language.draft import MAIN
from mainspring.language.unit import Unit
from mainspring.model.program import AddMessage, Block, NextMessage, Program, SerializeThread, StartThread


def known_threads(unit: Unit, program: Program) -> None:
    """Complain about blocks in a thread that nothing begins; in a worker, that nothing has begun before."""
    everywhere = {MAIN} if program.format == "interactive" else set[str]()
    for blocks in program.handlers.values():
        everywhere |= _started(blocks)
    for trigger, blocks in program.handlers.items():
        for block in blocks:
            _check(unit, ("handlers", trigger), block, everywhere)
    for index, block in enumerate(program.steps):
        _check(unit, ("steps",), block, _started(program.steps[:index]))


def _started(blocks: Iterable[Block]) -> set[str]:
    return {block.thread for block in blocks if isinstance(block, StartThread)}


def _check(unit: Unit, home: tuple[str, ...], block: Block, known: Set[str]) -> None:
    if not isinstance(block, AddMessage | NextMessage | SerializeThread) or block.thread in known:
        return
    place = unit.at(*home, block.name, "thread")
    when = " before this step" if unit.format == "worker" else ""
    message = f"no `start-thread` begins the thread `{block.thread[:80]}`{when}"
    place.error("unknown-thread", message, allowed=sorted(known))
