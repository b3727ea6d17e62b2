"""Owns the root of every value: frozen msgspec structs and the JSON type."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = Any
"""Any JSON value: None, bool, int, float, str, list or dict of these."""


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A frozen value; encoded in camelCase, members at their default are left out (never `null`)."""


def encode_json(value: object) -> bytes:
    """The compact UTF-8 JSON of a value."""
    return msgspec.json.encode(value)
