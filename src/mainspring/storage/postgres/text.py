"""Owns how any string is written into a text column: PostgreSQL has no NUL in text, and no lone surrogate.

What it cannot hold is written as U+0001 and four hex digits, and so is U+0001 itself; everything else as it is. Text of
people and ids reads the same in `psql`, and the order of strings stays what it was.
"""

from __future__ import annotations

import re
from typing import overload

_UNFIT = re.compile("[\0\1\ud800-\udfff]")
_WRITTEN = re.compile("\1([0-9a-f]{4})")


@overload
def written(text: str) -> str: ...
@overload
def written(text: str | None) -> str | None: ...
def written(text: str | None) -> str | None:
    """A string as it is stored."""
    if text is None or not _UNFIT.search(text):
        return text
    return _UNFIT.sub(lambda found: f"\1{ord(found[0]):04x}", text)


def read(text: str) -> str:
    """A stored string as it was."""
    return text if "\1" not in text else _WRITTEN.sub(_unwritten, text)


def read_maybe(text: str | None) -> str | None:
    """As `read`, where there may be none."""
    return None if text is None else read(text)


def _unwritten(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))
