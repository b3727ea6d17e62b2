"""Owns going through a program: every block and every thread's settings, with the path where it is written."""

from __future__ import annotations

from collections.abc import Iterator

from mainspring.language.syntax import Path
from mainspring.model.program import Block, Program, StartThread, ThreadConfig


def blocks_of(program: Program) -> Iterator[tuple[Path, Block]]:
    """Every block of every handler, and the steps of a worker."""
    for trigger, blocks in program.handlers.items():
        for block in blocks:
            yield ("handlers", trigger, block.name), block
    for block in program.steps:
        yield ("steps", block.name), block


def threads_of(program: Program) -> Iterator[tuple[Path, ThreadConfig]]:
    """The settings of the agent and of every thread that a block begins."""
    if program.agent is not None:
        yield ("agent",), program.agent
    for path, block in blocks_of(program):
        if isinstance(block, StartThread):
            yield path, block.config
