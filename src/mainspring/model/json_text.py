"""Owns finding the JSON in what a model wrote: many put a fence of code around it."""

from __future__ import annotations

import re

_FENCE = re.compile(r"```\w*\n(.*)\n\s*```", re.DOTALL)


def bare_json(text: str) -> str:
    """The text without a fence of code around the whole of it."""
    bare = text.strip()
    fenced = _FENCE.fullmatch(bare)
    return bare if fenced is None else fenced[1]
