"""Owns places in source text: where a node of a protocol file stands."""

from __future__ import annotations

from mainspring.model.values import Value


class Span(Value, frozen=True, kw_only=True):
    """A range in one file of an agent folder; lines and columns count from 1, `end` is exclusive."""

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1
