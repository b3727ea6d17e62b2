"""Owns asking a foreign JSON value what shape it has."""

from __future__ import annotations

from typing import TypeGuard

from mainspring.model.values import Json


def is_object(value: Json) -> TypeGuard[dict[str, Json]]:
    """Whether it is an object."""
    return isinstance(value, dict)


def is_list(value: Json) -> TypeGuard[list[Json]]:
    """Whether it is an array."""
    return isinstance(value, list)
