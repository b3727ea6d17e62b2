"""Owns the media blocks: validated, refused to run on a server without media models."""

from __future__ import annotations

from mainspring.engine.turn import Turn, block_failure
from mainspring.model.program import GenerateMedia
from mainspring.model.session import Frame


def begin(turn: Turn, frame: Frame, block: GenerateMedia) -> bool:
    """Always fails: validation has said so before."""
    raise block_failure(
        f"block {block.name!r} of {turn.program(frame).slug}: this server does not run {block.kind}",
        error_type="protocol_error",
    )
