"""Owns how a number of bytes is written for people."""

from __future__ import annotations

_UNITS = ("kB", "MB", "GB", "TB")
_STEP = 1000


def bytes_in_words(count: int) -> str:
    """`0 B`, `999 B`, `1.2 kB`, `34.5 MB`: units of 1,000."""
    if count < _STEP:
        return f"{count} B"
    size, units = count / _STEP, list(_UNITS)
    while size >= _STEP and len(units) > 1:
        size /= _STEP
        del units[0]
    return f"{size:.1f} {units[0]}"
