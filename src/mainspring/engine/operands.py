"""Owns the resolving of block inputs: a literal, or the value of a variable; what is unset is left out."""

from __future__ import annotations

from collections.abc import Mapping

from mainspring.model.program import Operand
from mainspring.model.values import Json


def resolve_operands(operands: Mapping[str, Operand], values: Mapping[str, Json]) -> dict[str, Json]:
    """The arguments of a tool or a worker."""
    resolved: dict[str, Json] = {}
    for name, operand in operands.items():
        if operand.variable is None:
            resolved[name] = operand.literal
        elif values.get(operand.variable) is not None:
            resolved[name] = values[operand.variable]
    return resolved
