"""Owns the warning about `speed: fast` on a model that has no fast mode."""

from __future__ import annotations

import re

from mainspring.language.syntax import Path
from mainspring.language.unit import Unit
from mainspring.language.walk import threads_of
from mainspring.model.program import Program, ThreadConfig

# Opus 4.6 up to 5, with or without a provider in front and a date behind.
_FAST = re.compile(r"(?:.*/)?(?:anthropic[./])?claude-opus-(?:4[.-][6-9]|5)(?:[.@:-].*)?")


def fast_models(unit: Unit, program: Program) -> None:
    """Warn where both the speed and the model are written, and the model will ignore it."""
    for path, config in threads_of(program):
        _check(unit, path, config)


def _check(unit: Unit, path: Path, config: ThreadConfig) -> None:
    speed, model = config.speed, config.model
    if speed is None or speed.literal != "fast" or model is None or not isinstance(model.literal, str):
        return
    if not _FAST.fullmatch(model.literal):
        message = f"`{model.literal}` has no fast mode: `speed` has no effect"
        unit.at(*path, "speed").warn("speed-not-supported", message)
